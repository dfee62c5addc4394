// Credentials in Secrets Manager are rotated, expire and are revoked while messages flow: nothing is lost, nothing is
// doubled, nothing is deployed anew, and who was rotated out is let in nowhere any more.
import { setTimeout as sleep } from "node:timers/promises";
import { credsAuthenticator } from "@nats-io/transport-node";
import { describe, expect, test, vi } from "vitest";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { type Bridge, type Line, startBridge } from "../support/bridge-process.ts";
import { bridgeSettings } from "../support/bridge-settings.ts";
import { operate, type Operator } from "../support/jetstream.ts";
import { startLambda } from "../support/lambda-process.ts";
import { GROUPS } from "../support/parts.ts";
import { makeAccount } from "../support/nats-accounts.ts";
import { findNatsServer, type RunningServer, startNatsServer } from "../support/nats-server.ts";
import { type LocalSecrets, startSecrets } from "../support/secrets-manager.ts";
import { type LocalSqs, startSqs } from "../support/sqs.ts";

const binary = (await findNatsServer()).path;

/** Messages published together. */
const AT_ONCE = 10;

interface Place extends AsyncDisposable {
  readonly server: RunningServer;
  readonly operator: Operator;
  readonly sqs: LocalSqs;
  readonly secrets: LocalSecrets;
  readonly queueUrl: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The value of the secret from now on. */
  put(value: string): void;
  /** The same, made when it is asked for the first time: a JWT's life begins then. */
  putWhenAsked(make: () => string): void;
  /** Publishes a few messages at a time until it is told to stop; answers with how many there were. */
  flow(): { stop(): Promise<number> };
}

async function place(
  config: string,
  as: Readonly<Record<string, unknown>>,
  queue = "S",
): Promise<Place> {
  const [server, sqs, secrets] = await Promise.all([
    startNatsServer({ binary, config }),
    startSqs(),
    startSecrets(),
  ]);
  const operator = await operate(server.url, as);
  await operator.stream("S");
  const queueUrl = await sqs.createQueue(queue);
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
    put: (value) => void secrets.put("nats/bridge", value),
    putWhenAsked(make) {
      let made: string | undefined;
      secrets.put("nats/bridge", () => (made ??= make()));
    },
    flow() {
      const over = new AbortController();
      const published = (async () => {
        let count = 0;
        for (; !over.signal.aborted; count += AT_ONCE) {
          await operator.publish((number) => `S.${number % GROUPS}`, AT_ONCE, count + 1);
          await sleep(25);
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

/** Each of so many messages is in the queue, once; in a FIFO queue, in the order of its group. */
async function arrivedOnce({ queueUrl, sqs }: Place, count: number): Promise<void> {
  const received = await sqs.receiveAll(queueUrl, { expected: count });
  const bodies = received.map(({ body }) => body);
  const last = new Map<string, number>();
  for (const { body, group } of received) {
    if (group === undefined) continue;
    expect(Number(body)).toBeGreaterThan(last.get(group) ?? 0);
    last.set(group, Number(body));
  }
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

const WAIT = { timeout: 45_000, interval: 20 };

const OPERATOR = { user: "operator", pass: "operator" };
const byPassword = (password: string): string =>
  `authorization { users: [{ user: operator, password: operator }, { user: bridge, password: "${password}" }] }`;
const byCreds = (creds: string): Readonly<Record<string, unknown>> => ({
  authenticator: credsAuthenticator(new TextEncoder().encode(creds)),
});

/** Long enough for the last fifth of it to suffice on a machine that is busy. */
const LIFE_S = 16;

describe("the service goes on when", () => {
  test.concurrent("a password is changed three times while messages flow, and the old ones are refused", async () => {
    await using here = await place(byPassword("password-0"), OPERATOR);
    here.put(JSON.stringify({ user: "bridge", password: "password-0" }));
    await using bridge = startBridge(here.environment);
    const flow = here.flow();
    for (const number of [1, 2, 3]) {
      await untilRuns(bridge, number);
      here.put(JSON.stringify({ user: "bridge", password: `password-${number}` }));
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
    const before = { user: "bridge", pass: "password-2", reconnect: false };
    await expect(operate(here.server.url, before)).rejects.toThrow(/Authorization Violation/);
    const said = JSON.stringify(bridge.lines) + bridge.stderr();
    for (const number of [0, 1, 2, 3]) expect(said).not.toContain(`password-${number}`);
  });

  test.concurrent.each(["S", "S.fifo"])(
    "a JWT is replaced while messages flow to %s, before it expires and with all settled",
    async (queue) => {
      const account = makeAccount();
      await using here = await place(account.config, byCreds(account.creds), queue);
      here.putWhenAsked(() => account.userFor(LIFE_S).creds);
      await using bridge = startBridge(here.environment);
      const flow = here.flow();
      await untilRuns(bridge, 1);
      const expired = sleep(LIFE_S * 1000);
      here.put(account.creds);
      await untilRuns(bridge, 2);
      await expired;
      await arrivedOnce(here, await flow.stop());
      expect(await bridge.stop()).toBe(0);
      const reason = "other credentials have taken its place";
      expect(stops(bridge)).toMatchObject([
        { stop: "deadline", reason, unconfirmed: 0, held: 0 },
        { stop: "deadline", unconfirmed: 0, held: 0 },
      ]);
      expect(here.secrets.calls).toHaveLength(2);
    },
  );

  test.concurrent("a user is revoked while nothing flows, at once as another", async () => {
    const account = makeAccount();
    const first = account.userFor(3600);
    await using here = await place(account.config, byCreds(account.creds));
    here.put(first.creds);
    await using bridge = startBridge(here.environment);
    await here.operator.publish("S.a", AT_ONCE);
    await bridge.waitFor(({ event, ...line }) => event === "receipt" && line["acked"] === AT_ONCE);
    here.put(JSON.stringify({ creds: account.userFor(3600).creds }));
    await here.server.reload(account.configWithout(first));
    // Without a supervisor's pause, which comes after a run that cannot say this.
    await bridge.waitFor("credentials-renewed");
    await here.operator.publish("S.a", AT_ONCE, AT_ONCE + 1);
    await arrivedOnce(here, 2 * AT_ONCE);
    expect(await bridge.stop()).toBe(0);
    expect(stops(bridge)).toMatchObject([
      { stop: "broken", unconfirmed: 0, reason: expect.stringMatching(/revoked/i) },
      { stop: "deadline" },
    ]);
    expect(here.secrets.calls).toHaveLength(2);
  });
});

describe("a JWT that expires", () => {
  test.concurrent("is used on while Secrets Manager is away, which is told once", async () => {
    const account = makeAccount();
    await using here = await place(account.config, byCreds(account.creds));
    here.putWhenAsked(() => account.userFor(LIFE_S).creds);
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
    expect(stops(bridge)).toHaveLength(2);
  });

  test.concurrent("and has no successor ends the run; the next one goes on once there is one", async () => {
    const account = makeAccount();
    await using here = await place(account.config, byCreds(account.creds));
    here.putWhenAsked(() => account.userFor(4).creds);
    await using bridge = startBridge({ ...here.environment, JETSTREAM_ACK_WAIT: "2s" });
    const flow = here.flow();
    const refused = await bridge.waitFor((line) => line["stop"] === "unavailable");
    expect(refused["reason"]).toMatch(/; check the secret arn:\S+, whose JWT expired at 20/);
    here.put(account.creds);
    const count = await flow.stop();
    await vi.waitFor(async () => {
      const { num_ack_pending, num_pending } = await here.operator.info("S", "bridge");
      expect([num_pending, num_ack_pending]).toEqual([0, 0]);
    }, WAIT);
    expect(await bridge.stop()).toBe(0);
    // What the server could not confirm any more may have come twice; nothing else, and nothing is lost.
    const bodies = (await here.sqs.receiveAll(here.queueUrl)).map(({ body }) => body);
    expect(new Set(bodies).size).toBe(count);
    const unconfirmed = stops(bridge).reduce((sum, one) => sum + one.unconfirmed, 0);
    expect(bodies.length - count).toBeLessThanOrEqual(unconfirmed);
  });

  test.concurrent("in the middle of an invocation is replaced there", async () => {
    const account = makeAccount();
    await using here = await place(account.config, byCreds(account.creds));
    await here.operator.consumer("S", "bridge", { ack_wait: 10e9 });
    here.putWhenAsked(() => account.userFor(LIFE_S).creds);
    const flow = here.flow();
    const lambda = startLambda(
      "functions/forward.lambda.ts",
      { ...here.environment, IDLE_TIMEOUT: "1s" },
      30_000,
    );
    await vi.waitFor(() => expect(here.secrets.calls).toHaveLength(1), WAIT);
    here.put(account.creds);
    await vi.waitFor(() => expect(here.secrets.calls).toHaveLength(2), WAIT);
    const count = await flow.stop();
    const { invocations, stdout } = await lambda.ended;
    expect(invocations).toMatchObject([{ receipt: { stop: "idle" } }]);
    expect(stdout).toMatch(/"stop":"deadline".*"reason":"other credentials have taken its place"/);
    await arrivedOnce(here, count);
  });
});
