import { expect, test } from "vitest";
import { isGood, type Stop, stopOf } from "../../../functions/bridge/core/stop.ts";

test.each<[Stop, boolean]>([
  ["idle", true],
  ["deadline", true],
  ["paused", true],
  ["blocked", false],
  ["overlap", false],
  ["unavailable", false],
  ["broken", false],
  ["gone", false],
])("that a run stopped as %s is good: %s", (stop, good) => {
  expect(isGood({ stop })).toBe(good);
});

test.each([0, 1, 7])("that it found %i messages elsewhere is good", (elsewhere) => {
  expect(isGood({ stop: "blocked", elsewhere })).toBe(true);
});

test("a refusal of the source is called unavailable, all else what it is", () => {
  expect(["broken", "refused", "gone"].map((end) => stopOf(end as "refused"))).toEqual([
    "broken",
    "unavailable",
    "gone",
  ]);
});
