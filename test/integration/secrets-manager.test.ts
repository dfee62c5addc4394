// Credentials that are kept in Secrets Manager: every form of them, one call for many connections, and their rotation
// while messages flow. What of them must never be told is looked for in everything that is said here.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { loginOf } from "../../functions/bridge/login.ts";
import { dialer } from "../../functions/bridge/source/connection.ts";
import { startBridge } from "../support/bridge-process.ts";
import { bridgeSettings, readiness } from "../support/bridge-settings.ts";
import {
  account,
  nkeySeed,
  PASSWORD,
  type Servers,
  startServers,
  TOKEN,
} from "../support/credential-servers.ts";
import { localQueue } from "../support/dead-letters.ts";
import { openSource, operate } from "../support/jetstream.ts";
import { invoke } from "../support/lambda-process.ts";
import { findNatsServer } from "../support/nats-server.ts";
import { runCommand } from "../support/operator-command.ts";
import { burials, receiptOf } from "../support/redrive.ts";
import { type LocalSecrets, type SecretFault, startSecrets } from "../support/secrets-manager.ts";
import { type LocalSqs, startSqs } from "../support/sqs.ts";

let servers: Servers;
let sqs: LocalSqs;

beforeAll(async () => {
  [servers, sqs] = await Promise.all([startServers((await findNatsServer()).path), startSqs()]);
});
afterAll(async () => {
  await Promise.all(Object.values(servers ?? {}).map((server) => server.stop()));
  await sqs?.stop();
});

const user = { user: "bridge", password: PASSWORD };

function tellsNothing(said: string): void {
  for (const secret of [account.jwt, account.seed, nkeySeed, PASSWORD, TOKEN]) {
    for (const form of [secret, JSON.stringify(secret).slice(1, -1), secret.slice(0, 12)])
      expect(said).not.toContain(form);
  }
}

describe("a secret", () => {
  let secrets: LocalSecrets;

  beforeAll(async () => {
    secrets = await startSecrets();
    for (const [name, value] of Object.entries(secrets.environment)) vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await secrets?.stop();
  });

  const forms: readonly [string, keyof Servers, string | Uint8Array][] = [
    ["the text of a .creds file", "accounts", account.creds],
    ["the same with CRLF", "accounts", account.creds.replaceAll("\n", "\r\n")],
    ["the same with escaped newlines", "accounts", account.creds.replaceAll("\n", "\\n")],
    ["the same as bytes", "accounts", new TextEncoder().encode(account.creds)],
    ["JSON with creds", "accounts", JSON.stringify({ creds: account.creds })],
    ["an nkey seed", "users", `${nkeySeed}\n`],
    ["JSON with an nkey seed", "users", JSON.stringify({ nkey: nkeySeed })],
    ["JSON with user and password", "users", JSON.stringify(user)],
    ["JSON with username", "users", JSON.stringify({ username: "bridge", password: PASSWORD })],
    ["JSON with a token", "token", JSON.stringify({ token: TOKEN })],
    ["JSON as bytes", "token", new TextEncoder().encode(JSON.stringify({ token: TOKEN }))],
  ];
  function login(
    server: keyof Servers,
    secretArn: string,
  ): { readonly open: () => ReturnType<typeof openSource>; readonly learned: readonly string[] } {
    const learned: string[] = [];
    const learn = (more: readonly string[]): void => void learned.push(...more);
    const ports = { observe: (): void => undefined, learn };
    const dial = dialer(
      {
        servers: [`127.0.0.1:${servers[server].port}`],
        credentials: {},
        inboxPrefix: "_INBOX",
        timeoutMs: 2000,
        name: "test",
      },
      loginOf({ credentials: {}, secretArn }, ports).identities,
    );
    const durable = `c${Math.random().toString(36).slice(2)}`;
    const open = (): ReturnType<typeof openSource> =>
      openSource(servers[server].url, "S", durable, { options: { dial } });
    return { open, learned };
  }
  const callsFor = (arn: string): LocalSecrets["calls"] =>
    secrets.calls.filter(({ secretId }) => secretId === arn);

  test.concurrent.each(forms)("can be %s", async (name, server, value) => {
    // Without its random suffix, as a stack names a secret that it does not make.
    const arn = secrets.put(name.replaceAll(/\W/g, "-"), value).slice(0, -7);
    const { learned, open } = login(server, arn);
    const { source: first } = await open();
    expect((await first.pull({ batch: 3, waitMs: 500, maxBytes: 0 })).held).toHaveLength(3);
    await first.close();
    const { source: second } = await open();
    await second.close();
    expect(callsFor(arn)).toEqual([
      { action: "GetSecretValue", secretId: arn, region: "eu-central-1" },
    ]);
    expect(learned.length).toBeGreaterThan(0);
  });

  test.concurrent("that NATS refuses is read once more, and the connection made with what is there now", async () => {
    const arn = secrets.put("rotated", JSON.stringify({ user: "bridge", password: "wrong" }));
    const { open } = login("users", arn);
    const refused = /Authorization Violation'?; check the secret arn:/;
    await expect(open()).rejects.toThrow(refused);
    expect(callsFor(arn)).toHaveLength(2);
    await expect(open()).rejects.toThrow(refused);
    expect(callsFor(arn)).toHaveLength(3);
    secrets.put("rotated", JSON.stringify(user));
    await (await open()).source.close();
    expect(callsFor(arn)).toHaveLength(4);
    await (await open()).source.close();
    expect(callsFor(arn)).toHaveLength(4);
  });
});

/** A bridge from `S` of this server, with a consumer and a queue of its own. */
async function settings(
  server: keyof Servers,
  secrets: LocalSecrets,
  secretArn: string,
): Promise<Record<string, string>> {
  const id = Math.random().toString(36).slice(2);
  return {
    ...bridgeSettings(servers[server].url, sqs, "S", await sqs.createQueue(id)),
    ...secrets.environment,
    JETSTREAM_CONSUMER: id,
    NATS_SECRET_ARN: secretArn,
    LOG_LEVEL: "debug",
  };
}

const DENIED = { status: 400, code: "AccessDeniedException" };
const THROTTLED = { status: 400, code: "ThrottlingException" };

describe("the service", () => {
  const faults: readonly [string, string, RegExp][] = [
    [
      "with credentials that NATS refuses",
      JSON.stringify({ token: "wrong-token" }),
      /Authorization Violation'?; check the secret arn:/,
    ],
    [
      "of another form",
      PASSWORD,
      /: given text that is none of what it may be, expected the text of a \.creds file/,
    ],
    [
      "with a key that is unknown",
      JSON.stringify({ ...user, pass: PASSWORD }),
      /: given JSON with pass, expected no other keys than creds, /,
    ],
    [
      "with a seed that is damaged",
      account.creds.replace(account.seed, nkeySeed.slice(0, -1)),
      /: given an nkey that is no user's seed, expected 58 letters/,
    ],
  ];
  test.concurrent.each(faults)(
    "given a secret %s lives on and says so",
    async (name, value, words) => {
      await using secrets = await startSecrets();
      const arn = secrets.put(name.replaceAll(" ", "-"), value);
      const environment = await settings("users", secrets, arn);
      await using bridge = startBridge(environment);
      const receipt = await bridge.waitFor("receipt");
      expect(receipt).toMatchObject({ stop: "unavailable", pulled: 0 });
      expect(receipt["reason"]).toMatch(words);
      expect(receipt["reason"]).toContain(arn);
      expect(await readiness(bridge)).toMatchObject({ status: 503 });
      secrets.put(name.replaceAll(" ", "-"), JSON.stringify(user));
      expect(await sqs.receiveAll(environment["SQS_QUEUE_URL"]!, { expected: 3 })).toHaveLength(3);
      tellsNothing([JSON.stringify(bridge.lines), bridge.stderr()].join());
    },
  );

  const refusals: readonly [string, SecretFault, RegExp][] = [
    [
      "is denied",
      DENIED,
      /AccessDeniedException: .*; the role needs secretsmanager:GetSecretValue/,
    ],
    ["is throttled", THROTTLED, /: cannot be read: ThrottlingException: /],
    ["gets no answer", "reset", /: cannot be read: .*(ECONNRESET|socket hang up)/],
  ];
  test.concurrent.each(refusals)(
    "that %s lives on as unavailable, and goes on later",
    async (name, fault, words) => {
      await using secrets = await startSecrets();
      const arn = secrets.put("nats/bridge", JSON.stringify(user));
      secrets.fail(fault);
      const environment = await settings("users", secrets, arn);
      await using bridge = startBridge(environment);
      const receipt = await bridge.waitFor("receipt");
      expect([name, receipt]).toMatchObject([name, { stop: "unavailable", pulled: 0 }]);
      expect(receipt["reason"]).toMatch(words);
      secrets.fail(undefined);
      expect(await sqs.receiveAll(environment["SQS_QUEUE_URL"]!, { expected: 3 })).toHaveLength(3);
      expect(await bridge.stop()).toBe(0);
    },
  );
});

describe("a function", () => {
  test.concurrent("asks once for many wakes", async () => {
    await using secrets = await startSecrets();
    const arn = secrets.put("nats/bridge", JSON.stringify(user));
    const environment = {
      ...(await settings("users", secrets, arn)),
      IDLE_TIMEOUT: "100ms",
      CONSUMER_MANAGEMENT: "create",
    };
    const { invocations, stdout } = await invoke(environment, 10_000, 10_000, 10_000);
    expect(invocations.map(({ receipt }) => receipt?.stop)).toEqual(["idle", "idle", "idle"]);
    expect(invocations[0]?.receipt?.acked).toBe(3);
    expect(secrets.calls).toHaveLength(1);
    tellsNothing(stdout);
  });

  test.concurrent("fails with the reason when there is no secret, and tries again at the next wake", async () => {
    await using secrets = await startSecrets();
    const arn = secrets.put("nats/bridge", JSON.stringify(user));
    secrets.fail(DENIED);
    const environment = { ...(await settings("users", secrets, arn)), IDLE_TIMEOUT: "100ms" };
    const { invocations, stdout } = await invoke(environment, 10_000, 10_000);
    expect(invocations).toHaveLength(2);
    for (const { error } of invocations)
      expect(error).toMatch(/stopped as unavailable: the secret arn:.* AccessDeniedException/);
    // A refusal for ever is not tried twice.
    expect(secrets.calls).toHaveLength(2);
    tellsNothing(stdout);
  });
});

test("a redrive connects with it, too", async () => {
  await using secrets = await startSecrets();
  const arn = secrets.put("nats/bridge", JSON.stringify(user));
  const operator = await operate(servers.users.url, { user: "bridge", pass: PASSWORD });
  await operator.stream("R");
  const store = await localQueue(sqs, "R-dead", "R");
  await store.bury(burials("R", 2));
  const environment = { ...sqs.environment, ...secrets.environment, NATS_URL: servers.users.url };
  const ended = await runCommand(["redrive", ...store.args, "--json"], {
    ...environment,
    NATS_SECRET_ARN: arn,
  });
  expect(receiptOf(ended)).toMatchObject({ stop: "done", sent: 2 });
  expect((await operator.jsm.streams.info("R")).state.messages).toBe(2);
  secrets.remove("nats/bridge");
  await store.bury(burials("R", 1));
  const refused = await runCommand(["redrive", ...store.args, "--json"], {
    ...environment,
    NATS_SECRET_ARN: arn,
  });
  expect(receiptOf(refused)).toMatchObject({
    stop: "unavailable",
    reason: expect.stringMatching(/^the secret arn:.*ResourceNotFoundException/),
  });
  tellsNothing([...ended.lines, ended.stderr, ...refused.lines, refused.stderr].join());
  await operator.close();
});
