// What the bridge writes and answers holds nothing of its credentials: not when they are good, not when the server does
// not want them, and not when they cannot even be read.
import { nkeys } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bridge, startBridge } from "../support/bridge-process.ts";
import { bridgeSettings, readiness } from "../support/bridge-settings.ts";
import {
  account,
  type Environment,
  nkeySeed,
  PASSWORD,
  type Servers,
  startServers,
  TOKEN,
} from "../support/credential-servers.ts";
import { makeAccount } from "../support/nats-accounts.ts";
import { findNatsServer } from "../support/nats-server.ts";
import { type LocalSqs, startSqs } from "../support/sqs.ts";

describe("the service", () => {
  let servers: Servers;
  let sqs: LocalSqs;
  let queueUrl = "";

  beforeAll(async () => {
    [servers, sqs] = await Promise.all([startServers((await findNatsServer()).path), startSqs()]);
    queueUrl = await sqs.createQueue("S");
  });
  afterAll(async () => {
    await Promise.all([
      ...Object.values(servers ?? {}).map((server) => server.stop()),
      sqs?.stop(),
    ]);
  });

  const SECRETS = [
    account.jwt,
    account.seed,
    nkeySeed,
    PASSWORD,
    encodeURIComponent(PASSWORD),
    TOKEN,
  ];

  function start(url: string, given: Environment): Bridge {
    return startBridge({
      ...bridgeSettings(url, sqs, "S", queueUrl),
      LOG_LEVEL: "debug",
      ...given,
    });
  }

  /** Nothing of it, in whatever encoding, on any channel. `parts` are longer than anything could have by chance. */
  async function tellsNothing(bridge: Bridge, more: readonly string[] = []): Promise<void> {
    const health = bridge.lines.some(({ event }) => event === "health")
      ? await bridge.health()
      : "";
    const answers = await Promise.all(
      ["/readyz", "/healthz", "/metrics"].map(async (path) =>
        health ? (await fetch(health + path).catch(() => undefined))?.text() : "",
      ),
    );
    const said = [JSON.stringify(bridge.lines), bridge.stderr(), ...answers].join("\n");
    for (const secret of [...SECRETS, ...more]) {
      for (const form of [secret, JSON.stringify(secret).slice(1, -1), secret.slice(0, 12)]) {
        expect(said).not.toContain(form);
      }
    }
  }

  const good: readonly [string, keyof Servers, Environment][] = [
    ["creds", "accounts", { NATS_CREDS: account.creds }],
    ["an nkey", "users", { NATS_NKEY: nkeySeed }],
    ["a password", "users", { NATS_USER: "bridge", NATS_PASSWORD: PASSWORD }],
    ["a token", "token", { NATS_TOKEN: TOKEN }],
  ];
  test.concurrent.each(good)("forwards with %s and never tells it", async (_, server, given) => {
    await using bridge = start(servers[server].url, given);
    await bridge.waitFor((line) => line.event === "receipt");
    await bridge.waitFor("running");
    expect(await readiness(bridge)).toMatchObject({ status: 200 });
    await tellsNothing(bridge);
    expect(await bridge.stop()).toBe(0);
    await tellsNothing(bridge);
  });

  const wrong: readonly [string, keyof Servers, Environment][] = [
    ["creds", "accounts", { NATS_CREDS: makeAccount().creds }],
    ["nkey", "users", { NATS_NKEY: new TextDecoder().decode(nkeys.createUser().getSeed()) }],
    ["password", "users", { NATS_USER: "bridge", NATS_PASSWORD: "wrong-password" }],
    ["token", "token", { NATS_TOKEN: "wrong-token-altogether" }],
    ["kind of credentials", "accounts", { NATS_USER: "bridge", NATS_PASSWORD: "not-for-here" }],
  ];
  test.concurrent.each(wrong)(
    "with the wrong %s lives on as unavailable, and never tells it",
    async (_, server, given) => {
      await using bridge = start(servers[server].url, given);
      const receipt = await bridge.waitFor("receipt");
      expect(receipt).toMatchObject({ stop: "unavailable" });
      expect(receipt["reason"]).toMatch(
        /cannot connect to NATS at 127\.0\.0\.1:\d+: .*; check NATS_CREDS/,
      );
      expect((await readiness(bridge)).status).toBe(503);
      const { NATS_USER: _user, ...secret } = given;
      await tellsNothing(
        bridge,
        Object.values(secret).flatMap((text) =>
          text.split("\n").filter((line) => /^[\w.-]{12,}$/.test(line)),
        ),
      );
    },
  );

  test.concurrent("takes a secret out of a reason that has it, in the log and at /readyz", async () => {
    const missing = queueUrl.replace(/S$/, TOKEN);
    await using bridge = start(servers.token.url, { NATS_TOKEN: TOKEN, SQS_QUEUE_URL: missing });
    const receipt = await bridge.waitFor("receipt");
    expect(receipt).toMatchObject({ stop: "unavailable" });
    expect(receipt["reason"]).toContain(missing.replace(TOKEN, "***"));
    expect((await readiness(bridge)).reason).toContain(missing.replace(TOKEN, "***"));
    await tellsNothing(bridge);
  });

  /** One letter in the middle is another one. */
  const damaged = (seed: string): string =>
    `${seed.slice(0, 30)}${seed[30] === "A" ? "B" : "A"}${seed.slice(31)}`;
  const cut = account.creds.replace(account.seed, damaged(account.seed));
  const malformed: readonly [string, Environment, RegExp][] = [
    [
      "creds without a seed",
      { NATS_CREDS: account.creds.split("****")[0]! },
      /^NATS_CREDS: given .*USER NKEY SEED/,
    ],
    ["creds with a damaged seed", { NATS_CREDS: cut }, /^NATS_CREDS: given .*SU/],
    ["creds cut at the start", { NATS_CREDS: account.creds.slice(40) }, /^NATS_CREDS: given /],
    [
      "half an nkey",
      { NATS_NKEY: nkeySeed.slice(0, 30) },
      /^NATS_NKEY: given a path that cannot be read/,
    ],
    ["a damaged nkey", { NATS_NKEY: damaged(nkeySeed) }, /^NATS_NKEY: given /],
    [
      "a password with slashes in the URL",
      { NATS_URL: "nats://bridge:half-of/it-and-the-rest@127.0.0.1" },
      /^NATS_URL: given /,
    ],
    [
      "a password with a comma in the URL",
      { NATS_URL: "nats://bridge:half-of,it-and-the-rest@127.0.0.1" },
      /^NATS_URL: given /,
    ],
  ];
  test.concurrent.each(malformed)(
    "refuses %s readably, and never tells it",
    async (_, given, words) => {
      await using bridge = start(servers.users.url, given);
      expect(await bridge.exited).toBe(2);
      expect(bridge.stderr()).toMatch(words);
      expect(bridge.stderr()).toMatch(/, expected /);
      await tellsNothing(bridge, [
        "half-of",
        "it-and-the-rest",
        cut.slice(-100, -60),
        nkeySeed.slice(0, 12),
      ]);
    },
  );
});
