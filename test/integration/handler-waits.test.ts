// Handlers of the user's on a real NATS server: what is put off, held by others, in order, or paused.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ask, ASKING, handlerRoute, receiptsOf } from "../support/handler-route.ts";
import { temporaryFolder } from "../support/leave-nothing.ts";
import { findNatsServer, isAtLeast } from "../support/nats-server.ts";
import { startReceiver } from "../support/receiver.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const LONG = 30_000;
const { version } = await findNatsServer();

const { operator, parts } = await partsOfFile();

describe("what is put off", () => {
  test.concurrent("is handled when its time has come, as the same message", async () => {
    const route = await handlerRoute(parts, operator, "LATER");
    await using receiver = await startReceiver(({ time }) => ({
      body: time === 1 ? { verdict: "retry", after: "3s" } : { verdict: "ack" },
    }));
    await route.publish(["new", { n: 1 }]);
    const settings = { ...ask(receiver.url), IDLE_TIMEOUT: "1s" };
    const receipts = await receiptsOf(
      route.start(ASKING, settings, ...Array<number>(5).fill(LONG)),
    );
    expect(receipts[0]).toMatchObject({ stop: "idle", retried: 1, delayed: 1 });
    expect(receipts.reduce((sum, { acked }) => sum + acked, 0)).toBe(1);
    expect(await route.left()).toEqual([0, 0]);
    const [first, second] = receiver.asked;
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(2999);
    expect(second?.key).toBe(first?.key);
    expect(receiver.asked.map(({ body }) => body["deliveryCount"])).toEqual([1, 2]);
  });

  test.concurrent("for an hour is no reason to wait, to fail or to stop, in this process and the next", async () => {
    const route = await handlerRoute(parts, operator, "HOUR");
    await using receiver = await startReceiver(() => ({ body: { verdict: "retry", after: "1h" } }));
    await route.publish(["new", {}]);
    const settings = { ...ask(receiver.url), TMPDIR: temporaryFolder() };
    const receipts = await receiptsOf(route.start(ASKING, settings, LONG, LONG));
    const [next] = await receiptsOf(route.start(ASKING, settings, LONG));
    expect([...receipts, next]).toMatchObject([
      { stop: "idle", pulled: 1, retried: 1, delayed: 1, ackPending: 1 },
      { stop: "idle", pulled: 0, retried: 0, delayed: 1, ackPending: 1 },
      { stop: "idle", pulled: 0, retried: 0, delayed: 1, ackPending: 1 },
    ]);
    expect(receiver.asked).toHaveLength(1);
  });

  test.concurrent("holds its group, where order is kept, and no other", async () => {
    const route = await handlerRoute(parts, operator, "GROUPS");
    const busy = new Set<unknown>();
    await using receiver = await startReceiver(async ({ body: { subject, text }, time }) => {
      expect(busy).not.toContain(subject);
      busy.add(subject);
      await sleep(20);
      busy.delete(subject);
      const isFirst = String(text) === '{"n":1}' && time === 1;
      return { body: isFirst ? { verdict: "retry", after: "700ms" } : { verdict: "ack" } };
    });
    const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
    await route.publish(...numbers.map((n) => [n % 2 === 1 ? "odd" : "even", { n }] as const));
    const settings = ask(receiver.url, { groupBy: "{subject.2}" });
    const [receipt] = await receiptsOf(route.start(ASKING, settings, LONG));
    expect(receipt).toMatchObject({ stop: "idle", acked: 8, retried: 0 });
    const handled = receiver.asked.map(({ body }) => JSON.parse(String(body["text"])).n as number);
    expect(handled.filter((n) => n % 2 === 1)).toEqual([1, 1, 3, 5, 7]);
    expect(handled.filter((n) => n % 2 === 0)).toEqual([2, 4, 6, 8]);
    // The others have not waited.
    expect(handled.indexOf(8)).toBeLessThan(handled.lastIndexOf(1));
  });
});

describe("nothing is handled", () => {
  test.concurrent("while PAUSED is set, or the consumer is paused on the server", async ({
    skip,
  }) => {
    const route = await handlerRoute(parts, operator, "PAUSED");
    await using receiver = await startReceiver();
    await route.publish(["new", {}]);
    const settings = ask(receiver.url);
    const [byUs] = await receiptsOf(route.start(ASKING, { ...settings, PAUSED: "true" }, LONG));
    expect(byUs).toMatchObject({ stop: "paused", reason: "PAUSED is set", pulled: 0, pending: 1 });
    skip(!isAtLeast(version, "2.11"), "pausing needs nats-server 2.11");
    const tomorrow = new Date(Date.now() + 86_400_000);
    await operator.jsm.consumers.pause(route.stream, route.consumer, tomorrow);
    const [byServer] = await receiptsOf(route.start(ASKING, settings, LONG));
    expect(byServer).toMatchObject({
      stop: "paused",
      reason: "the consumer is paused on the server",
      pulled: 0,
    });
    expect(receiver.asked).toEqual([]);
    await operator.jsm.consumers.resume(route.stream, route.consumer);
    const [resumed] = await receiptsOf(route.start(ASKING, settings, LONG));
    expect(resumed).toMatchObject({ stop: "idle", acked: 1 });
  });

  test.concurrent("of what somebody else holds, and the run does not call that idle", async () => {
    const route = await handlerRoute(parts, operator, "HELD", { consumer: { ack_wait: 60e9 } });
    await using receiver = await startReceiver();
    await route.publish(["new", {}]);
    const [held] = await operator.take(route.stream, route.consumer, 1);
    const settings = ask(receiver.url);
    const [receipt] = await receiptsOf(route.start(ASKING, settings, 4000));
    expect(receipt).toMatchObject({ stop: "deadline", pulled: 0, ackPending: 1, delayed: 0 });
    held?.respond("+ACK");
    await operator.nc.flush();
    const [after] = await receiptsOf(route.start(ASKING, settings, LONG));
    expect(after).toMatchObject({ stop: "idle", pulled: 0, ackPending: 0 });
    expect(receiver.asked).toEqual([]);
  });

  test.concurrent("of what another wake works on for long, which is no error of the invocation", async () => {
    const route = await handlerRoute(parts, operator, "BUSY");
    await using receiver = await startReceiver();
    await route.publish(["new", {}]);
    const [held] = await operator.take(route.stream, route.consumer, 1);
    const working = setInterval(() => held?.respond("+WPI"), 200);
    const { invocations } = await route.start(ASKING, ask(receiver.url), LONG).ended;
    clearInterval(working);
    expect(invocations).toMatchObject([
      { receipt: { stop: "blocked", elsewhere: 1, pulled: 0, pending: 0 } },
    ]);
    held?.respond("+ACK");
  });
});
