import { describe, expect, test } from "vitest";
import { AbortError } from "../../../../functions/bridge/core/abort.ts";
import type { Delivery } from "../../../../functions/bridge/core/outcome.ts";
import type {
  HandlerDefinition,
  MessageHandler,
} from "../../../../functions/bridge/sinks/handler/definition.ts";
import { messageId } from "../../../../functions/bridge/map/message-id.ts";
import {
  type HandlerEntry,
  type HandlerSink,
  handlerSink,
  type HandlerSinkOptions,
} from "../../../../functions/bridge/sinks/handler/sink.ts";
import { reject, retry } from "../../../../functions/bridge/sinks/handler/verdict.ts";
import { FakeClock, settled } from "../../../support/fake-clock.ts";
import { services } from "../../../support/handled.ts";
import { message, utf8 } from "../../../support/messages.ts";

const first = entry("first", 1);
const second = entry("second", 2);

function entry(text: string, streamSequence: number): HandlerEntry {
  const one = message({ data: utf8(text), streamSequence });
  return { id: messageId("ORDERS", one), message: one };
}

interface Made {
  readonly sink: HandlerSink;
  readonly clock: FakeClock;
  /** Ends the handlers that have not ended, with what they return. */
  readonly end: (returned?: unknown) => void;
}

/** A sink whose handlers end when they are told to. */
function make(more: Partial<HandlerSinkOptions> = {}): Made {
  const clock = new FakeClock();
  const ends: ((returned: unknown) => void)[] = [];
  const run: MessageHandler = () => new Promise((resolve) => ends.push(resolve as never));
  const { log, publishTo } = services();
  const definition: HandlerDefinition = { kind: "one", handle: run, options: {} };
  const sink = handlerSink({
    definition,
    origin: "ORDERS",
    consumer: "c",
    batchSize: 1,
    concurrency: 4,
    clock,
    log,
    publishTo,
    ...more,
  });
  const end = (returned?: unknown): void => {
    for (const resolve of ends.splice(0)) resolve(returned);
  };
  return { sink, clock, end };
}

function batchOf(run: (texts: readonly string[]) => readonly unknown[]): Made {
  return make({
    batchSize: 10,
    definition: {
      kind: "batch",
      handle: (messages) => run(messages.map((one) => one.text())) as never,
      options: {},
    },
  });
}

/** What has come of it by now; undefined: nothing. */
async function sofar(delivery: Promise<Delivery>): Promise<Delivery | undefined> {
  await settled();
  return Promise.race([delivery, Promise.resolve(undefined)]);
}

const signal = new AbortController().signal;

test("a call has no limit but the batch, and what happens in it happens in this process", () => {
  const { sink } = make({ batchSize: 7, concurrency: 3 });
  expect(sink.limits).toEqual({
    entries: 7,
    bytes: Number.POSITIVE_INFINITY,
    concurrency: 3,
    aloneIsEvidence: true,
    sharesProcess: true,
  });
});

test("a handler is there at once, and takes every message", async () => {
  const { sink } = make({ origin: "HUB" });
  expect(await sink.ready(signal)).toBeUndefined();
  const prepared = sink.prepare(message({ streamSequence: 3, timestampNanos: 4n }));
  expect(prepared).toMatchObject({ id: "HUB/3/4" });
  expect(sink.size(first)).toBe(0);
});

test("one outcome for each message, in the order in which they were given", async () => {
  const { sink } = batchOf(() => [reject("no"), undefined]);
  expect(await sink.deliver([first, second], signal)).toEqual({
    kind: "answered",
    outcomes: [
      { kind: "rejected", reason: "no" },
      { kind: "accepted", receipt: second.id },
    ],
  });
});

test("what is put off says for how long", async () => {
  const { sink, end } = make();
  const delivery = sink.deliver([first], signal);
  end(retry({ after: "30s", reason: "busy" }));
  expect(await delivery).toEqual({
    kind: "answered",
    outcomes: [{ kind: "postponed", reason: "busy", afterMs: 30_000 }],
  });
});

test("what a handler does to the bytes of a message, the next try does not see", async () => {
  const seen: string[] = [];
  const handle: MessageHandler = (one) => {
    seen.push(Buffer.from(one.data).toString(), one.text());
    one.data.fill(0);
    throw new Error("boom");
  };
  const { sink } = make({ definition: { kind: "one", handle, options: {} } });
  for (let tries = 1; tries <= 2; tries += 1) await sink.deliver([first], signal);
  expect(seen).toEqual(Array(4).fill("first"));
  expect(first.message.data).toEqual(utf8("first"));
});

describe("when its time is up", () => {
  test("a handler has a moment for its last word", async () => {
    const { clock, end, sink } = make();
    const time = new AbortController();
    const delivery = sink.deliver([first], time.signal);
    time.abort(new AbortError(false));
    await clock.advance(29);
    expect(await sofar(delivery)).toBeUndefined();
    end();
    expect(await delivery).toMatchObject({ outcomes: [{ kind: "accepted" }] });
    expect(sink.zombies).toBe(0);
  });

  test("a handler that goes on has failed by not ending, and may have done its work", async () => {
    const { clock, end, sink } = make();
    const time = new AbortController();
    const delivery = sink.deliver([first], time.signal);
    await clock.advance(1500);
    time.abort(new AbortError(false));
    await clock.advance(30);
    expect(await delivery).toEqual({
      kind: "answered",
      outcomes: [
        {
          kind: "failed",
          reason: "the handler had not ended after 1.5 s, when its time was up",
          overran: true,
          maybeTaken: true,
        },
      ],
    });
    expect(sink.zombies).toBe(1);
    end();
    await settled();
    expect(sink.zombies).toBe(0);
  });

  test("a handler that is not asked to end may take as long as it likes", async () => {
    const { clock, end, sink } = make();
    const delivery = sink.deliver([first], signal);
    await clock.advance(3_600_000);
    expect(await sofar(delivery)).toBeUndefined();
    end();
    expect(await delivery).toMatchObject({ outcomes: [{ kind: "accepted" }] });
  });

  test("a call that comes too late has its moment, too", async () => {
    const { clock, sink } = make();
    const delivery = sink.deliver([first], AbortSignal.abort(new AbortError(false)));
    await clock.advance(30);
    expect(await delivery).toMatchObject({ outcomes: [{ kind: "failed", overran: true }] });
  });
});

test("when the ack wait has run out, nothing is said about the message, which may be somebody else's", async () => {
  const { clock, sink } = make();
  const lapsed = new AbortController();
  const delivery = sink.deliver([first], lapsed.signal);
  lapsed.abort(new AbortError(true));
  await clock.advance(30);
  expect(await delivery).toEqual({
    kind: "unavailable",
    reason: "the ack wait ran out while the handler was at work",
    stop: false,
    maybeTaken: true,
  });
  expect(sink.zombies).toBe(1);
});

describe("a message that is delivered again while its handler is at work", () => {
  test("is not handled a second time beside it, and the run ends", async () => {
    const { clock, sink } = make({ batchSize: 10 });
    const time = new AbortController();
    const delivery = sink.deliver([first], time.signal);
    time.abort(new AbortError(false));
    await clock.advance(30);
    await delivery;
    expect(await sink.deliver([second, first], signal)).toEqual({
      kind: "unavailable",
      reason: `an earlier execution of ${first.id} has not ended`,
      stop: true,
      maybeTaken: true,
    });
    expect(sink.zombies).toBe(1);
  });

  test("leaves the others of its batch free for another call", async () => {
    const { end, sink } = make();
    const one = sink.deliver([first], signal);
    await sink.deliver([second, first], signal);
    const other = sink.deliver([second], signal);
    end();
    expect(await one).toMatchObject({ kind: "answered" });
    expect(await other).toMatchObject({ kind: "answered" });
  });

  test("is handled again when that has ended", async () => {
    const { end, sink } = make();
    const delivery = sink.deliver([first], signal);
    end();
    await delivery;
    const again = sink.deliver([first], signal);
    end(reject("no"));
    expect(await again).toMatchObject({ outcomes: [{ kind: "rejected" }] });
  });
});

test("a handler that throws what has no text has failed all the same", async () => {
  const { sink } = batchOf(() => {
    throw Object.create(null) as Error;
  });
  expect(await sink.deliver([first], signal)).toMatchObject({ outcomes: [{ kind: "failed" }] });
  expect(sink.zombies).toBe(0);
});
