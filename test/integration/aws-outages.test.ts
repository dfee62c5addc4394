// While AWS takes nothing at all: nothing is lost or buried, the bridge says so, and does not hammer at the door.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import {
  arrivedTwice,
  expectArrivals,
  expectEqualRetries,
  expectGoodEnd,
} from "../support/arrivals.ts";
import { startAwsFaultProxy } from "../support/aws-fault-proxy.ts";
import { readiness, SOON } from "../support/bridge-settings.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const { parts } = await partsOfFile();

// Side by side: all of it is waiting.
describe.concurrent("while SQS takes nothing", () => {
  test("the endpoint is down for 20 seconds", async () => {
    const route = await parts.route("down", { deadLetters: true });
    await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
    await route.publish(2000);
    const inTheMiddle = Promise.withResolvers<void>();
    proxy.script(({ number }) => {
      if (number === 100) inTheMiddle.resolve();
      return undefined;
    });
    await using bridge = route.start({ ...SOON, AWS_ENDPOINT_URL: proxy.endpoint });
    await inTheMiddle.promise;
    expect((await readiness(bridge)).status).toBe(200);
    await proxy.down();
    await bridge.waitFor("target-unavailable");
    await sleep(5000);
    const callsBefore = bridge.receipts().at(-1)!.calls;
    await sleep(14_000);
    expect(await readiness(bridge)).toMatchObject({
      status: 503,
      reason: expect.stringContaining("ECONNREFUSED") as string,
    });
    await sleep(1000);
    // Measured: 4 or 5 calls in 15 seconds; the pauses have grown to five seconds by then.
    const calls = bridge.receipts().at(-1)!.calls - callsBefore;
    expect(calls).toBeGreaterThan(1);
    expect(calls).toBeLessThan(10);
    await proxy.up();
    await bridge.waitFor("target-available");
    expect((await readiness(bridge)).status).toBe(200);
    await route.drained();
    await expectGoodEnd(bridge);

    const arrived = await expectArrivals(parts, route, 2000);
    expect(await parts.sqs.count(route.deadLetterUrl)).toBe(0);
    expect(arrivedTwice(arrived).length).toBeLessThanOrEqual(160);
    expectEqualRetries(proxy, route);
  });

  test("all calls are refused for eight seconds, in order (fifo)", async () => {
    const route = await parts.route("refused", { fifo: true, deadLetters: true });
    await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
    let [from, to] = [Infinity, Infinity];
    proxy.script(({ number, at }) => {
      if (number === 20) [from, to] = [at, at + 8000];
      return at >= from && at < to
        ? { kind: "error", status: 503, code: "ServiceUnavailable" }
        : undefined;
    });
    await route.publish(1000);
    await using bridge = route.start({ ...SOON, AWS_ENDPOINT_URL: proxy.endpoint });
    await bridge.waitFor("target-unavailable");
    expect(await readiness(bridge)).toMatchObject({
      status: 503,
      reason: expect.stringContaining("HTTP 503") as string,
    });
    await route.drained();
    expect((await readiness(bridge)).status).toBe(200);
    await expectGoodEnd(bridge);
    // Measured: 8 calls in 8 seconds.
    expect(proxy.batches.filter(({ fault }) => fault).length).toBeLessThan(16);
    await expectArrivals(parts, route, 1000);
    expect(await parts.sqs.count(route.deadLetterUrl)).toBe(0);
    expectEqualRetries(proxy, route);
  });

  test.each(["standard", "fifo"])(
    "every entry of every call fails for five seconds, which is evidence against none (%s)",
    async (kind) => {
      const route = await parts.route(`none-${kind}`, { fifo: kind === "fifo", deadLetters: true });
      await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
      let [from, to] = [Infinity, Infinity];
      proxy.script(({ number, at, entries }) => {
        if (number === 20) [from, to] = [at, at + 5000];
        if (at < from || at >= to) return undefined;
        const failed = entries.map(
          ({ Id }) => [Id, { code: "InternalError", sender: false }] as const,
        );
        return { kind: "entries", failed: Object.fromEntries(failed) };
      });
      await route.publish(1000);
      await using bridge = route.start({ ...SOON, AWS_ENDPOINT_URL: proxy.endpoint });
      await route.drained();
      await expectGoodEnd(bridge);
      // Measured: 102 and 14 calls; if each message went its own way there would be thousands.
      expect(proxy.batches.filter(({ fault }) => fault).length).toBeLessThan(
        route.isFifo ? 50 : 250,
      );
      const arrived = await expectArrivals(parts, route, 1000);
      expect(arrivedTwice(arrived)).toEqual([]);
      expect(await parts.sqs.count(route.deadLetterUrl)).toBe(0);
      expectEqualRetries(proxy, route);
    },
  );
});
