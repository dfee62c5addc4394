import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../../functions/bridge/core/duration.ts";

test.each([
  ["0", 0],
  ["0s", 0],
  ["30s", 30_000],
  ["5m", 300_000],
  ["1m30s", 90_000],
  ["1h0m5s", 3_605_000],
  ["1.5s", 1500],
  ["500ms", 500],
  ["250us", 0.25],
  ["250µs", 0.25],
  ["1000000ns", 1],
  ["2d", 172_800_000],
])("%s is %d milliseconds", (text, milliseconds) => {
  expect(parseDuration(text)).toBeCloseTo(milliseconds, 9);
});

test.each(["", "30", "s", "-5s", "5 s", "5S", "1e3s", ".5s", "5.s", "5m30", "soon", "5min", "1w"])(
  "'%s' is no duration",
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test("durations add up, unit by unit", () => {
  const unit = fc.constantFrom(
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000],
    ["ms", 1],
  ) as fc.Arbitrary<[string, number]>;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9999), unit), { minLength: 1, maxLength: 4 }), (parts) => {
      const text = parts.map(([amount, [name]]) => `${amount}${name}`).join("");
      const sum = parts.reduce((all, [amount, [, ms]]) => all + amount * ms, 0);
      expect(parseDuration(text)).toBe(sum);
    }),
  );
});

test.each(["500ms", "59s", "1m", "2m30s"])("%s is written as it is read", (text) => {
  expect(formatDuration(parseDuration(text)!)).toBe(text);
});
