// Credentials in Secrets Manager are rotated, expire and are revoked while messages flow: nothing is lost, nothing is
// doubled, nothing is deployed anew, and who was rotated out is let in nowhere any more.
import { setTimeout as sleep } from "node:timers/promises";
import { credsAuthenticator } from "@nats-io/transport-node";
import { describe, expect, test } from "vitest";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { type Bridge, type Line, startBridge } from "../support/bridge-process.ts";
import { bridgeSettings } from "../support/bridge-settings.ts";
import { operate, type Operator } from "../support/jetstream.ts";
import { startLambda } from "../support/lambda-process.ts";
import { makeAccount } from "../support/nats-accounts.ts";
import { findNatsServer, type RunningServer, startNatsServer } from "../support/nats-server.ts";
import { type LocalSecrets, startSecrets } from "../support/secrets-manager.ts";
import { type LocalSqs, startSqs } from "../support/sqs.ts";

const binary = (await findNatsServer()).path;

interface Place extends AsyncDisposable {
  readonly server: RunningServer;
  readonly operator: Operator;
  readonly sqs: LocalSqs;
  readonly secrets: LocalSecrets;
  readonly queueUrl: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Stores the current value of the secret. */
  put(value: string | object): void;
  /** Publishes a few messages at a time until it is told to stop; answers with how many there were. */
  flow(): { stop(): Promise<number> };
}

async function place(config: string, as: Readonly<Record<string, unknown>>): Promise<Place> {
  const [server, sqs, secrets] = await Promise.all([
    startNatsServer({ binary, config }),
    startSqs(),
    startSecrets(),
  ]);
  const operator = await operate(server.url, as);
  await operator.stream("S");
  const queueUrl = await sqs.createQueue("S");
  const arn = secrets.put("nats/bridge", "");
  return {
    server,
    operator,
    sqs,
    secrets,
    queueUrl,
    environment: {
      ...bridgeSettings(server.url, sqs, "S", queueUrl),
      ...secrets.environment,
      NATS_SECRET_ARN: arn,
      // What is under way while the connection changes must not come back by itself.
      JETSTREAM_ACK_WAIT: "10s",
      NATS_TIMEOUT: "2s",
    },
    put: (value) =>
      void secrets.put("nats/bridge", typeof value === "string" ? value : JSON.stringify(value)),
    flow() {
      const over = new AbortController();
      const published = (async () => {
        let count = 0;
        for (; !over.signal.aborted; count += 20) {
          await operator.publish("S.a", 20, count + 1);
          await sleep(10);
        }
        return count;
      })();
      // Of a test that has failed already.
      published.catch(() => undefined);
      return {
        stop() {
          over.abort();
          return published;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await operator.close();
      await Promise.all([server.stop(), sqs.stop(), secrets.stop()]);
    },
  };
}

/** Each of so many messages is in the queue, once. */
async function arrivedOnce({ queueUrl, sqs }: Place, count: number): Promise<void> {
  const bodies = (await sqs.receiveAll(queueUrl, { expected: count })).map(({ body }) => body);
  expect(bodies).toHaveLength(count);
  expect(new Set(bodies).size).toBe(count);
  expect(await sqs.count(queueUrl)).toBe(0);
}

function stops(bridge: Bridge): readonly Receipt[] {
  return bridge.receipts().filter(({ stop }) => stop !== null);
}

/** How often it has begun to run. */
function runs(bridge: Bridge): number {
  return bridge.lines.filter(({ event }) => event === "running").length;
}

const untilRuns = (bridge: Bridge, count: number): Promise<Line> =>
  bridge.waitFor(() => runs(bridge) >= count);

const OPERATOR = { user: "operator", pass: "operator" };
const byPassword = (password: string): string =>
  `authorization { users: [{ user: operator, password: operator }, { user: bridge, password: "${password}" }] }`;
const byCreds = (creds: string): Readonly<Record<string, unknown>> => ({
  authenticator: credsAuthenticator(new TextEncoder().encode(creds)),
});

describe("while messages flow", () => {
  test.concurrent("a password is changed, three times, and the old one is refused at once", async () => {
    await using here = await place(byPassword("password-0"), OPERATOR);
    here.put({ user: "bridge", password: "password-0" });
    await using bridge = startBridge(here.environment);
    const flow = here.flow();
    for (const number of [1, 2, 3]) {
      await untilRuns(bridge, number);
      here.put({ user: "bridge", password: `password-${number}` });
      await here.server.reload(byPassword(`password-${number}`));
    }
    await untilRuns(bridge, 4);
    const count = await flow.stop();
    await arrivedOnce(here, count);
    expect(await bridge.stop()).toBe(0);
    expect(stops(bridge).map(({ stop }) => stop)).toEqual([
      "broken",
      "broken",
      "broken",
      "deadline",
    ]);
    expect(stops(bridge).reduce((sum, { acked }) => sum + acked, 0)).toBe(count);
    expect(stops(bridge).map(({ unconfirmed }) => unconfirmed)).toEqual([0, 0, 0, 0]);
    expect(here.secrets.calls).toHaveLength(4);
    const said = JSON.stringify(bridge.lines) + bridge.stderr();
    for (const number of [0, 1, 2, 3]) expect(said).not.toContain(`password-${number}`);
  });

  test.concurrent("a JWT expires every few seconds: each run ends before that, all settled", async () => {
    const account = makeAccount();
    await using here = await place(account.config, byCreds(account.creds));
    here.put(account.userFor(3).creds);
    await using bridge = startBridge(here.environment);
    const flow = here.flow();
    const rotation = setInterval(() => here.put(account.userFor(3).creds), 500);
    await untilRuns(bridge, 3).finally(() => clearInterval(rotation));
    await arrivedOnce(here, await flow.stop());
    expect(await bridge.stop()).toBe(0);
    const ended = stops(bridge);
    expect(new Set(ended.map(({ stop }) => stop))).toEqual(new Set(["deadline"]));
    for (const receipt of ended.slice(0, -1)) {
      expect(receipt).toMatchObject({
        reason: "other credentials have taken its place",
        unconfirmed: 0,
        held: 0,
      });
    }
  });

  test.concurrent("a user is revoked: the run goes on at once as another", async () => {
    const account = makeAccount();
    const first = account.userFor(3600);
    await using here = await place(account.config, byCreds(account.creds));
    here.put(first.creds);
    await using bridge = startBridge(here.environment);
    const flow = here.flow();
    await untilRuns(bridge, 1);
    here.put({ creds: account.userFor(3600).creds });
    await here.server.reload(account.configWithout(first));
    await untilRuns(bridge, 2);
    await arrivedOnce(here, await flow.stop());
    expect(await bridge.stop()).toBe(0);
    const [broken, last] = stops(bridge);
    expect(broken).toMatchObject({
      stop: "broken",
      unconfirmed: 0,
      reason: expect.stringMatching(/revoked|violation/i),
    });
    expect(last).toMatchObject({ stop: "deadline" });
    expect(here.secrets.calls).toHaveLength(2);
  });
});

describe("a JWT that expires", () => {
  test.concurrent("is used on while Secrets Manager is away, which is told once", async () => {
    const account = makeAccount();
    await using here = await place(account.config, byCreds(account.creds));
    here.put(account.userFor(6).creds);
    await using bridge = startBridge(here.environment);
    const flow = here.flow();
    await untilRuns(bridge, 1);
    here.secrets.fail({ status: 503, code: "ServiceUnavailable" });
    const told = await bridge.waitFor("secret-not-read");
    expect(told).toMatchObject({ level: "warn", reason: expect.stringContaining("HTTP 503") });
    expect(stops(bridge)).toEqual([]);
    here.put(account.creds);
    here.secrets.fail(undefined);
    await untilRuns(bridge, 2);
    await arrivedOnce(here, await flow.stop());
    expect(await bridge.stop()).toBe(0);
    expect(bridge.lines.filter(({ event }) => event === "secret-not-read")).toHaveLength(1);
    expect(stops(bridge).map(({ stop }) => stop)).toEqual(["deadline", "deadline"]);
  });

  test.concurrent("and has no successor ends the run; the next one goes on once there is one", async () => {
    const account = makeAccount();
    await using here = await place(account.config, byCreds(account.creds));
    here.put(account.userFor(4).creds);
    await using bridge = startBridge(here.environment);
    const flow = here.flow();
    await untilRuns(bridge, 1);
    const refused = await bridge.waitFor((line) => line["stop"] === "unavailable");
    expect(refused["reason"]).toMatch(/; check the secret arn:\S+, whose JWT expired at 20/);
    expect(stops(bridge)[0]).toMatchObject({ stop: "broken" });
    here.put(account.creds);
    await untilRuns(bridge, 2);
    await arrivedOnce(here, await flow.stop());
    expect(await bridge.stop()).toBe(0);
  });

  test.concurrent("in the middle of an invocation is replaced there", async () => {
    const account = makeAccount();
    await using here = await place(account.config, byCreds(account.creds));
    await here.operator.consumer("S", "bridge", { ack_wait: 10e9 });
    here.put(account.userFor(3).creds);
    const flow = here.flow();
    const lambda = startLambda(
      "functions/forward.lambda.ts",
      { ...here.environment, IDLE_TIMEOUT: "1s" },
      20_000,
    );
    const rotation = setInterval(() => here.put(account.userFor(3).creds), 500);
    await sleep(4500);
    const count = await flow.stop();
    const { invocations, stdout } = await lambda.ended.finally(() => clearInterval(rotation));
    expect(invocations).toMatchObject([{ receipt: { stop: "idle" } }]);
    expect(stdout).toMatch(/"stop":"deadline".*"reason":"other credentials have taken its place"/);
    await arrivedOnce(here, count);
  });
});
