// `npm run demo` as people run it: what it says, how it ends, and that nothing of it is left, however it ends.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { expect, onTestFinished, test } from "vitest";
import { answers } from "../support/free-port.ts";
import { temporaryFolder } from "../support/leave-nothing.ts";
import { startNatsServer } from "../support/nats-server.ts";

const root = join(import.meta.dirname, "../..");

type Demo = {
  readonly child: ChildProcess;
  readonly folder: string;
  /** All that it has said so far. */
  text(): string;
  /** Waits for a line that says this. */
  says(part: string): Promise<void>;
  /** Waits for its end, which must be with this exit code. */
  endsWith(code: number): Promise<void>;
};

function startDemo(...args: string[]): Demo {
  const folder = temporaryFolder();
  const child = spawn(process.execPath, ["demo/demo.ts", ...args], {
    cwd: root,
    env: { ...process.env, TMPDIR: folder, JETSTREAM_STREAM: "NOT_THIS_ONE" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stdout.on("data", (chunk) => (said += String(chunk)));
  child.stderr.on("data", (chunk) => (said += String(chunk)));
  const exited = once(child, "close");
  return {
    child,
    folder,
    text: () => said,
    async says(part) {
      const deadline = Date.now() + 60_000;
      while (!said.includes(part)) {
        if (Date.now() > deadline || child.exitCode !== null)
          throw new Error(`no "${part}" in:\n${said}`);
        await sleep(10);
      }
    },
    async endsWith(code) {
      await exited;
      if (child.exitCode !== code)
        throw new Error(`ended with ${child.exitCode}, not ${code}:
${said}`);
    },
  };
}

/** No process, no port, no file of it. */
async function expectNothingLeft(demo: Demo): Promise<void> {
  const said = demo.text();
  const pids = [...said.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
  expect(pids.filter(isAlive)).toEqual([]);
  const ports = [...said.matchAll(/(?:127\.0\.0\.1|localhost):(\d+)/g)].map(([, port]) =>
    Number(port),
  );
  const open = await Promise.all(ports.map(async (port) => ((await answers(port)) ? port : 0)));
  expect(open.filter((port) => port !== 0 && port !== 4222)).toEqual([]);
  // The folder goes with the last process; its shell may need a moment after us.
  for (let i = 0; i < 50 && readdirSync(demo.folder).length > 0; i++) await sleep(20);
  expect(readdirSync(demo.folder).filter((name) => !name.startsWith("node-compile-cache"))).toEqual(
    [],
  );
}

function isAlive(pid: number): boolean {
  // A dead orphan may linger in the table as a zombie until somebody collects it.
  const state = stateOf(pid);
  return state !== "" && !state.startsWith("Z");
}

/** As `ps` shows it: a `T` is stopped. */
function stateOf(pid: number): string {
  const table = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return table.error ? "" : table.stdout.trim();
}

test("kills the service in the middle, loses nothing, keeps the order, and says so in its last lines", async () => {
  const startedAt = Date.now();
  const demo = startDemo();
  await demo.endsWith(0);
  expect(Date.now() - startedAt).toBeLessThan(30_000);
  const lines = demo.text().trimEnd().split("\n");
  expect(lines.slice(-5)).toEqual([
    "sent 5000",
    "arrived 5000",
    "lost 0",
    "duplicates 0",
    "order kept",
  ]);
  expect(lines.filter((line) => line.startsWith("nats-server "))).toHaveLength(1);
  expect(demo.text()).toMatch(/killed +process \d+ with SIGKILL; it held [1-9]\d* messages/);
  expect(demo.text()).toMatch(/published +\d+ +accepted +\d+ +acknowledged +\d+ +lag +\d+/);
  expect(demo.text(), "no terminal, so no escape codes").not.toContain("\u001B");
  await expectNothingLeft(demo);
});

test("on a standard queue nothing is lost either, and at most what was in flight arrives twice", async () => {
  const demo = startDemo("--queue", "standard", "--messages", "2000");
  await demo.endsWith(0);
  const [sent, arrived, lost, duplicates, order] = demo.text().trimEnd().split("\n").slice(-5);
  expect([sent, arrived, lost]).toEqual(["sent 2000", "arrived 2000", "lost 0"]);
  const held = Number(/it held (\d+) messages/.exec(demo.text())?.[1]);
  expect(Number(duplicates?.split(" ")[1])).toBeLessThanOrEqual(held);
  expect(order).toBe("order not promised by a standard queue");
  await expectNothingLeft(demo);
});

test.each([
  ["eventbridge", "an event bus"],
  ["lambda", "a function"],
])("with --target %s nothing is lost either", async (target, unordered) => {
  const demo = startDemo("--target", target, "--messages", "1000");
  await demo.endsWith(0);
  const [sent, arrived, lost, , order] = demo.text().trimEnd().split("\n").slice(-5);
  expect([sent, arrived, lost]).toEqual(["sent 1000", "arrived 1000", "lost 0"]);
  expect(order).toBe(`order not promised by ${unordered}`);
  await expectNothingLeft(demo);
});

/** The numbers of a wake's line: pulled, acked, threw, put off, billed, idle. */
const WAKE =
  /^ +[\d.]+ s {2}(?:tick|doorbell, \d+ rings?) +(?:cold|warm) +(?:-|[\d.]+ s) +(\d+) +(\d+) +(\d+) +(\d+) +\w+ +(\d+) ms +(\d+) ms$/gm;

test("--wake: ticks and rings wake a function that sleeps, one wake is killed, and nothing is lost", async () => {
  const startedAt = Date.now();
  const demo = startDemo("--wake");
  await demo.says("asleep: process");
  expect(stateOf(Number(/asleep: process (\d+)/.exec(demo.text())?.[1]))).toMatch(/^T/);
  await demo.endsWith(0);
  expect(Date.now() - startedAt).toBeLessThan(45_000); // 20 s where the machine has nothing else to do
  const said = demo.text();
  const [sent, arrived, lost, duplicates, order] = said.trimEnd().split("\n").slice(-5);
  expect([sent, arrived, lost, order]).toEqual([
    "sent 1500",
    "arrived 1500",
    "lost 0",
    "order kept",
  ]);
  // At most what the killed process had.
  const held = Number(/killed in the middle \(SIGKILL\), .* held (\d+) messages/.exec(said)?.[1]);
  expect(held).toBeGreaterThan(0);
  expect(Number(duplicates?.split(" ")[1])).toBeLessThanOrEqual(held);

  expect(said).toMatch(/ s {2}tick +cold +- /);
  expect(said).toMatch(/ s {2}doorbell, \d+ rings? +(cold|warm) /);
  expect(said).toMatch(/ s {2}(tick|doorbell, .*) +warm +[\d.]+ s /);
  const rows = [...said.matchAll(WAKE)].map((row) => row.slice(1).map(Number));
  expect(rows.length).toBeGreaterThanOrEqual(3);
  const [pulled = 0, acked, threw, putOff] = [0, 1, 2, 3].map((column) =>
    rows.reduce((sum, row) => sum + (row[column] ?? 0), 0),
  );
  expect(acked).toBe(pulled);
  expect(threw).toBeGreaterThan(0);
  expect(putOff).toBeGreaterThan(0);
  expect(said).toMatch(
    /^\d+ wakes +\d+ by tick, \d+ by doorbell with \d+ rings; \d+ cold starts$/m,
  );
  expect(said, "no terminal, so no escape codes").not.toContain("\u001B");
  await expectNothingLeft(demo);
});

test.for([
  { signal: "SIGINT", code: 130, when: "accepted", args: [] },
  { signal: "SIGTERM", code: 143, when: "restarted", args: [] },
  { signal: "SIGINT", code: 130, when: "and rang once", args: ["--wake"] }, // which wakes it
  { signal: "SIGTERM", code: 143, when: "asleep: process", args: ["--wake"] },
] as const)("leaves nothing after $signal, $args, $when", async ({ args, code, signal, when }) => {
  const demo = startDemo(...args);
  await demo.says(when);
  await sleep(150);
  demo.child.kill(signal);
  await demo.endsWith(code);
  await expectNothingLeft(demo);
});

test.for([
  { when: "accepted", args: [] },
  { when: "asleep: process", args: ["--wake"] },
] as const)("leaves nothing even when it is killed itself, $args", async ({ args, when }) => {
  const demo = startDemo(...args);
  await demo.says(when);
  demo.child.kill("SIGKILL");
  await once(demo.child, "close");
  await sleep(500);
  await expectNothingLeft(demo);
});

test("removes its stream from a server that is not its own, and touches no other", async () => {
  const server = await startNatsServer({
    config: `authorization { user: demo, password: "s3cret/x" }`,
  });
  onTestFinished(() => server.stop());
  const connection = await connect({ servers: server.url, user: "demo", pass: "s3cret/x" });
  onTestFinished(() => connection.close());
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: "THEIRS", subjects: ["theirs.>"] });
  const streams = async (): Promise<readonly string[]> => {
    return (await manager.streams.list().next()).map(({ config }) => config.name);
  };
  const url = server.url.replace("//", "//demo:s3cret%2Fx@");

  const whole = startDemo("--nats-url", url, "--messages", "1000");
  await whole.endsWith(0);
  expect(whole.text()).not.toContain("s3cret");
  expect(await streams()).toEqual(["THEIRS"]);

  const interrupted = startDemo("--nats-url", url);
  await interrupted.says("accepted");
  expect(await streams()).toHaveLength(2);
  interrupted.child.kill("SIGINT");
  await interrupted.endsWith(130);
  expect(await streams()).toEqual(["THEIRS"]);

  const asleep = startDemo("--wake", "--nats-url", url);
  await asleep.says("asleep: process");
  asleep.child.kill("SIGINT");
  await asleep.endsWith(130);
  expect(asleep.text()).not.toContain("s3cret");
  expect(await streams()).toEqual(["THEIRS"]);
});

test("what it is given wrongly it says, all at once, and ends with 2; help is help", async () => {
  const wrong = startDemo("--queue", "heap", "--messages", "7");
  await wrong.endsWith(2);
  expect(wrong.text()).toContain('--queue: given "heap", expected fifo or standard');
  expect(wrong.text()).toContain('--messages: given "7", expected');
  const odd = startDemo("--target", "kafka");
  await odd.endsWith(2);
  expect(odd.text()).toContain('--target: given "kafka", expected sqs, eventbridge or lambda');
  const both = startDemo("--target", "lambda", "--queue", "fifo");
  await both.endsWith(2);
  expect(both.text()).toContain('--queue: given "fifo", expected it only with --target sqs');
  const wake = startDemo("--wake", "--target", "lambda", "--queue", "fifo");
  await wake.endsWith(2);
  expect(wake.text()).toContain('--target: given "lambda", expected it only without --wake');
  expect(wake.text()).toContain('--queue: given "fifo", expected it only without --wake');
  const unknown = startDemo("--frobnicate");
  await unknown.endsWith(2);
  expect(unknown.text()).toContain("Unknown option '--frobnicate'");
  const help = startDemo("--help");
  await help.endsWith(0);
  expect(help.text()).toContain("npm run demo -- --queue standard");
  expect(help.text()).toContain("npm run demo -- --wake");
});
