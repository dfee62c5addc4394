// TLS with a private authority: certificates as path and as text, the handshake before INFO, names, and clients that
// have to show a certificate of their own. Each fault is told in words that lead to the setting.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBridge } from "../support/bridge-process.ts";
import { bridgeSettings, readiness } from "../support/bridge-settings.ts";
import { makeAuthority } from "../support/certificates.ts";
import { operate } from "../support/jetstream.ts";
import { removeFolder, temporaryFolder } from "../support/leave-nothing.ts";
import {
  findNatsServer,
  isAtLeast,
  type RunningServer,
  startNatsServer,
} from "../support/nats-server.ts";
import { startSecrets } from "../support/secrets-manager.ts";
import { type LocalSqs, startSqs } from "../support/sqs.ts";

type Environment = Readonly<Record<string, string>>;

const folder = temporaryFolder();
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const authority = makeAuthority();
const stranger = makeAuthority("stranger");
const server = authority.issue("server", ["localhost", "127.0.0.1"]);
const elsewhere = authority.issue("elsewhere", ["nats.internal"]);
const client = authority.issue("client");
const CA = file("ca.pem", authority.ca);

function tlsOf(name: string, { cert, key }: typeof server, more = ""): string {
  return `tls { cert_file: "${file(`${name}.pem`, cert)}", key_file: "${file(`${name}.key`, key)}", ${more} }`;
}

/** The handshake before INFO came with 2.10.4. */
const knowsFirst = isAtLeast((await findNatsServer()).version, "2.10");

let sqs: LocalSqs;
let queueUrl = "";
let servers: Readonly<Record<"plain" | "tls" | "first" | "named" | "mutual", RunningServer>>;

beforeAll(async () => {
  sqs = await startSqs();
  queueUrl = await sqs.createQueue("S");
  const serve = (config: string): Promise<RunningServer> => startNatsServer({ config });
  const [plain, tls, first, named, mutual] = await Promise.all([
    serve(""),
    serve(tlsOf("server", server)),
    // INFO in the clear after a while: late for the bridge, in time for the launcher to learn that it is up.
    serve(tlsOf("first", server, knowsFirst ? `handshake_first: "900ms"` : "")),
    serve(tlsOf("named", elsewhere)),
    serve(tlsOf("mutual", server, `verify: true, ca_file: "${CA}"`)),
  ]);
  servers = { plain, tls, first, named, mutual };
  await Promise.all(
    Object.entries(servers).map(async ([name, { url }]) => {
      const tlsOptions = {
        ca: authority.ca,
        cert: client.cert,
        key: client.key,
        servername: name === "named" ? "nats.internal" : "localhost",
        handshakeFirst: name === "first" && knowsFirst,
      };
      const operator = await operate(url, name === "plain" ? {} : { tls: tlsOptions });
      await operator.stream("S");
      await operator.close();
    }),
  );
});
afterAll(async () => {
  await Promise.all([...Object.values(servers ?? {}).map((one) => one.stop()), sqs?.stop()]);
  removeFolder(folder);
});

function start(which: keyof typeof servers, scheme: "nats" | "tls", given: Environment) {
  const url = servers[which].url.replace("nats:", `${scheme}:`);
  return startBridge({ ...bridgeSettings(url, sqs, "S", queueUrl), ...given });
}

const good: readonly [string, keyof typeof servers, "nats" | "tls", Environment][] = [
  ["NATS_CA as a path", "tls", "tls", { NATS_CA: CA }],
  ["NATS_CA as text", "tls", "tls", { NATS_CA: authority.ca }],
  [
    "NATS_CA as text with escaped newlines",
    "tls",
    "tls",
    { NATS_CA: authority.ca.replaceAll("\n", "\\n") },
  ],
  ["a server that asks for TLS by itself", "tls", "nats", { NATS_CA: CA }],
  ["NATS_TLS_FIRST", "first", "tls", { NATS_CA: CA, NATS_TLS_FIRST: "true" }],
  ["NATS_TLS_SERVERNAME", "named", "tls", { NATS_CA: CA, NATS_TLS_SERVERNAME: "nats.internal" }],
  [
    "NATS_CERT and NATS_KEY",
    "mutual",
    "tls",
    { NATS_CA: CA, NATS_CERT: client.cert, NATS_KEY: client.key },
  ],
];

const wrong: readonly [string, keyof typeof servers, "nats" | "tls", Environment, RegExp][] = [
  [
    "an authority that did not sign",
    "tls",
    "tls",
    { NATS_CA: stranger.ca },
    /certificate|self.signed|verify/i,
  ],
  ["no authority", "tls", "tls", {}, /certificate|self.signed|verify/i],
  [
    "a name that is not in the certificate",
    "named",
    "tls",
    { NATS_CA: CA },
    /nats\.internal|altnames/i,
  ],
  ["no client certificate", "mutual", "tls", { NATS_CA: CA }, /certificate|ECONNRESET/i],
  [
    "TLS first to a server that speaks first",
    "tls",
    "tls",
    { NATS_CA: CA, NATS_TLS_FIRST: "true" },
    /NATS_TLS_FIRST/,
  ],
  ["a server that waits for TLS first", "first", "tls", { NATS_CA: CA }, /timeout|timed out/i],
  ["tls:// to a server without TLS", "plain", "tls", { NATS_CA: CA }, /TLS/i],
];

describe("the service", () => {
  test.concurrent.each(good)("connects with %s", async (_, which, scheme, given) => {
    if (which === "first" && !knowsFirst) return;
    await using bridge = start(which, scheme, given);
    await bridge.waitFor("running");
    expect(await readiness(bridge)).toMatchObject({ status: 200 });
    expect(await bridge.stop()).toBe(0);
    const said = JSON.stringify(bridge.lines) + bridge.stderr();
    expect(said).not.toContain(client.key.split("\n")[1]);
  });

  const inSecret: readonly [string, Readonly<Record<string, string>>, Environment][] = [
    ["all of them in the secret", { ca: authority.ca, ...client }, {}],
    ["the key alone in the secret", { key: client.key }, { NATS_CA: CA, NATS_CERT: client.cert }],
  ];
  test.concurrent.each(inSecret)("connects with %s", async (_, pems, given) => {
    await using secrets = await startSecrets();
    const arn = secrets.put("nats/bridge", JSON.stringify({ token: "any", ...pems }));
    const environment = { ...secrets.environment, ...given, NATS_SECRET_ARN: arn };
    await using bridge = start("mutual", "nats", environment);
    await bridge.waitFor("running");
    expect(JSON.stringify(bridge.lines)).not.toContain(client.key.split("\n")[1]);
  });

  const amiss: readonly [string, Readonly<Record<string, string>>, Environment, RegExp][] = [
    [
      "in the environment as well",
      { ca: authority.ca },
      { NATS_CA: CA },
      /^the secret arn:\S+: given ca besides NATS_CA, expected only one of the two$/,
    ],
    [
      "there without its key",
      { cert: client.cert },
      { NATS_CA: CA },
      /^the secret arn:\S+: given a certificate without its key, expected both, here or as /,
    ],
  ];
  test.concurrent.each(amiss)(
    "refuses what is in the secret and %s",
    async (_, pems, given, words) => {
      await using secrets = await startSecrets();
      const arn = secrets.put("nats/bridge", JSON.stringify({ token: "any", ...pems }));
      const environment = { ...secrets.environment, ...given, NATS_SECRET_ARN: arn };
      await using bridge = start("mutual", "nats", environment);
      const receipt = await bridge.waitFor("receipt");
      expect(receipt["stop"]).toBe("unavailable");
      expect(receipt["reason"]).toMatch(words);
    },
  );

  test.concurrent.each(wrong)(
    "lives on and says what is wrong with %s",
    async (_, which, scheme, given, words) => {
      await using bridge = start(which, scheme, given);
      const receipt = await bridge.waitFor("receipt");
      expect(receipt["reason"]).toMatch(/^cannot connect to NATS at 127\.0\.0\.1:\d+: /);
      expect(receipt["reason"]).toMatch(words);
      expect(["unavailable", "broken"]).toContain(receipt["stop"]);
      expect(await readiness(bridge)).toMatchObject({ status: 503 });
    },
  );
});
