import fc from "fast-check";
import { expect, test } from "vitest";
import { pack } from "../../../functions/bridge/core/packing.ts";

const size = (item: number): number => item;
const limits = { entries: 3, bytes: 100, concurrency: 2 };

test("entries travel together until a call is full", () => {
  expect(pack([1, 2, 3, 4], limits, size)).toEqual([[1, 2, 3], [4]]);
});

test("a call takes exactly as many bytes as it may", () => {
  expect(pack([60, 40, 1], limits, size)).toEqual([[60, 40], [1]]);
  expect(pack([60, 41], limits, size)).toEqual([[60], [41]]);
});

test("what does not fit into the calls is left", () => {
  expect(pack([1, 2, 3, 4, 5, 6, 7], limits, size)).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
});

test("a small one does not overtake a large one that has to wait", () => {
  expect(pack([90, 90, 90, 1], limits, size)).toEqual([[90], [90]]);
});

test("one that is too large travels alone", () => {
  expect(pack([10, 101, 10], { ...limits, concurrency: 3 }, size)).toEqual([[10], [101], [10]]);
});

test("without items there are no calls", () => {
  expect(pack([], limits, size)).toEqual([]);
});

const anyItems = fc
  .array(fc.nat(120), { maxLength: 60 })
  .map((sizes) => sizes.map((bytes, position) => ({ bytes, position })));
const anyLimits = fc.record({
  entries: fc.integer({ min: 1, max: 12 }),
  bytes: fc.integer({ min: 1, max: 300 }),
  concurrency: fc.integer({ min: 1, max: 8 }),
});

test("packed and left are all there was, each once, in their order", () => {
  fc.assert(
    fc.property(anyItems, anyLimits, (items, anyLimit) => {
      const packed = pack(items, anyLimit, ({ bytes }) => bytes).flat();
      expect(packed).toEqual(items.slice(0, packed.length));
    }),
  );
});

test("no call is empty or beyond a limit, except for one item that is too large by itself", () => {
  fc.assert(
    fc.property(anyItems, anyLimits, (items, anyLimit) => {
      const calls = pack(items, anyLimit, ({ bytes }) => bytes);
      expect(calls.length).toBeLessThanOrEqual(anyLimit.concurrency);
      for (const call of calls) {
        const bytes = call.reduce((sum, item) => sum + item.bytes, 0);
        expect(call.length).toBeGreaterThan(0);
        expect(call.length).toBeLessThanOrEqual(anyLimit.entries);
        expect(call.length === 1 || bytes <= anyLimit.bytes).toBe(true);
      }
    }),
  );
});

test("something is left only when all calls are taken and the next item fits none", () => {
  fc.assert(
    fc.property(anyItems, anyLimits, (items, anyLimit) => {
      const calls = pack(items, anyLimit, ({ bytes }) => bytes);
      const next = items[calls.flat().length];
      if (!next) return;
      const last = calls.at(-1) ?? [];
      const bytes = last.reduce((sum, item) => sum + item.bytes, next.bytes);
      expect(calls).toHaveLength(anyLimit.concurrency);
      expect(last.length === anyLimit.entries || bytes > anyLimit.bytes).toBe(true);
    }),
  );
});
