// A redrive that ends before its end, and what the next one finds.
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { describe, expect, test } from "vitest";
import { localQueue, storedIn } from "../support/dead-letters.ts";
import { freePort } from "../support/free-port.ts";
import { runCommand, startCommand } from "../support/operator-command.ts";
import { startParts, upTo } from "../support/parts.ts";
import { burials, type Kind, NANOS, receiptOf, redriving } from "../support/redrive.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const { parts } = await partsOfFile();
const on = redriving(parts);

async function connected(url: string): Promise<{ connection: NatsConnection } & AsyncDisposable> {
  const connection = await connect({ servers: url });
  return { connection, [Symbol.asyncDispose]: () => connection.close() };
}

describe.each<Kind>(["queue", "bucket"])("from a %s", (kind) => {
  test("interrupted by Ctrl-C and repeated: nothing lost, nothing twice", async () => {
    const stream = `STOP-${kind}`;
    const store = await on.place(stream, kind);
    await store.bury(burials(stream, 40));
    const args = ["redrive", ...store.args, "--json", "--rate", "20"];
    const running = startCommand(args, on.environment());
    await running.waitFor(`"event":"sent"`, 5);
    running.kill("SIGINT");
    await running.waitFor(`"stop":"interrupted"`); // npm passes it on as well, and may be late
    running.kill("SIGINT");
    const first = await running.ended;
    const receipt = receiptOf(first);
    expect([first.code, receipt["stop"], receipt["failed"]]).toEqual([1, "interrupted", 0]);
    const sent = Number(receipt["sent"]);
    expect(sent).toBeGreaterThan(4);
    expect(sent).toBeLessThan(40);
    expect(await on.subjectsIn(stream)).toHaveLength(sent);
    expect(await store.count()).toBe(40 - sent);
    const second = await on.redrive(store);
    expect([second.code, receiptOf(second)]).toMatchObject([0, { sent: 40 - sent }]);
    expect(await on.subjectsIn(stream)).toEqual(
      upTo(40)
        .map((at) => `${stream}.${at}`)
        .toSorted(),
    );
    expect(await store.count()).toBe(0);
  });

  test("a server that cannot be reached: exit 1, nothing deleted, no secret told", async () => {
    const stream = `AWAY-${kind}`;
    const store = await on.place(stream, kind);
    await store.bury(burials(stream, 3));
    const NATS_URL = `nats://127.0.0.1:${await freePort()}`;
    const ended = await runCommand(
      ["redrive", ...store.args, "--json"],
      on.environment({ NATS_URL, NATS_USER: "u", NATS_PASSWORD: "very secret" }),
    );
    expect([ended.code, receiptOf(ended)]).toMatchObject([
      1,
      { stop: "unavailable", sent: 0, reason: expect.stringContaining("cannot connect") as string },
    ]);
    expect(ended.lines.join("") + ended.stderr).not.toContain("very secret");
    expect(await store.count()).toBe(3);
  });
});

test("killed and repeated: what was stored already is deleted, and not stored twice", async () => {
  const stream = "KILLED";
  const store = await on.place(stream, "bucket");
  await store.bury(burials(stream, 40));
  // The last message before the kill: stored, and its letter still there.
  const [first] = burials(stream, 1);
  await parts.jetstream.publish(`${stream}.0`, "0", { msgID: `redrive/${stream}/1/${NANOS}/1` });
  const running = startCommand(
    ["redrive", ...store.args, "--json", "--rate", "20"],
    on.environment(),
  );
  await running.waitFor(`"event":"sent"`, 5);
  running.kill("SIGKILL");
  await running.ended;
  await store.bury([first!]);
  const ended = await on.redrive(store);
  expect([ended.code, receiptOf(ended)]).toMatchObject([0, { stop: "done", failed: 0 }]);
  expect(await on.subjectsIn(stream)).toEqual(
    upTo(40)
      .map((at) => `${stream}.${at}`)
      .toSorted(),
  );
  expect(await store.count()).toBe(0);
});

test("a server that goes down in between ends it; what it had not confirmed stays, and follows", async () => {
  const stream = "DOWN";
  await using own = await startParts();
  await own.manager.streams.add({ name: stream, subjects: [`${stream}.>`] });
  const store = await localQueue(parts.sqs, "DOWN-dead", stream);
  await store.bury(burials(stream, 40));
  const settings = on.environment({ NATS_URL: own.server.url, NATS_TIMEOUT: "500ms" });
  const args = ["redrive", ...store.args, "--json", "--rate", "20"];
  const running = startCommand(args, settings);
  await running.waitFor(`"event":"sent"`, 5);
  await own.server.kill();
  const first = await running.ended;
  const receipt = receiptOf(first);
  expect([first.code, receipt["stop"]]).toEqual([1, "unavailable"]);
  expect(await store.count()).toBe(40 - Number(receipt["sent"]));
  await own.server.restart();
  const second = await runCommand(args, settings);
  expect([second.code, receiptOf(second)]).toMatchObject([0, { stop: "done", failed: 0 }]);
  expect(await store.count()).toBe(0);
  await using nc = await connected(own.server.url);
  const stored = (await storedIn(nc.connection, stream)).map(({ subject }) => subject);
  expect(stored.toSorted()).toEqual(
    upTo(40)
      .map((at) => `${stream}.${at}`)
      .toSorted(),
  );
});
