import fc from "fast-check";
import { expect, test } from "vitest";
import { follow, type Queued, sendable } from "../../../functions/bridge/core/order.ts";

const NOW = 1000;

function queued(sequence: number, group: string | undefined, notBefore: number = 0): Queued {
  return { sequence, group, notBefore };
}

const sequencesOf = (items: readonly Queued[]): number[] => items.map(({ sequence }) => sequence);

test("of each group only the oldest may be sent", () => {
  const items = [queued(1, "a"), queued(2, "b"), queued(3, "a"), queued(4, "b"), queued(5, "c")];
  expect(sequencesOf(sendable(items, NOW))).toEqual([1, 2, 5]);
});

test("a message that waits holds its group, and no other", () => {
  const items = [queued(1, "a", NOW + 1), queued(2, "a"), queued(3, "b")];
  expect(sequencesOf(sendable(items, NOW))).toEqual([3]);
});

test("a message may be sent at the moment for which it waited", () => {
  expect(sequencesOf(sendable([queued(1, "a", NOW)], NOW))).toEqual([1]);
});

test("messages without a group hold nobody", () => {
  const items = [queued(1, undefined, NOW + 1), queued(2, undefined), queued(3, undefined)];
  expect(sequencesOf(sendable(items, NOW))).toEqual([2, 3]);
});

test("the group named by an empty text is a group", () => {
  expect(sequencesOf(sendable([queued(1, ""), queued(2, "")], NOW))).toEqual([1]);
});

const anyQueue = fc
  .array(
    fc.record({
      group: fc.option(fc.constantFrom("a", "b", "c", ""), { nil: undefined }),
      notBefore: fc.integer({ min: NOW - 2, max: NOW + 2 }),
    }),
    { maxLength: 30 },
  )
  .map((items) => items.map((item, sequence) => ({ ...item, sequence })));

test("whatever waits: one of a group at most, always its oldest, only in its time, all in stream order", () => {
  fc.assert(
    fc.property(anyQueue, (items) => {
      const ready = sendable(items, NOW);
      const isHead = (item: Queued): boolean =>
        item.group === undefined || items.find(({ group }) => group === item.group) === item;
      expect(ready).toEqual(items.filter((item) => isHead(item) && item.notBefore <= NOW));
    }),
  );
});

test("consumer sequences that go on without a gap are followed to the last", () => {
  expect(follow(7, [8, 9, 10])).toBe(10);
  expect(follow(7, [])).toBe(7);
});

test("a gap shows that something went to somebody else", () => {
  expect(follow(7, [9])).toBeUndefined();
  expect(follow(7, [8, 10])).toBeUndefined();
});

test("a sequence that comes again is no continuation", () => {
  expect(follow(7, [7])).toBeUndefined();
  expect(follow(7, [8, 8])).toBeUndefined();
});

test("exactly the contiguous sequences are followed", () => {
  const steps = fc.array(fc.constantFrom(1, 1, 1, 1, 0, 2, -1), { maxLength: 12 });
  fc.assert(
    fc.property(fc.nat(), steps, (last, differences) => {
      let next = last;
      const sequences = differences.map((difference) => (next += difference));
      const isContiguous = differences.every((difference) => difference === 1);
      expect(follow(last, sequences)).toBe(isContiguous ? last + sequences.length : undefined);
    }),
  );
});
