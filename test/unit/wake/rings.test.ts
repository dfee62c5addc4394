import fc from "fast-check";
import { expect, test } from "vitest";
import { isStale } from "../../../functions/bridge/wake/rings.ts";

/** As far as the clocks of AWS and of ours may be apart. */
const MARGIN = 5000;
const at = 1_700_000_000_000;

test("a ring from long before the empty pull has been answered by it", () => {
  expect(isStale(at - MARGIN - 1, at)).toBe(true);
});

test.each([
  ["within the margin of two clocks", at - MARGIN],
  ["at the same time", at],
  ["later", at + 1],
])("a ring %s has not", (_when, sentAt) => {
  expect(isStale(sentAt, at)).toBe(false);
});

test("where a time is unknown, nothing is taken for answered", () => {
  expect(isStale(undefined, at)).toBe(false);
  expect(isStale(at - 3_600_000, undefined)).toBe(false);
  expect(isStale(undefined, undefined)).toBe(false);
});

test("a ring is never stale that was rung after the pull had left, however far the clocks are apart within the margin", () => {
  const skew = fc.integer({ min: -MARGIN, max: MARGIN });
  fc.assert(
    fc.property(fc.nat(), fc.nat(), skew, (pullAt, laterMs, skewMs) => {
      expect(isStale(pullAt + laterMs + skewMs, pullAt)).toBe(false);
    }),
  );
});

test("an older ring is stale wherever a younger one is, and a later pull makes no ring young again", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), fc.nat(), (sentAt, pullAt, olderMs, laterMs) => {
      if (!isStale(sentAt, pullAt)) return;
      expect(isStale(sentAt - olderMs, pullAt)).toBe(true);
      expect(isStale(sentAt, pullAt + laterMs)).toBe(true);
    }),
  );
});
