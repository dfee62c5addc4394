import { expect, test } from "vitest";
import type { DeadLetter } from "../../../cli/redrive/dead-letter.ts";
import type { Item } from "../../../cli/redrive/ports.ts";
import { senderOf } from "../../../cli/redrive/to-target.ts";
import type { Delivery, Outcome } from "../../../functions/bridge/core/outcome.ts";
import type { Message, Sink } from "../../../functions/bridge/core/ports.ts";
import { headers, utf8 } from "../../support/messages.ts";

const consumer = { stream: "ORDERS", consumer: "orders-to-sqs" } as Parameters<
  typeof senderOf
>[1]["consumer"];

function item(number: number, given: Partial<DeadLetter> = {}): Item {
  const letter: DeadLetter = {
    id: `ORDERS/${number}/1700`,
    origin: "ORDERS",
    streamSequence: number,
    timestampNanos: 1700n,
    subject: `orders.${number}`,
    reason: "too large",
    tries: 5,
    bytes: 1,
    ...given,
  };
  return { letter, content: { data: utf8("x"), headers: headers({ a: "1" }) } };
}

/** Takes two at a time; what it was given is kept. */
function sinkThat(answer: (batch: readonly Message[]) => Delivery): {
  sink: Sink;
  calls: Message[][];
} {
  const calls: Message[][] = [];
  const sink: Sink<Message> = {
    limits: { entries: 2, bytes: 1000, concurrency: 4 },
    ready: () => Promise.resolve(undefined),
    prepare: (message) =>
      message.streamSequence === 3 ? { rejected: "never", ...message } : message,
    size: () => 1,
    deliver(batch) {
      calls.push([...batch]);
      return Promise.resolve(answer(batch));
    },
  };
  return { sink, calls };
}

const ACCEPTED: Outcome = { kind: "accepted", receipt: "r" };
const STORED = { kind: "stored", where: "r", leftOut: [] };
const accept = (batch: readonly Message[]): Delivery => ({
  kind: "answered",
  outcomes: batch.map(() => ACCEPTED),
});

test("the message is what the bridge had, and travels in the target's batches", async () => {
  const { calls, sink } = sinkThat(accept);
  const sender = senderOf(sink, { consumer, origin: "ORDERS" }, 1000);
  const { sent, stop } = await sender.send([item(1), item(2), item(4, { stream: "MIRROR" })]);
  expect(stop).toBeUndefined();
  expect(sent).toEqual([STORED, STORED, STORED]);
  expect(calls.map((call) => call.map(({ streamSequence }) => streamSequence))).toEqual([
    [1, 2],
    [4],
  ]);
  expect(calls[0]![0]).toEqual({
    ...consumer,
    subject: "orders.1",
    streamSequence: 1,
    consumerSequence: 0,
    deliveryCount: 1,
    timestampNanos: 1700n,
    data: utf8("x"),
    headers: headers({ a: "1" }),
  });
  expect(calls[1]![0]).toMatchObject({ stream: "MIRROR" });
});

test("a function gets them one by one, since one may fail all others", () => {
  const { sink } = sinkThat(accept);
  const alone = { ...sink, limits: { ...sink.limits, aloneIsEvidence: true } };
  expect(senderOf(sink, { consumer, origin: "ORDERS" }, 1000).atOnce).toBe(2);
  expect(senderOf(alone, { consumer, origin: "ORDERS" }, 1000).atOnce).toBe(1);
});

test("what the target cannot take, and what came from another bridge, is not sent", async () => {
  const { calls, sink } = sinkThat(accept);
  const sender = senderOf(sink, { consumer, origin: "ORDERS" }, 1000);
  const { sent } = await sender.send([item(3), item(1, { origin: "OTHER" }), item(2)]);
  expect(sent).toEqual([
    { kind: "refused", reason: "never" },
    { kind: "refused", reason: expect.stringMatching(/OTHER.*ORIGIN_NAME/) as string },
    STORED,
  ]);
  expect(calls.flat()).toHaveLength(1);
});

test("only what was accepted counts as stored", async () => {
  const { sink } = sinkThat(() => ({
    kind: "answered",
    outcomes: [{ kind: "rejected", reason: "a" }],
  }));
  const sender = senderOf(sink, { consumer, origin: "ORDERS" }, 1000);
  expect((await sender.send([item(1), item(2)])).sent).toEqual([
    { kind: "refused", reason: "a" },
    { kind: "failed", reason: "no outcome" },
  ]);
});

test.each<[Delivery]>([
  [{ kind: "unavailable", reason: "down", stop: false, maybeTaken: true }],
  [{ kind: "answered", outcomes: [{ kind: "unknown", reason: "down" }], stop: "down" }],
])("a target that does not work ends it, and the rest is not sent: %j", async (delivery) => {
  const { calls, sink } = sinkThat(() => delivery);
  const sender = senderOf(sink, { consumer, origin: "ORDERS" }, 1000);
  const { sent, stop } = await sender.send([item(1), item(2), item(4)]);
  expect(stop).toBe("down");
  expect(sent[0]).toEqual({ kind: "failed", reason: "down" });
  expect(sent[2]).toEqual({ kind: "failed", reason: "not sent" });
  expect(calls).toHaveLength(1);
});
