import fc from "fast-check";
import { expect, test } from "vitest";
import { rfc3339 } from "../../../functions/bridge/map/time.ts";

test.each([
  [0n, "1970-01-01T00:00:00.000000000Z"],
  [1n, "1970-01-01T00:00:00.000000001Z"],
  [1_700_000_000_123_456_789n, "2023-11-14T22:13:20.123456789Z"],
  [1_709_164_799_999_999_999n, "2024-02-28T23:59:59.999999999Z"],
  [4_102_444_800_000_000_000n, "2100-01-01T00:00:00.000000000Z"],
])("%s ns is %s", (nanos, text) => {
  expect(rfc3339(nanos)).toBe(text);
});

test("no nanosecond is lost", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (nanos) => {
      const text = rfc3339(nanos);
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
      const seconds = BigInt(Date.parse(`${text.slice(0, 19)}Z`) / 1000);
      expect(seconds * 1_000_000_000n + BigInt(text.slice(20, 29))).toBe(nanos);
    }),
  );
});
