import fc from "fast-check";
import { expect, test } from "vitest";
import { retryDelayMs } from "../../../functions/bridge/core/retry-delay.ts";
import { Outage } from "../../../functions/bridge/run/outage.ts";
import { FakeClock } from "../../support/fake-clock.ts";

test("without an outage a call may be made at any time", () => {
  const clock = new FakeClock();
  const outage = new Outage(clock, retryDelayMs);
  expect(outage.isOn).toBe(false);
  expect(outage.lastedMs).toBe(0);
  expect(outage.until).toBeLessThan(clock.now());
});

test("an outage begins with a short pause, and is known by its last reason", async () => {
  const clock = new FakeClock();
  const outage = new Outage(clock, retryDelayMs);
  outage.goesOn("timeout");
  expect(outage.isOn).toBe(true);
  expect(outage.until).toBe(clock.now() + 100);
  await clock.advance(100);
  outage.goesOn("refused");
  expect(outage.reason).toBe("refused");
  expect(outage.lastedMs).toBe(100);
});

test("when the target answers, the outage is over and the next one starts afresh", async () => {
  const clock = new FakeClock();
  const outage = new Outage(clock, retryDelayMs);
  for (let round = 0; round < 10; round += 1) outage.goesOn("timeout");
  await clock.advance(60_000);
  outage.ends();
  expect([outage.isOn, outage.reason, outage.lastedMs, outage.until]).toEqual([
    false,
    "",
    0,
    Number.NEGATIVE_INFINITY,
  ]);
  outage.goesOn("timeout");
  expect([outage.lastedMs, outage.until - clock.now()]).toEqual([0, 100]);
});

test("pauses grow up to five seconds, and the time of an outage is counted from its start", async () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  await fc.assert(
    fc.asyncProperty(fc.array(chance, { minLength: 1, maxLength: 15 }), async (chances) => {
      const clock = new FakeClock();
      const outage = new Outage(clock, retryDelayMs);
      const startedAt = clock.now();
      for (const [round, random] of chances.entries()) {
        clock.chance = random;
        outage.goesOn("timeout");
        const pause = outage.until - clock.now();
        expect(pause).toBeGreaterThanOrEqual(Math.min(100 * 2 ** round, 5000) / 2);
        expect(pause).toBeLessThanOrEqual(Math.min(100 * 2 ** round, 5000));
        await clock.advance(pause);
        expect(outage.lastedMs).toBe(clock.now() - startedAt);
      }
    }),
    { numRuns: 30 },
  );
});
