// What a handler has put off, and what another wake holds, told apart on a real NATS server: which rings are still needed.
import type { Msg } from "@nats-io/transport-node";
import type { StreamConfig } from "@nats-io/jetstream";
import { expect, test } from "vitest";
import type { Bridge } from "../../functions/bridge/bridge.ts";
import { systemClock } from "../../functions/bridge/clock.ts";
import { onMessage, retry } from "../../functions/bridge/handler.ts";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { Waker } from "../../functions/bridge/wake/wake.ts";
import { handlerBridge } from "../support/in-process.ts";
import { partsOfFile } from "../support/parts-of-file.ts";
import { record } from "../support/waking.ts";

const { operator, parts } = await partsOfFile();

const IDLE_MS = 200;

interface Given {
  readonly stream?: Partial<StreamConfig>;
  readonly ackWaitS: number;
}

interface Route {
  readonly bridge: Bridge;
  /** The next message, as another wake takes it. */
  readonly hold: () => Promise<Msg>;
  readonly run: () => Promise<Receipt>;
  /** Sequences, in the order in which they were handled. */
  readonly handled: readonly number[];
}

/** Puts the message with this sequence off for a minute, and handles the others. */
async function route(name: string, putOff: number, given: Given): Promise<Route> {
  await operator.stream(name, given.stream);
  await operator.consumer(name, "handler", { ack_wait: given.ackWaitS * 1e9 });
  const handled: number[] = [];
  const handler = onMessage(({ streamSequence }) => {
    if (streamSequence === putOff) return retry({ after: "60s" });
    handled.push(streamSequence);
    return undefined;
  });
  const bridge = handlerBridge(handler, {
    NATS_URL: parts.server.url,
    JETSTREAM_STREAM: name,
    JETSTREAM_CONSUMER: "handler",
    JETSTREAM_ACK_WAIT: `${given.ackWaitS}s`,
    CONSUMER_MANAGEMENT: "verify",
  });
  return {
    bridge,
    async hold() {
      const [held] = await operator.take(name, "handler", 1);
      return held ?? expect.fail("nothing to take");
    },
    run: () => bridge.attempt({ deadline: systemClock.now() + 5000, idleMs: IDLE_MS }),
    handled,
  };
}

test.concurrent.each<[string, Partial<StreamConfig>, (stream: string) => Promise<unknown>]>([
  ["deleted", {}, (stream) => operator.jsm.streams.deleteMessage(stream, 1)],
  ["purged", {}, (stream) => operator.jsm.streams.purge(stream, { seq: 2 })],
  ["replaced", { max_msgs_per_subject: 1 }, (stream) => operator.publish(`${stream}.a`, 1)],
])(
  "once a message that was put off is %s, what another wake holds is no longer taken for it",
  async (what, stream, drop) => {
    const name = what.toUpperCase();
    const { hold, run } = await route(name, 1, { stream, ackWaitS: 60 });
    await operator.publish(`${name}.a`, 1);
    expect(await run()).toMatchObject({ stop: "idle", retried: 1, delayed: 1, ackPending: 1 });
    await operator.publish(`${name}.b`, 1);
    await hold();
    await drop(name);
    const later = what === "replaced" ? 1 : 0;
    expect(await run()).toMatchObject({
      stop: "deadline",
      delayed: 0,
      ackPending: 1,
      acked: later,
    });
  },
);

test.concurrent("a ring is needed as long as anything is unsettled, even what passes for put off", async () => {
  const { bridge, handled, hold, run } = await route("INNER", 2, { ackWaitS: 60 });
  await operator.publish("INNER.a", 2);
  const held = await hold();
  expect(await run()).toMatchObject({ stop: "deadline", retried: 1, delayed: 1, ackPending: 2 });
  // Of one in the midst of others neither stream nor consumer shows that it is gone.
  await operator.jsm.streams.deleteMessage("INNER", 2);
  const waker = new Waker({
    bridge,
    clock: systemClock,
    now: Date.now,
    observe: () => undefined,
    served: { stream: "INNER", consumer: "handler" },
    idleMs: IDLE_MS,
    ringAgain: undefined,
    leastRunMs: 0,
  });
  const wake = (event: unknown): Promise<unknown> =>
    waker.wake(event, systemClock.now() + 5000, "an invocation");
  expect(await wake({})).toMatchObject({ stop: "idle", delayed: 1, ackPending: 1 });
  held.respond("-NAK");
  await operator.nc.flush();
  const Records = [record("an old one", { sentAt: Date.now() - 60_000 })];
  expect(await wake({ Records })).toEqual({ batchItemFailures: [] });
  expect(handled).toEqual([1]);
});
