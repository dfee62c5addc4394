import fc from "fast-check";
import { expect, test } from "vitest";
import { retryDelayMs } from "../../../functions/bridge/core/retry-delay.ts";

const delay = { minMs: 1000, maxMs: 120_000 };
const almostOne = 1 - Number.EPSILON;

test("the delay doubles with each failure up to the longest", () => {
  const delays = [1, 2, 3, 4, 7, 8, 9].map((failures) => retryDelayMs(failures, delay, almostOne));
  expect(delays).toEqual([1000, 2000, 4000, 8000, 64_000, 120_000, 120_000]);
});

test("chance takes up to half of it", () => {
  expect(retryDelayMs(5, delay, 0)).toBe(8000);
  expect(retryDelayMs(5, delay, 0.5)).toBe(12_000);
});

test("the delay is never shorter than the shortest", () => {
  expect(retryDelayMs(1, delay, 0)).toBe(1000);
  expect(retryDelayMs(0, delay, 0)).toBe(1000);
});

test("a thousand failures are no overflow", () => {
  expect(retryDelayMs(1000, delay, almostOne)).toBe(120_000);
});

const anyDelay = fc
  .tuple(fc.integer({ min: 1, max: 60_000 }), fc.nat(3_600_000))
  .map(([minMs, more]) => ({ minMs, maxMs: minMs + more }));
const anyFailures = fc.nat(100);
const anyChance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("every delay lies between shortest and longest, and is a whole number", () => {
  fc.assert(
    fc.property(anyFailures, anyDelay, anyChance, (failures, between, random) => {
      const ms = retryDelayMs(failures, between, random);
      expect(ms).toBeGreaterThanOrEqual(between.minMs);
      expect(ms).toBeLessThanOrEqual(between.maxMs);
      expect(Number.isInteger(ms)).toBe(true);
    }),
  );
});

test("with the same luck, one failure more never means a shorter delay", () => {
  fc.assert(
    fc.property(anyFailures, anyDelay, anyChance, (failures, between, random) => {
      expect(retryDelayMs(failures + 1, between, random)).toBeGreaterThanOrEqual(
        retryDelayMs(failures, between, random),
      );
    }),
  );
});

test("at least half of the full delay always goes by", () => {
  fc.assert(
    fc.property(anyFailures, anyDelay, anyChance, (failures, between, random) => {
      const full = retryDelayMs(failures, between, almostOne);
      expect(retryDelayMs(failures, between, random)).toBeGreaterThanOrEqual(Math.floor(full / 2));
    }),
  );
});
