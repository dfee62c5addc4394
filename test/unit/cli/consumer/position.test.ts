import { expect, test } from "vitest";
import {
  filterChange,
  isKept,
  type Position,
  type Retention,
} from "../../../../cli/consumer/position.ts";
import { areCovered } from "../../../../cli/subjects.ts";
import type { ConsumerAnswer } from "../../../../functions/bridge/source/api.ts";

const AT: Position = { ackFloor: 3, delivered: 7, pending: 9, unsettled: 4 };

const text = (
  before: readonly string[],
  after: readonly string[],
  retention: Retention = "limits",
  position: Position = AT,
): string => {
  const { danger = "", notes } = filterChange(before, after, position, retention);
  return [...notes, danger].join("\n");
};

test("a filter that stays means nothing", () => {
  expect(filterChange(["a"], ["a"], AT, "limits")).toEqual({ notes: [] });
  expect(filterChange([], [">"], AT, "interest")).toEqual({ notes: [] });
});

test("a wider one begins where the position is, and loses nothing", () => {
  for (const retention of ["limits", "interest", "unknown"] as const) {
    const { danger, notes } = filterChange(["a.b"], ["a.*"], AT, retention);
    expect(notes).toEqual([expect.stringContaining("from stream sequence 8 on")]);
    expect(danger).toBeUndefined();
  }
});

test("a narrower one: what is unsettled comes again, unless the stream may remove it", () => {
  expect(text([], ["a"])).toMatch(/not delivered any more\.\n4 unsettled come again/);
  expect(text([], ["a"], "workqueue")).toMatch(/stays in the stream.*\n4 unsettled come again/);
  expect(text([], ["a"], "interest")).toMatch(/is removed from the stream.*\n4 unsettled: where/);
  expect(text([], ["a"], "unknown")).toMatch(/may not read\.\n4 unsettled: where/);
  expect(text([], ["a"], "interest", { ...AT, unsettled: 0 })).not.toContain("unsettled");
});

test("another one is both", () => {
  expect(text(["a"], ["b"])).toMatch(/^What the new filter adds .*\nWhat the new filter does not/);
});

test.each<[readonly string[], readonly string[], boolean]>([
  [["a"], [], true],
  [[], ["a.>"], false],
  [[], [">"], true],
  [["a.b"], ["a.*"], true],
  [["a.>"], ["a.*"], false],
  [["a.*"], ["a.>"], true],
  [["a.b.>"], ["a.>"], true],
  [["a.>"], ["a.b.>"], false],
  [["a", "b"], ["b", "c", "a"], true],
  [["a", "d"], ["b", "c", "a"], false],
  [["*.b"], ["a.b"], false],
])("%j is within %j: %s", (filters, others, isCovered) => {
  expect(areCovered(filters, others)).toBe(isCovered);
});

test("a position is kept by the same consumer that has not gone back", () => {
  const at = (created: string, settled: number, delivered: number): ConsumerAnswer =>
    ({
      created,
      ack_floor: { stream_seq: settled },
      delivered: { stream_seq: delivered },
    }) as ConsumerAnswer;
  const before = at("10:00", 3, 7);
  expect(isKept(before, at("10:00", 3, 7))).toBe(true);
  expect(isKept(before, at("10:00", 5, 9))).toBe(true);
  expect(isKept(before, at("11:00", 3, 7))).toBe(false);
  expect(isKept(before, at("10:00", 0, 7))).toBe(false);
  expect(isKept(before, at("10:00", 3, 0))).toBe(false);
});
