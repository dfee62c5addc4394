// Every way to say who the bridge is, in every shape in which people and secret stores hand it over. That none of it is
// ever told is in secrets.test.ts, TLS in tls.test.ts.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readConfig } from "../../functions/bridge/config.ts";
import { credentialsFault } from "../../functions/bridge/source/credentials.ts";
import { bothServers } from "../support/both-servers.ts";
import {
  account,
  type Environment,
  nkeySeed,
  PASSWORD,
  type Servers,
  startServers,
  TOKEN,
} from "../support/credential-servers.ts";
import { openSource } from "../support/jetstream.ts";
import { removeFolder, temporaryFolder } from "../support/leave-nothing.ts";

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** From the environment to the first messages, within this process. */
async function forwards(url: string, given: Environment): Promise<void> {
  const environment = {
    NATS_URL: url,
    JETSTREAM_STREAM: "S",
    JETSTREAM_CONSUMER: "bridge",
    SQS_QUEUE_URL: "http://127.0.0.1:1/queue",
    ...given,
  };
  const { config, faults } = readConfig(environment, "service", {
    credentialsFault,
    readFile: (path) => readFileSync(path, "utf8"),
  });
  expect(faults).toEqual([]);
  const { servers, credentials } = config!.nats;
  const durable = `c${Math.random().toString(36).slice(2)}`;
  const { source } = await openSource(
    servers.map((one) => `nats://${one}`).join(","),
    "S",
    durable,
    {
      connection: { credentials },
    },
  );
  const pulled = await source.pull({ batch: 3, waitMs: 500, maxBytes: 0 });
  expect(pulled.held).toHaveLength(3);
  await source.close();
}

describe.each(await bothServers())("on $which", ({ binary }) => {
  let servers: Servers;

  beforeAll(async () => {
    if (binary) servers = await startServers(binary);
  });
  afterAll(async () => {
    await Promise.all(Object.values(servers ?? {}).map((server) => server.stop()));
  });

  const { creds } = account;
  const shapes: readonly [string, keyof Servers, Environment][] = [
    ["a creds file", "accounts", { NATS_CREDS: file("plain.creds", creds) }],
    [
      "a creds file with CRLF",
      "accounts",
      { NATS_CREDS: file("crlf", creds.replaceAll("\n", "\r\n")) },
    ],
    ["creds text", "accounts", { NATS_CREDS: creds }],
    ["creds text with CRLF", "accounts", { NATS_CREDS: creds.replaceAll("\n", "\r\n") }],
    ["creds text with blanks around", "accounts", { NATS_CREDS: `\n\t  ${creds}  \n\n` }],
    ["creds text with escaped newlines", "accounts", { NATS_CREDS: creds.replaceAll("\n", "\\n") }],
    ["creds text with escaped CRLF", "accounts", { NATS_CREDS: creds.replaceAll("\n", "\\r\\n") }],
    ["creds text on one line", "accounts", { NATS_CREDS: creds.replaceAll("\n", " ") }],
    [
      "creds text with each line indented",
      "accounts",
      { NATS_CREDS: creds.replaceAll("\n", "\n    ") },
    ],
    ["creds text without its last newline", "accounts", { NATS_CREDS: creds.trimEnd() }],
    ["an nkey", "users", { NATS_NKEY: nkeySeed }],
    ["an nkey file", "users", { NATS_NKEY: file("user.nk", `${nkeySeed}\n`) }],
    ["an nkey file with CRLF", "users", { NATS_NKEY: file("crlf.nk", `  ${nkeySeed}\r\n`) }],
    ["user and password", "users", { NATS_USER: "bridge", NATS_PASSWORD: PASSWORD }],
    ["a token", "token", { NATS_TOKEN: TOKEN }],
  ];

  test.skipIf(!binary).concurrent.each(shapes)("%s is taken", async (_, server, given) => {
    await forwards(servers[server].url, given);
  });

  test.skipIf(!binary).concurrent("user and password are taken out of the URL", async () => {
    const { port } = servers.users;
    await forwards(`nats://bridge:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`, {});
  });

  test
    .skipIf(!binary)
    .concurrent("a percent sign in the URL that encodes nothing is itself", async () => {
      await forwards(`nats://percent:50%off@127.0.0.1:${servers.users.port}`, {});
    });

  test.skipIf(!binary).concurrent("a token is taken out of the URL", async () => {
    await forwards(`nats://${TOKEN}@127.0.0.1:${servers.token.port}`, {});
  });
});
