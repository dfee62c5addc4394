// A handler under AWS's own runtime client, woken by everything that may wake it: a doorbell, which is a real local queue
// behind an event source mapping, ticks of schedules, and by hand.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { HOPS_ATTRIBUTE } from "../../functions/bridge/wake/event.ts";
import { sorted } from "../support/arrivals.ts";
import { eventQueue, startEventSource } from "../support/event-source.ts";
import { findRuntimeClient } from "../support/fetch-runtime-client.ts";
import { eventually, lane, receipts, sequences, told } from "../support/lane.ts";
import { startParts } from "../support/parts.ts";
import { type RunningFunction, valueOf } from "../support/runtime-api.ts";
import { RULE_TICK, SCHEDULER_TICK } from "../support/ticks.ts";
import { doorbell, served } from "../support/wake-sources.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const { parts } = await partsOfFile();
const client = await findRuntimeClient();

const stopsOf = (fn: RunningFunction): readonly unknown[] => receipts(fn).map(({ stop }) => stop);

test.concurrent("a blank ring wakes the function, which drains; the next one finds it warm", async () => {
  const orders = await lane(parts, client, "BLANK");
  const queue = await doorbell(parts, "BLANK");
  await using fn = orders.start();
  await using source = startEventSource(queue, fn);
  await orders.publish(50);
  await queue.send(" ");
  await served(parts, queue, source, 1);
  expect(sorted(orders.ended())).toEqual(sequences(50));
  await orders.publish(10);
  await queue.send("\n");
  await served(parts, queue, source, 2);
  expect(sorted(orders.ended())).toEqual(sequences(60));
  await eventually(() => expect(stopsOf(fn)).toEqual(["idle", "idle"]));
  expect(receipts(fn).map(({ acked }) => acked)).toEqual([50, 10]);
  expect(source.deliveries.map(({ invoked }) => invoked)).toMatchObject([
    { kind: "returned", value: { batchItemFailures: [] }, init: true },
    { kind: "returned", value: { batchItemFailures: [] }, init: false },
  ]);
});

test.concurrent("many rings are one drain for each batch that Lambda makes of them", async () => {
  const orders = await lane(parts, client, "MANY");
  await orders.publish(30);
  await using fn = orders.start();
  // A batch of a FIFO queue is ten at most.
  const fifo = await doorbell(parts, "MANY");
  for (let ring = 0; ring < 20; ring += 1) await fifo.send(" ");
  await using first = startEventSource(fifo, fn);
  await served(parts, fifo, first, 2);
  await first.stop();
  expect(first.deliveries.map(({ records }) => records.length)).toEqual([10, 10]);
  await eventually(() => expect(receipts(fn).map(({ acked }) => acked)).toEqual([30, 0]));
  const standard = await eventQueue(parts.sqs, "MANY", {
    visibilitySeconds: 10,
    maxReceiveCount: 20,
  });
  await orders.publish(5);
  for (let ring = 0; ring < 20; ring += 1) await standard.send('{"version":1,"kind":"ring"}');
  await using second = startEventSource(standard, fn, { batchSize: 100 });
  await served(parts, standard, second, 1);
  expect(second.deliveries.map(({ records }) => records.length)).toEqual([20]);
  await eventually(() => expect(receipts(fn).map(({ acked }) => acked)).toEqual([30, 0, 5]));
});

test.concurrent("a ring older by 5 s than the last empty pull is skipped, a younger one is not", async () => {
  const orders = await lane(parts, client, "STALE");
  const queue = await doorbell(parts, "STALE");
  await using fn = orders.start();
  await orders.publish(3);
  await queue.send(" ");
  await sleep(5500);
  expect(valueOf(await fn.invoke({}))).toMatchObject({ stop: "idle", acked: 3 });
  await using source = startEventSource(queue, fn);
  await served(parts, queue, source, 1);
  await eventually(() => expect(told(fn, "rings-skipped")).toMatchObject([{ rings: 1 }]));
  expect(source.deliveries[0]!.invoked).toMatchObject({ init: false });
  await orders.publish(1);
  await queue.send(" ");
  await served(parts, queue, source, 2);
  // The skipped one has left no receipt, since it was no run.
  await eventually(() => expect(receipts(fn).map(({ acked }) => acked)).toEqual([3, 1]));
  expect(told(fn, "rings-skipped")).toHaveLength(1);
});

test.concurrent("what is no command is refused with what was expected, and ends in the dead letters; its batch is served", async () => {
  const orders = await lane(parts, client, "REFUSED");
  const queue = await doorbell(parts, "REFUSED", { maxReceiveCount: 2, seconds: 6 });
  await using fn = orders.start({ timeoutMs: 6000 });
  await orders.publish(10);
  await fn.invoke({});
  const ring = { version: 1, kind: "ring" };
  const long = `{"version":1,"kind":"ring"${" ".repeat(5000)}}`;
  const refusals: readonly (readonly [body: string, problem: RegExp])[] = [
    ["ring!", /^given "ring!", which is not JSON, expected nothing, or \{"version":1,/],
    [long, /^given 5027 characters, expected at most 4096: \{"version":1,/],
    [JSON.stringify({ ...ring, stream: "PAID" }), /^given stream "PAID", expected "REFUSED": this/],
    [JSON.stringify({ ...ring, consumer: "x" }), /^given consumer "x", expected "REFUSED-handler"/],
    [JSON.stringify({ ...ring, kind: "pause" }), /^given kind "pause", expected "ring" or "repl/],
    [JSON.stringify({ ...ring, version: 2 }), /^given version 2, expected version 1$/],
    [JSON.stringify({ ...ring, startSequence: 3 }), /^given a start in a ring, expected it only/],
    [JSON.stringify({ ...ring, kind: "replay" }), /^given no start, expected one of startSequence/],
  ];
  await orders.publish(5);
  const ids: string[] = [];
  for (const [body] of refusals) ids.push(await queue.send(body));
  await queue.send(" ");
  await queue.send('{"version":1,"kind":"replay","startSequence":13}');
  await using source = startEventSource(queue, fn);
  await served(parts, queue, source, 2);
  expect(source.deliveries.map(({ records }) => records.length)).toEqual([10, 8]);
  for (const { failed, invoked } of source.deliveries) {
    const batchItemFailures = ids.map((itemIdentifier) => ({ itemIdentifier }));
    expect(valueOf(invoked)).toEqual({ batchItemFailures });
    expect(failed).toEqual(ids);
  }
  const letters = await parts.sqs.receiveAll(queue.deadLetterUrl, { expected: ids.length });
  expect(letters.map(({ id }) => id)).toEqual(ids);
  const problems = refusals.map(([, problem], at) => ({
    level: "error",
    messageId: ids[at],
    problem: expect.stringMatching(problem) as string,
  }));
  await eventually(() =>
    expect(told(fn, "doorbell-refused")).toMatchObject([...problems, ...problems]),
  );
  // The ring and the replay, once.
  const all = [...sequences(15), ...sequences(15, 13)];
  expect(sorted(orders.ended())).toEqual(sorted(all));
  expect(receipts(fn).map(({ acked }) => acked)).toEqual([10, 5, 3]);
});

test.concurrent("what is refused holds up what comes later in its message group, and no other group", async () => {
  const orders = await lane(parts, client, "BEHIND");
  const queue = await doorbell(parts, "BEHIND", { maxReceiveCount: 1, seconds: 15 });
  await using fn = orders.start();
  await using source = startEventSource(queue, fn);
  const refused = await queue.send('{"version":2,"kind":"replay"}', {}, "command");
  await eventually(() => expect(source.deliveries).toMatchObject([{ failed: [refused] }]));
  await orders.publish(3);
  const behind = await queue.send(" ", {}, "command");
  const ring = await queue.send(" ");
  await served(parts, queue, source, 3);
  const ids = source.deliveries.map(({ records }) => records.map(({ messageId }) => messageId));
  expect(ids).toEqual([[refused], [ring], [behind]]);
  await eventually(() => expect(receipts(fn).map(({ acked }) => acked)).toEqual([3, 0]));
});

test.concurrent("while NATS is down rings stay in the queue; when it is back they are served", async () => {
  await using own = await startParts();
  const orders = await lane(own, client, "DOWN");
  await orders.publish(20);
  const queue = await eventQueue(own.sqs, "DOWN.fifo", {
    visibilitySeconds: 6,
    maxReceiveCount: 20,
  });
  await using fn = orders.start({ timeoutMs: 6000 });
  await own.server.kill();
  await using source = startEventSource(queue, fn);
  for (let ring = 0; ring < 3; ring += 1) await queue.send(" ");
  await eventually(() => expect(source.deliveries.length).toBeGreaterThanOrEqual(1));
  await eventually(() => expect(stopsOf(fn)).toEqual(["broken"]));
  expect(source.deliveries[0]).toMatchObject({
    invoked: { kind: "returned" },
    failed: source.deliveries[0]!.records.map(({ messageId }) => messageId),
  });
  expect(await own.sqs.count(queue.url)).toBe(3);
  await own.server.restart();
  await eventually(async () => expect(await own.sqs.count(queue.url)).toBe(0));
  expect(sorted(orders.ended())).toEqual(sequences(20));
  expect(await own.sqs.count(queue.deadLetterUrl)).toBe(0);
  expect(fn.coldStarts).toBe(1);
});

test.concurrent("a ring whose process ended comes again, and finds a new one", async () => {
  const orders = await lane(parts, client, "ENDED");
  const queue = await doorbell(parts, "ENDED", { seconds: 6 });
  await using fn = orders.start({ timeoutMs: 4000, environment: QUICK_RETRY });
  await orders.publish(1, { hangs: true });
  await using source = startEventSource(queue, fn);
  const id = await queue.send(" ");
  await served(parts, queue, source, 2);
  expect(source.deliveries).toMatchObject([
    { records: [{ messageId: id }], invoked: { kind: "exited", code: 1 }, failed: [id] },
    {
      records: [{ messageId: id, attributes: { ApproximateReceiveCount: "2" } }],
      invoked: { kind: "returned", init: true },
      failed: [],
    },
  ]);
  expect(orders.ended()).toEqual([1]);
});

test.concurrent("a ring that comes twice, since its deletion was lost, is drained twice, and nothing is handled twice", async () => {
  const orders = await lane(parts, client, "DOUBLED");
  const queue = await doorbell(parts, "DOUBLED", { seconds: 6 });
  await using fn = orders.start({ timeoutMs: 6000 });
  await orders.publish(10);
  await using source = startEventSource(queue, fn);
  source.loseDeletions(1);
  const id = await queue.send(" ");
  await served(parts, queue, source, 2);
  expect(source.deliveries).toMatchObject([
    { records: [{ messageId: id }], failed: [] },
    { records: [{ messageId: id, attributes: { ApproximateReceiveCount: "2" } }], failed: [] },
  ]);
  await eventually(() => expect(receipts(fn).map(({ acked }) => acked)).toEqual([10, 0]));
  expect(stopsOf(fn)).toEqual(["idle", "idle"]);
  expect(sorted(orders.ended())).toEqual(sequences(10));
});

test.concurrent("rings under PAUSED are answered and gone; one after it finds everything", async () => {
  const orders = await lane(parts, client, "PAUSED");
  const queue = await doorbell(parts, "PAUSED");
  await orders.publish(10);
  await using paused = orders.start({ environment: { PAUSED: "true" } });
  const source = startEventSource(queue, paused);
  await queue.send(" ");
  await served(parts, queue, source, 1);
  await source.stop();
  expect(source.deliveries).toMatchObject([{ failed: [] }]);
  const reason = "PAUSED is set";
  await eventually(() =>
    expect(receipts(paused)).toMatchObject([{ stop: "paused", reason, pulled: 0, pending: 10 }]),
  );
  expect(orders.notes()).toEqual([]);
  await using fn = orders.start();
  await using after = startEventSource(queue, fn);
  await queue.send(" ");
  await served(parts, queue, after, 1);
  await eventually(() => expect(receipts(fn)).toMatchObject([{ stop: "idle", acked: 10 }]));
  expect(sorted(orders.ended())).toEqual(sequences(10));
});

test.concurrent("out of time with messages left it rings again, ten times in a row at most", async () => {
  const orders = await lane(parts, client, "HOPS");
  const queue = await doorbell(parts, "HOPS");
  await orders.publish(2000, { ms: 20 });
  await using fn = orders.start({
    timeoutMs: 2500,
    environment: { ...SLOW, DOORBELL_QUEUE_URL: queue.url },
  });
  await using source = startEventSource(queue, fn);
  // A wake that goes wrong on a busy machine leaves its ring in the queue, where it comes again as the same hop.
  const answered = (): readonly (string | undefined)[] =>
    source.deliveries
      .filter(({ failed }) => failed.length === 0)
      .map(({ records: [record] }) => record!.messageAttributes[HOPS_ATTRIBUTE]?.stringValue);
  const ringUntil = async (count: number): Promise<void> => {
    await queue.send(" ");
    await eventually(() => expect(answered().length).toBeGreaterThanOrEqual(count));
  };
  await ringUntil(11);
  await eventually(() => expect(told(fn, "backlog-left").length).toBe(1));
  expect(await parts.sqs.count(queue.url)).toBe(0);
  const counted = sequences(10).map(String);
  expect(answered()).toEqual([undefined, ...counted]);
  expect(told(fn, "rung-again").map((line) => String(line["hops"]))).toEqual(counted);
  const { ackPending, delayed, pending, released } = receipts(fn).at(-1)!;
  expect(pending).toBeGreaterThan(0);
  expect(told(fn, "backlog-left")).toMatchObject([
    { level: "warn", pending, released, ackPending, delayed },
  ]);
  // Nothing is left that would ring: somebody else's ring goes on, and counts anew.
  await ringUntil(13);
  expect(answered().slice(11, 13)).toEqual([undefined, "1"]);
});

test.concurrent("without a doorbell of its own it says what is left, and the next tick goes on", async () => {
  const orders = await lane(parts, client, "LEFT");
  await orders.publish(60, { ms: 50 });
  await using fn = orders.start({ timeoutMs: 2500, environment: SLOW });
  const first = valueOf<{ acked: number }>(await fn.invoke(SCHEDULER_TICK));
  expect(first).toMatchObject({ stop: "deadline", unconfirmed: 0, held: 0 });
  const consequence = "the next wake goes on";
  await eventually(() => expect(told(fn, "backlog-left")).toMatchObject([{ consequence }]));
  for (let ticks = 1; stopsOf(fn).at(-1) !== "idle"; ticks += 1) {
    expect(ticks).toBeLessThan(30);
    await fn.invoke(SCHEDULER_TICK);
  }
  expect(orders.ended()).toEqual(sequences(60));
  expect(told(fn, "rung-again")).toEqual([]);
});

test.concurrent("ticks of schedules and direct events wake it", async () => {
  const orders = await lane(parts, client, "EVENTS");
  await using fn = orders.start();
  const events = [
    null,
    {},
    SCHEDULER_TICK,
    RULE_TICK,
    { version: 1, kind: "ring" },
    { version: 1, kind: "ring", stream: "EVENTS", consumer: "EVENTS-handler" },
  ];
  for (const event of events) {
    await orders.publish(2);
    expect(valueOf(await fn.invoke(event))).toMatchObject({ stop: "idle", acked: 2 });
  }
  const replay = { version: 1, kind: "replay", startTime: "2020-01-01T00:00:00Z" };
  expect(valueOf(await fn.invoke(replay))).toMatchObject({
    stop: "idle",
    acked: 12,
    replay: { startTime: "2020-01-01T00:00:00Z", nextSequence: 13 },
  });
});

test.concurrent("an event that is none of these is refused with what was expected", async () => {
  const orders = await lane(parts, client, "UNKNOWN");
  await using fn = orders.start();
  await orders.publish(1);
  const expected =
    "expected a tick of EventBridge Scheduler or of a rule with a schedule, messages";
  const refusals: readonly (readonly [event: unknown, problem: string])[] = [
    ["ring", `given string, ${expected}`],
    [[], `given object, ${expected}`],
    [{ order: 7, paid: true }, `given an event with order, paid, ${expected}`],
    [{ Records: [] }, `given no records, ${expected}`],
    [{ Records: [{ EventSource: "aws:sns", Sns: {} }] }, `given a record 0 that is not of an SQS`],
    [{ ...RULE_TICK, source: "shop" }, "given an event with version, id, detail-type, source, acc"],
    [{ version: 2, kind: "ring" }, "given version 2, expected version 1"],
    [{ version: 1, kind: "ring", stream: "PAID" }, 'given stream "PAID", expected "UNKNOWN"'],
  ];
  for (const [at, [event, problem]] of refusals.entries()) {
    const refused = await fn.invoke(event);
    const text = expect.stringContaining(`event: ${problem}`) as string;
    expect(refused).toMatchObject({ kind: "threw", errorType: "Error", errorMessage: text });
    await eventually(() =>
      expect(told(fn, "event-refused")[at]).toMatchObject({ level: "error", problem: text }),
    );
  }
  expect(receipts(fn)).toEqual([]);
  expect(orders.notes()).toEqual([]);
});

/** One message at a time; half of so short an invocation is kept for settling. */
const SLOW = { CONCURRENCY: "1", NATS_TIMEOUT: "3s" };

/** What failed is tried again soon. */
const QUICK_RETRY = { RETRY_DELAY_MIN: "50ms", RETRY_DELAY_MAX: "100ms" };
