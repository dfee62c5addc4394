// The launcher itself: everything else in this folder stands on it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterEach, expect, test, vi } from "vitest";
import { answers } from "../support/free-port.ts";
import { temporaryFolder } from "../support/leave-nothing.ts";
import { startCluster } from "../support/nats-cluster.ts";
import {
  findNatsServer,
  findOldNatsServer,
  isAtLeast,
  type RunningServer,
  startNatsServer,
} from "../support/nats-server.ts";

const old = await findOldNatsServer().catch(() => undefined);

afterEach(() => vi.unstubAllEnvs());

async function withJetStream<T>(
  servers: string,
  use: (jsm: JetStreamManager) => Promise<T>,
): Promise<T> {
  const nc = await connect({ servers: servers.split(",") });
  try {
    return await use(await jetstreamManager(nc));
  } finally {
    await nc.close();
  }
}

async function keepsItsStreamAfterAKill(server: RunningServer): Promise<void> {
  await withJetStream(server.url, (jsm) => jsm.streams.add({ name: "ORDERS", subjects: ["o.>"] }));
  await server.kill();
  expect(await answers(server.port)).toBe(false);
  await server.restart();
  const info = await withJetStream(server.url, (jsm) => jsm.streams.info("ORDERS"));
  expect(info.config.subjects).toEqual(["o.>"]);
}

test("starts, keeps its streams over a kill, and leaves nothing", async () => {
  const server = await startNatsServer();
  await keepsItsStreamAfterAKill(server);
  await server.stop();
  expect(await answers(server.port)).toBe(false);
  expect(existsSync(dirname(server.storeDir))).toBe(false);
});

test.skipIf(!old)("does the same with the oldest supported server", async () => {
  const server = await startNatsServer({ binary: old!.path });
  expect(server.version).toMatch(/^2\.9\./);
  await keepsItsStreamAfterAKill(server);
  await server.stop();
});

test("takes more configuration", async () => {
  const server = await startNatsServer({ config: `authorization { token: "let me in" }` });
  await expect(connect({ servers: server.url, reconnect: false })).rejects.toThrow(/authoriz/i);
  const nc = await connect({ servers: server.url, token: "let me in" });
  await nc.close();
  await server.stop();
});

test("says why a server did not start", async () => {
  await expect(startNatsServer({ config: "no_such_option: 1" })).rejects.toThrow(/no_such_option/);
});

test("makes a cluster that takes a replicated stream and survives the loss of a node", async () => {
  const cluster = await startCluster(3);
  await withJetStream(cluster.url, (jsm) =>
    jsm.streams.add({ name: "ORDERS", subjects: ["o.>"], num_replicas: 3 }),
  );
  await cluster.nodes[0]!.kill();
  await cluster.nodes[0]!.restart();
  await cluster.ready();
  const { url } = cluster.nodes[0]!;
  // The stream elects a leader of its own, after the cluster has one.
  await vi.waitFor(
    async () => {
      const info = await withJetStream(url, (jsm) => jsm.streams.info("ORDERS"));
      expect(info.config.num_replicas).toBe(3);
    },
    { timeout: 30_000, interval: 250 },
  );
  await cluster.stop();
});

test.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)(
  "a server ends with the process that started it, killed by %s",
  async (signal) => {
    const launcher = new URL("../support/nats-server.ts", import.meta.url);
    const code = `const { startNatsServer } = await import("${launcher.href}");
      const server = await startNatsServer();
      console.log(JSON.stringify({ port: server.port, storeDir: server.storeDir }));
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    const { port, storeDir } = JSON.parse(line) as { port: number; storeDir: string };
    expect(await answers(port)).toBe(true);
    child.kill(signal);
    await once(child, "exit");
    await vi.waitFor(
      async () => {
        expect(await answers(port)).toBe(false);
        expect(existsSync(storeDir)).toBe(false);
      },
      { timeout: 5000, interval: 20 },
    );
  },
);

test("refuses a named executable that is none, instead of taking another", async () => {
  vi.stubEnv("NATS_SERVER_BIN", "/nowhere/nats-server");
  await expect(findNatsServer()).rejects.toThrow(/NATS_SERVER_BIN: given \/nowhere\/nats-server/);
});

test("takes the first one on PATH that is new enough, and says what it passed over", async () => {
  const fake = (version: string): string => {
    const folder = temporaryFolder();
    const file = join(folder, "nats-server");
    writeFileSync(file, `#!/bin/sh\necho nats-server: v${version}\n`, { mode: 0o755 });
    return folder;
  };
  const [tooOld, good] = [fake("2.8.4"), fake("2.12.0")];
  vi.stubEnv("PATH", [tooOld, good].join(delimiter));
  const lines: string[] = [];
  const found = await findNatsServer((line) => lines.push(line));
  expect(found).toMatchObject({ path: join(good, "nats-server"), version: "2.12.0" });
  expect(lines).toEqual([
    `passed over ${join(tooOld, "nats-server")}: version 2.8.4 is older than 2.9`,
    `nats-server 2.12.0 from ${join(good, "nats-server")}`,
  ]);
});

test("says what it chose", async () => {
  const lines: string[] = [];
  const { version } = await findNatsServer((line) => lines.push(line));
  expect(lines.at(-1)).toMatch(new RegExp(`^nats-server ${version} from `));
});

test.each([
  ["2.9.10", "2.9", true],
  ["2.10.0", "2.9", true],
  ["2.8.4", "2.9", false],
  ["2.9.25", "2.10", false],
  ["3.0.0", "2.10", true],
])("isAtLeast(%s, %s) is %s", (version, wanted, expected) => {
  expect(isAtLeast(version, wanted)).toBe(expected);
});
