import fc from "fast-check";
import { expect, test } from "vitest";
import { batchFor, nextPace } from "../../../functions/bridge/core/pace.ts";
import { stopOf } from "../../../functions/bridge/core/stop.ts";

test("a run without a deadline pulls as much as it has room for", () => {
  expect(batchFor(500, Number.POSITIVE_INFINITY, undefined)).toBe(500);
  expect(batchFor(500, Number.POSITIVE_INFINITY, 1e9)).toBe(500);
});

test("a run that does not know its pace starts small", () => {
  expect(batchFor(500, 60_000, undefined)).toBe(10);
  expect(batchFor(4, 60_000, undefined)).toBe(4);
});

test("a run that knows its pace pulls what fits half of the time left", () => {
  expect(batchFor(500, 10_000, 50)).toBe(100);
  expect(batchFor(60, 10_000, 50)).toBe(60);
});

test("a run pulls nothing that it would not try", () => {
  expect(batchFor(500, 0, undefined)).toBe(0);
  expect(batchFor(500, -1, 50)).toBe(0);
  expect(batchFor(500, 99, 50)).toBe(0);
});

test("a pace too fast to be measured is no division by nothing", () => {
  expect(batchFor(500, 10_000, 0)).toBe(500);
});

const anyPace = fc.double({ min: 0, max: 10_000, noNaN: true });

test("never more than there is room and time for, and more time never means fewer", () => {
  fc.assert(
    fc.property(
      fc.nat(5000),
      fc.nat(900_000),
      anyPace,
      fc.nat(1000),
      (free, timeLeft, pace, more) => {
        const batch = batchFor(free, timeLeft, pace);
        expect(Number.isInteger(batch)).toBe(true);
        expect(batch).toBeGreaterThanOrEqual(0);
        expect(batch).toBeLessThanOrEqual(free);
        expect(batch * pace).toBeLessThanOrEqual(timeLeft);
        expect(batchFor(free, timeLeft + more, pace)).toBeGreaterThanOrEqual(batch);
      },
    ),
  );
});

test("the first round gives the pace, each later one moves it a quarter of the way", () => {
  expect(nextPace(undefined, 1000, 10)).toBe(100);
  expect(nextPace(100, 2000, 10)).toBe(125);
});

test("a round that delivered nothing says nothing about the pace", () => {
  expect(nextPace(undefined, 1000, 0)).toBeUndefined();
  expect(nextPace(100, 1000, 0)).toBe(100);
});

test("the pace stays between what it was and what the last round showed", () => {
  fc.assert(
    fc.property(
      anyPace,
      fc.nat(60_000),
      fc.integer({ min: 1, max: 1000 }),
      (before, ms, messages) => {
        const latest = ms / messages;
        const pace = nextPace(before, ms, messages) ?? Number.NaN;
        expect(pace).toBeGreaterThanOrEqual(Math.min(before, latest) * (1 - 1e-9));
        expect(pace).toBeLessThanOrEqual(Math.max(before, latest) * (1 + 1e-9));
      },
    ),
  );
});

test("what stays until somebody changes it is called unavailable, all else by its own name", () => {
  expect(stopOf("refused")).toBe("unavailable");
  expect(stopOf("broken")).toBe("broken");
  expect(stopOf("gone")).toBe("gone");
});
