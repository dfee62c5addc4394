// Messages that a stream still has, handled once more by a handler under AWS's own runtime client: commands in a doorbell,
// which is a real local queue behind an event source mapping.
import { expect, test } from "vitest";
import { sorted } from "../support/arrivals.ts";
import { startEventSource } from "../support/event-source.ts";
import { findRuntimeClient } from "../support/fetch-runtime-client.ts";
import { doubles, eventually, lane, type Lane, receipts, sequences } from "../support/lane.ts";
import { type Invoked, valueOf } from "../support/runtime-api.ts";
import { doorbell, served } from "../support/wake-sources.ts";
import { record, replayOf } from "../support/waking.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const { parts } = await partsOfFile();
const client = await findRuntimeClient();

const positionOf = async (one: Lane): Promise<object> => {
  const { ack_floor, delivered, num_ack_pending, num_pending } = await one.consumer();
  return {
    floor: ack_floor.stream_seq,
    delivered: delivered.stream_seq,
    num_ack_pending,
    num_pending,
  };
};

test.concurrent("a replay has its own receipt, leaves the durable position alone, and says what is gone", async () => {
  const orders = await lane(parts, client, "REPLAY");
  const queue = await doorbell(parts, "REPLAY");
  await using fn = orders.start();
  await orders.publish(30);
  await fn.invoke({});
  await orders.publish(10);
  await parts.manager.streams.purge("REPLAY", { seq: 21 });
  const before = await positionOf(orders);
  await using source = startEventSource(queue, fn);
  await queue.send('{"version":1,"kind":"replay","stream":"REPLAY","startSequence":11}');
  await served(parts, queue, source, 1);
  await eventually(() => expect(receipts(fn).length).toBe(2));
  expect(receipts(fn)[1]).toMatchObject({
    stop: "idle",
    acked: 20,
    replay: {
      startSequence: 11,
      consumer: expect.stringMatching(/^REPLAY-handler-replay-[\da-f]{12}$/) as string,
      firstSequence: 21,
      lastSequence: 40,
      gone: { from: 11, to: 20 },
      nextSequence: 41,
    },
  });
  expect(sorted(orders.ended())).toEqual(sorted([...sequences(30), ...sequences(40, 21)]));
  expect(await positionOf(orders)).toEqual(before);
  expect(before).toMatchObject({ floor: 30, delivered: 30, num_pending: 10 });
  // Its own consumer is gone, and a ring goes on where the durable one stands.
  const { total } = await parts.manager.streams
    .info("REPLAY")
    .then(({ state }) => ({ total: state.consumer_count }));
  expect(total).toBe(1);
  await queue.send(" ");
  await served(parts, queue, source, 2);
  await eventually(() => expect(receipts(fn).map(({ acked }) => acked)).toEqual([30, 20, 10]));
});

test.concurrent("a replay of a work queue is refused with the reason, and ends in the dead letters", async () => {
  const jobs = await lane(parts, client, "WORK", { stream: { retention: "workqueue" } });
  const queue = await doorbell(parts, "WORK", { maxReceiveCount: 1, seconds: 6 });
  await using fn = jobs.start({ timeoutMs: 6000 });
  await jobs.publish(5);
  await using source = startEventSource(queue, fn);
  const id = await queue.send('{"version":1,"kind":"replay","startSequence":1}');
  await served(parts, queue, source, 1);
  expect(source.deliveries).toMatchObject([{ failed: [id] }]);
  const letters = await parts.sqs.receiveAll(queue.deadLetterUrl, { expected: 1 });
  expect(letters).toMatchObject([{ id }]);
  const reason = expect.stringContaining("stream WORK is a work queue") as string;
  await eventually(() =>
    expect(receipts(fn)).toMatchObject([
      { stop: "unavailable", reason, pulled: 0, replay: { startSequence: 1 } },
    ]),
  );
  expect(jobs.notes()).toEqual([]);
  expect(await positionOf(jobs)).toMatchObject({ floor: 0, num_pending: 5 });
});

test.concurrent("the same replay delivered twice runs once", async () => {
  const orders = await lane(parts, client, "TWICE");
  const queue = await doorbell(parts, "TWICE", { seconds: 6 });
  await using fn = orders.start({ timeoutMs: 6000 });
  await orders.publish(10);
  await fn.invoke({});
  await using source = startEventSource(queue, fn);
  source.loseDeletions(1);
  const id = await queue.send('{"version":1,"kind":"replay","startSequence":6}');
  await served(parts, queue, source, 2);
  expect(source.deliveries).toMatchObject([
    { records: [{ messageId: id }], failed: [] },
    { records: [{ messageId: id }], invoked: { kind: "returned", init: false }, failed: [] },
  ]);
  expect(sorted(orders.ended())).toEqual(sorted([...sequences(10), ...sequences(10, 6)]));
  await eventually(() => expect(receipts(fn).map(({ acked }) => acked)).toEqual([10, 5]));
  // Another command with the same words is another replay.
  await queue.send('{"version":1,"kind":"replay","startSequence":6}');
  await served(parts, queue, source, 3);
  await eventually(() => expect(receipts(fn).map(({ acked }) => acked)).toEqual([10, 5, 5]));
});

test.concurrent("a replay that is cut short goes on where it was when its message comes again", async () => {
  const orders = await lane(parts, client, "CUT");
  const queue = await doorbell(parts, "CUT", { seconds: 6 });
  await orders.publish(24, { ms: 300 });
  await using quick = orders.start();
  expect(valueOf(await quick.invoke({}))).toMatchObject({ stop: "idle", acked: 24 });
  // All of it takes 6 s, and a run has half of its time for messages, or less.
  await using slow = orders.start({
    timeoutMs: 6000,
    environment: { CONCURRENCY: "1", NATS_TIMEOUT: "1s" },
  });
  await using source = startEventSource(queue, slow);
  const id = await queue.send('{"version":1,"kind":"replay","startSequence":5}');
  await served(parts, queue, source, 2);
  const last = source.deliveries.length;
  expect(source.deliveries.map(({ failed }) => failed)).toEqual(
    Array.from({ length: last }, (_, at) => (at + 1 < last ? [id] : [])),
  );
  await eventually(() => expect(receipts(slow).length).toBe(last));
  const runs = receipts(slow);
  expect(runs.map(({ stop }) => stop)).toEqual([...Array(last - 1).fill("deadline"), "idle"]);
  expect(new Set(runs.map(({ replay }) => replay?.consumer)).size).toBe(1);
  // Each goes on where the one before stood; how far it comes is up to the machine.
  const stood = runs.map(({ replay }) => replay?.nextSequence ?? 0);
  expect(stood).toEqual(sorted(stood));
  expect(stood.at(-1)).toBe(25);
  const again = orders.notes().filter(({ pid, what }) => pid === slow.pid && what === "end");
  expect([...new Set(again.map(({ sequence }) => sequence))]).toEqual(sequences(24, 5));
  expect(await positionOf(orders)).toMatchObject({ floor: 24, delivered: 24, num_ack_pending: 0 });
});

test.concurrent("a replay and a busy drain share the time of a wake, and both go on by themselves", async () => {
  const orders = await lane(parts, client, "SHARED", { ackWaitMs: 1000 });
  const queue = await doorbell(parts, "SHARED", { seconds: 10, maxReceiveCount: 3 });
  // More than one wake has time for.
  await orders.publish(350, { ms: 20 });
  const id = await queue.send('{"version":1,"kind":"replay","startSequence":1}');
  await queue.send(" ");
  await using fn = orders.start({
    timeoutMs: 8000,
    environment: { CONCURRENCY: "1", NATS_TIMEOUT: "300ms", DOORBELL_QUEUE_URL: queue.url },
  });
  await using source = startEventSource(queue, fn);
  await served(parts, queue, source, 2);
  const [drain, replay] = receipts(fn);
  expect([drain, replay]).toMatchObject([{ stop: "deadline" }, { stop: "deadline" }]);
  expect([drain?.replay, replay?.replay]).toMatchObject([undefined, { lastSequence: 350 }]);
  // By the clock it is half of it for each.
  expect(4 * replay!.acked).toBeGreaterThan(drain!.acked);
  // What goes on with the replay is the same command, and says whose it is.
  const going = source.deliveries[1]!.records.find(({ body }) => body.includes("replay"));
  expect(going).toMatchObject({
    body: '{"version":1,"kind":"replay","startSequence":1}',
    messageAttributes: {
      "jetstream-bridge-hops": { stringValue: "1" },
      "jetstream-bridge-replay": { stringValue: id },
    },
  });
  // One consumer, one end, and each message for the drain and for the replay.
  const replays = receipts(fn).filter((one) => one.replay);
  expect(new Set(replays.map((one) => one.replay?.consumer)).size).toBe(1);
  expect(replays.at(-1)).toMatchObject({ stop: "idle", replay: { nextSequence: 351 } });
  const [ended, twice] = [orders.ended(), doubles(orders.ended())];
  expect([sorted(new Set(ended)), sorted(new Set(twice))]).toEqual([
    sequences(350),
    sequences(350),
  ]);
  expect(await positionOf(orders)).toMatchObject({ floor: 350, num_pending: 0 });
  expect(await parts.sqs.count(queue.deadLetterUrl)).toBe(0);
});

test.concurrent("a message that ends the process is buried by a replay, too, and the others are handled", async () => {
  const orders = await lane(parts, client, "POISON", { ackWaitMs: 1000 });
  const deadUrl = await parts.sqs.createQueue("POISON-letters");
  await orders.publish(4);
  await orders.publish(1, { exits: true });
  await orders.publish(4);
  await using fn = orders.start({
    environment: { DEAD_LETTER_QUEUE_URL: deadUrl, MAXIMUM_RETRY_ATTEMPTS: "2" },
  });
  const command = { Records: [record("m-1", { body: replayOf(3) })] };
  const invoked: Invoked[] = [];
  do {
    invoked.push(await fn.invoke(command));
    expect(invoked.length).toBeLessThan(20);
  } while (invoked.at(-1)?.kind === "exited");
  expect(valueOf(invoked.at(-1)!)).toEqual({ batchItemFailures: [] });
  const [letter] = await parts.sqs.receiveAll(deadUrl, { expected: 1 });
  expect(letter?.attributes).toMatchObject({
    "nats-id": expect.stringMatching(/^POISON\/5\//) as string,
    "dead-letter-evidence": expect.stringMatching(
      /^failed 2 times on its own, 2 of them by ending the process/,
    ) as string,
  });
  expect(receipts(fn)).toMatchObject([
    { stop: "idle", buried: 1, replay: { lastSequence: 9, nextSequence: 10 } },
  ]);
  expect(sorted(new Set(orders.ended()))).toEqual([3, 4, 6, 7, 8, 9]);
  expect(await positionOf(orders)).toMatchObject({ floor: 0, delivered: 0, num_pending: 9 });
});

test.concurrent("a replay is done when what its handler has put off is handled, too", async () => {
  const orders = await lane(parts, client, "PUTOFF");
  const queue = await doorbell(parts, "PUTOFF", { seconds: 6 });
  await orders.publish(10);
  await orders.publish(2, { later: "5100ms" });
  await using fn = orders.start({ timeoutMs: 6000 });
  await using source = startEventSource(queue, fn);
  const id = await queue.send('{"version":1,"kind":"replay","startSequence":6}');
  await served(parts, queue, source, 2);
  expect(source.deliveries[0]).toMatchObject({ invoked: { kind: "returned" }, failed: [id] });
  expect(sorted(orders.ended())).toEqual(sequences(12, 6));
  expect(receipts(fn)[0]).toMatchObject({ stop: "idle", acked: 5, retried: 2, ackPending: 2 });
  expect(receipts(fn).at(-1)).toMatchObject({ stop: "idle", acked: 2, ackPending: 0 });
  expect(new Set(receipts(fn).map(({ replay }) => replay?.consumer)).size).toBe(1);
});
