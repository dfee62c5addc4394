import fc from "fast-check";
import { expect, test } from "vitest";
import type { SinkLimits } from "../../../functions/bridge/core/ports.ts";
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

test.each([100, Number.POSITIVE_INFINITY])(
  "a suspect travels alone where a call may take %d bytes",
  (bytes) => {
    const isSuspect = (item: number): boolean => item === 2;
    const calls = pack([1, 1, 2, 1, 1], { entries: 9, bytes, concurrency: 9 }, size, isSuspect);
    expect(calls).toEqual([[1, 1], [2], [1, 1]]);
  },
);

test("without items there are no calls", () => {
  expect(pack([], limits, size)).toEqual([]);
});

interface Item {
  readonly bytes: number;
  readonly isSuspect: boolean;
  readonly position: number;
}

const anyItems: fc.Arbitrary<readonly Item[]> = fc
  .array(fc.record({ bytes: fc.nat(120), isSuspect: fc.boolean() }), { maxLength: 60 })
  .map((items) => items.map((item, position) => ({ ...item, position })));
const anyLimits = fc.record({
  entries: fc.integer({ min: 1, max: 12 }),
  bytes: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(Number.POSITIVE_INFINITY)),
  concurrency: fc.integer({ min: 1, max: 8 }),
});

function packed(items: readonly Item[], limit: SinkLimits): readonly (readonly Item[])[] {
  return pack(
    items,
    limit,
    ({ bytes }) => bytes,
    ({ isSuspect }) => isSuspect,
  );
}

test("packed and left are all there was, each once, in their order", () => {
  fc.assert(
    fc.property(anyItems, anyLimits, (items, limit) => {
      const all = packed(items, limit).flat();
      expect(all).toEqual(items.slice(0, all.length));
    }),
  );
});

test("no call is empty or beyond a limit, except for one item that is too large by itself", () => {
  fc.assert(
    fc.property(anyItems, anyLimits, (items, limit) => {
      const calls = packed(items, limit);
      expect(calls.length).toBeLessThanOrEqual(limit.concurrency);
      for (const call of calls) {
        const bytes = call.reduce((sum, item) => sum + item.bytes, 0);
        expect(call.length).toBeGreaterThan(0);
        expect(call.length).toBeLessThanOrEqual(limit.entries);
        expect(call.length === 1 || bytes <= limit.bytes).toBe(true);
      }
    }),
  );
});

test("a suspect is alone in its call, whatever the limits", () => {
  fc.assert(
    fc.property(anyItems, anyLimits, (items, limit) => {
      const shared = packed(items, limit).filter(({ length }) => length > 1);
      expect(shared.flat().filter(({ isSuspect }) => isSuspect)).toEqual([]);
    }),
  );
});

test("something is left only when all calls are taken and the next item fits none", () => {
  fc.assert(
    fc.property(anyItems, anyLimits, (items, limit) => {
      const calls = packed(items, limit);
      const next = items[calls.flat().length];
      if (!next) return;
      const last = calls.at(-1) ?? [];
      const bytes = last.reduce((sum, item) => sum + item.bytes, next.bytes);
      const isFull = last.length === limit.entries || bytes > limit.bytes;
      expect(calls).toHaveLength(limit.concurrency);
      expect(isFull || [next, ...last].some(({ isSuspect }) => isSuspect)).toBe(true);
    }),
  );
});
