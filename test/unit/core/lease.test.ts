import fc from "fast-check";
import { expect, test } from "vitest";
import { isOurs, needsExtension } from "../../../functions/bridge/core/lease.ts";
import { held } from "../../support/messages.ts";

const anyTime = fc.integer({ min: 0, max: 100_000 });

test("a message is ours before its lease ends, and not at its end", () => {
  expect(isOurs(held(1, 30_000), 29_999)).toBe(true);
  expect(isOurs(held(1, 30_000), 30_000)).toBe(false);
});

test("with a margin a message stops being ours so much earlier", () => {
  expect(isOurs(held(1, 30_000), 24_999, 5000)).toBe(true);
  expect(isOurs(held(1, 30_000), 25_000, 5000)).toBe(false);
});

test("once a message is not ours, waiting does not make it so", () => {
  fc.assert(
    fc.property(anyTime, anyTime, anyTime, anyTime, (leaseUntil, now, margin, later) => {
      if (isOurs(held(1, leaseUntil), now + later, margin)) {
        expect(isOurs(held(1, leaseUntil), now, margin)).toBe(true);
      }
      expect(isOurs(held(1, leaseUntil), now, margin)).toBe(now + margin < leaseUntil);
    }),
  );
});

test("a lease is extended once less than two thirds of it are left", () => {
  expect(needsExtension(held(1, 30_000), 10_000, 30_000)).toBe(false);
  expect(needsExtension(held(1, 30_000), 10_001, 30_000)).toBe(true);
});

test("a fresh lease needs no extension, and one that is over always does", () => {
  fc.assert(
    fc.property(anyTime, fc.integer({ min: 1, max: 100_000 }), (now, ackWaitMs) => {
      expect(needsExtension(held(1, now + ackWaitMs), now, ackWaitMs)).toBe(false);
      expect(needsExtension(held(1, now), now, ackWaitMs)).toBe(true);
    }),
  );
});
