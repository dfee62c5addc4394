// Messages that a stream still has, handled once more on a real NATS server: the durable consumer stays where it is.
import { expect, test } from "vitest";
import { ASKING, type HandlerRoute, handlerRoute } from "../support/handler-route.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const LONG = 30_000;

const { operator, parts } = await partsOfFile();

const call = (
  requestId: string,
  start: object,
): { granted: number; event: object; requestId: string } => ({
  granted: LONG,
  event: { version: 1, kind: "replay", ...start },
  requestId,
});

async function publish(route: HandlerRoute, count: number): Promise<void> {
  await route.publish(...Array.from({ length: count }, (_, at) => ["a", { n: at + 1 }] as const));
}

/** The stream sequences of what was handled, in this order. */
function handled({ asked }: Receiver): readonly number[] {
  return asked.map(({ key }) => Number(key.split("/")[1]));
}

/** Where the durable consumer stands. */
async function position({ consumer, stream }: HandlerRoute): Promise<object> {
  const { ack_floor, delivered, num_pending } = await operator.info(stream, consumer);
  const { stream_seq, consumer_seq } = ack_floor;
  const at = { stream: delivered.stream_seq, consumer: delivered.consumer_seq };
  return { settled: [stream_seq, consumer_seq], delivered: [at.stream, at.consumer], num_pending };
}

async function consumersOf({ stream }: HandlerRoute): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of operator.jsm.consumers.list(stream)) names.push(name);
  return names;
}

/** As a time of the server is written. */
async function storedAt({ stream }: HandlerRoute, seq: number): Promise<string> {
  const stored = await operator.jsm.streams.getMessage(stream, { seq });
  return stored!.timestamp;
}

const settings = (receiver: Receiver): Readonly<Record<string, string>> => ({
  ASK_URL: receiver.url,
  CONCURRENCY: "1",
});

test.concurrent("from a sequence: to the end of the stream, under the same ids, with a receipt of its own", async () => {
  const route = await handlerRoute(parts, operator, "SEQUENCE");
  // What is stored while it goes on is not part of it.
  await using receiver = await startReceiver(async ({ time }) => {
    if (time === 2) await publish(route, 1);
    return {};
  });
  await publish(route, 6);
  const calls = [LONG, call("r-1", { startSequence: 4 })];
  const { invocations } = await route.start(ASKING, settings(receiver), ...calls).ended;
  expect(invocations[0]?.receipt).toMatchObject({ stop: "idle", acked: 6 });
  expect(invocations[0]?.receipt).not.toHaveProperty("replay");
  expect(invocations[1]?.receipt).toMatchObject({
    stop: "idle",
    pulled: 3,
    acked: 3,
    pending: 0,
    ackPending: 0,
    replay: {
      startSequence: 4,
      consumer: expect.stringMatching(/^SEQUENCE-handler-replay-[0-9a-f]{12}$/),
      firstSequence: 1,
      lastSequence: 6,
      nextSequence: 7,
    },
  });
  expect(handled(receiver)).toEqual([1, 2, 3, 4, 5, 6, 4, 5, 6]);
  const keys = receiver.asked.map(({ key }) => key);
  expect(keys.slice(6)).toEqual(keys.slice(3, 6));
  expect(await position(route)).toEqual({ settled: [6, 6], delivered: [6, 6], num_pending: 3 });
  expect(await consumersOf(route)).toEqual([route.consumer]);
});

test.concurrent("from a time: the durable consumer, which has not begun, begins where it would have", async () => {
  const route = await handlerRoute(parts, operator, "TIME");
  await using receiver = await startReceiver();
  await publish(route, 6);
  const startTime = await storedAt(route, 5);
  const calls = [call("r-1", { startTime }), LONG];
  const { invocations } = await route.start(ASKING, settings(receiver), ...calls).ended;
  expect(invocations[0]?.receipt).toMatchObject({ stop: "idle", acked: 2, replay: { startTime } });
  expect(invocations[1]?.receipt).toMatchObject({ stop: "idle", acked: 6, duplicates: 0 });
  expect(handled(receiver)).toEqual([5, 6, 1, 2, 3, 4, 5, 6]);
  expect(await position(route)).toEqual({ settled: [6, 6], delivered: [6, 6], num_pending: 0 });
  expect(await consumersOf(route)).toEqual([route.consumer]);
});

test.concurrent("says what is gone of what was asked for, and handles the rest", async () => {
  const route = await handlerRoute(parts, operator, "GONE");
  await using receiver = await startReceiver();
  await publish(route, 6);
  await operator.jsm.streams.purge(route.stream, { seq: 5 });
  const calls = [call("r-1", { startSequence: 2 }), call("r-2", { startSequence: 7 })];
  const { invocations } = await route.start(ASKING, settings(receiver), ...calls).ended;
  expect(invocations[0]?.receipt).toMatchObject({
    stop: "idle",
    acked: 2,
    replay: { startSequence: 2, firstSequence: 5, lastSequence: 6, gone: { from: 2, to: 4 } },
  });
  // Behind the end there is nothing, which is no error.
  expect(invocations[1]?.receipt).toMatchObject({
    stop: "idle",
    pulled: 0,
    replay: { nextSequence: 7 },
  });
  expect(handled(receiver)).toEqual([5, 6]);
});

test.concurrent("is refused on a work queue, where it would take messages away", async () => {
  const route = await handlerRoute(parts, operator, "WORK", { stream: { retention: "workqueue" } });
  await using receiver = await startReceiver();
  await publish(route, 2);
  const calls = [call("r-1", { startSequence: 1 }), LONG];
  const { invocations, stdout } = await route.start(ASKING, settings(receiver), ...calls).ended;
  expect(invocations[0]).toMatchObject({
    error:
      "Error: the run stopped as unavailable: stream WORK is a work queue: what is settled is deleted, and what is not belongs to one consumer, so there is nothing to replay",
  });
  expect(stdout).toMatch(/"event":"receipt","stop":"unavailable".*"replay":\{"startSequence":1,/);
  expect(invocations[1]?.receipt).toMatchObject({ stop: "idle", acked: 2 });
  expect(await consumersOf(route)).toEqual([route.consumer]);
});
