// Handlers do not wait for each other, nor for each other's acks.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../functions/bridge/clock.ts";
import { onMessage } from "../../functions/bridge/handler.ts";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { handlerBridge } from "../support/in-process.ts";
import { operate, type Operator } from "../support/jetstream.ts";
import { eventually } from "../support/lane.ts";
import { startNatsProxy } from "../support/nats-proxy.ts";
import { type RunningServer, startNatsServer } from "../support/nats-server.ts";

let server: RunningServer;
let operator: Operator;
beforeAll(async () => {
  server = await startNatsServer();
  operator = await operate(server.url);
});
afterAll(async () => {
  await operator.close();
  await server.stop();
});

async function given(
  stream: string,
  count: number,
  ackWaitS = 10,
): Promise<Record<string, string>> {
  await operator.stream(stream);
  await operator.consumer(stream, "handler", { ack_wait: ackWaitS * 1e9 });
  await operator.publish(`${stream}.a`, count);
  return {
    NATS_URL: server.url,
    JETSTREAM_STREAM: stream,
    JETSTREAM_CONSUMER: "handler",
    JETSTREAM_ACK_WAIT: `${ackWaitS}s`,
  };
}

test("one that is slow keeps no other from being pulled, handled and settled", async () => {
  const environment = await given("STUCK", 300);
  const released = Promise.withResolvers<void>();
  const stuck = onMessage(
    async ({ streamSequence }) => {
      if (streamSequence === 5) await released.promise;
    },
    { concurrency: 4 },
  );
  const deadline = systemClock.now() + 60_000;
  const run = handlerBridge(stuck, environment).attempt({ deadline, idleMs: 200 });
  await eventually(async () => {
    const { num_ack_pending, num_pending } = await operator.info("STUCK", "handler");
    expect({ num_ack_pending, num_pending }).toEqual({ num_ack_pending: 1, num_pending: 0 });
  });
  released.resolve();
  expect(await run).toMatchObject({ stop: "idle", pulled: 300, acked: 300, released: 0 });
});

test("acks that come together while others are on their way leave together", async () => {
  const count = 400;
  const oneWayMs = 20;
  const environment = await given("FAR", count);
  await using proxy = await startNatsProxy(server);
  proxy.setDelay(oneWayMs);
  const startedAt = systemClock.now();
  const receipt = await handlerBridge(
    onMessage(() => undefined),
    {
      ...environment,
      NATS_URL: proxy.url,
    },
  ).attempt({ deadline: startedAt + 60_000, idleMs: 200 });
  expect(receipt).toMatchObject({ stop: "idle", acked: count });
  // One after the other they would take a round trip each.
  expect(receipt.milliseconds).toBeLessThan((count * 2 * oneWayMs) / 2);
});

test("a group goes at the pace of its handler, also when the stream has no more", async () => {
  const count = 30;
  const environment = await given("GROUP", count);
  const ordered = onMessage(() => sleep(10), { groupBy: "{stream}" });
  const deadline = systemClock.now() + 20_000;
  const receipt = await handlerBridge(ordered, environment).attempt({ deadline, idleMs: 200 });
  expect(receipt).toMatchObject({ stop: "idle", acked: count });
  // Not as often as a pull may wait.
  expect(receipt.milliseconds).toBeLessThan(count * 100);
});

test("where order is kept, what the last run has given back is not waited for", async () => {
  const environment = await given("AGAIN", 40, 60);
  const slow = handlerBridge(
    onMessage(() => sleep(100), { groupBy: "{stream}" }),
    environment,
  );
  const attempt = (ms: number): Promise<Receipt> =>
    slow.attempt({ deadline: systemClock.now() + ms, idleMs: 200 });
  // Half of it is kept for settling; the other half is too short for them all.
  const first = await attempt(7000);
  expect(first.stop).toBe("deadline");
  expect(first.released).toBeGreaterThan(0);
  const next = await attempt(30_000);
  expect(next).toMatchObject({ stop: "idle", acked: 40 - first.acked });
  // The ack wait is a minute.
  expect(next.milliseconds).toBeLessThan(30_000);
});
