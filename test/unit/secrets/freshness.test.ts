import fc from "fast-check";
import { expect, test } from "vitest";
import {
  isExpired,
  isStale,
  KEPT_MS,
  type Known,
  PAUSE_MS,
  renewalAt,
} from "../../../functions/bridge/secrets/freshness.ts";

const NOW = 1_800_000_000_000;

function known(more: Partial<Known> = {}): Known {
  return { readAt: NOW, triedAt: NOW, expiresAt: undefined, ...more };
}

test("what does not expire is kept for five minutes", () => {
  expect(isStale(known(), NOW + KEPT_MS - 1)).toBe(false);
  expect(isStale(known(), NOW + KEPT_MS)).toBe(true);
  expect(renewalAt(known())).toBeUndefined();
});

test("what expires is worth reading again at 80 % of the life that was left", () => {
  const expiring = known({ expiresAt: NOW + 100_000 });
  expect(renewalAt(expiring)).toBe(NOW + 80_000);
  expect(isStale(expiring, NOW + 79_999)).toBe(false);
  expect(isStale(expiring, NOW + 80_000)).toBe(true);
});

test("what has expired is read again before each connection, however short ago that was tried", () => {
  const expired = known({ expiresAt: NOW + 1, triedAt: NOW + 1 });
  expect(isExpired(expired, NOW)).toBe(false);
  expect(isExpired(expired, NOW + 1)).toBe(true);
  expect(isStale(expired, NOW + 1)).toBe(true);
  expect(renewalAt(expired)).toBeUndefined();
});

test("after a try that failed, wakes in between do not try again", () => {
  const failed = known({ triedAt: NOW + KEPT_MS });
  expect(isStale(failed, NOW + KEPT_MS + PAUSE_MS - 1)).toBe(false);
  expect(isStale(failed, NOW + KEPT_MS + PAUSE_MS)).toBe(true);
});

test("a clock that was set back proves nothing", () => {
  expect(isStale(known(), NOW - 1)).toBe(true);
});

test("however long a life, its tries come closer to its end, and are few", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 * 86_400_000 }), (life) => {
      const expiresAt = NOW + life;
      let tries = 0;
      let at: number | undefined = NOW;
      for (; at !== undefined && at < expiresAt; tries += 1) {
        const next = renewalAt(known({ expiresAt, triedAt: at }));
        if (next !== undefined) expect(next - at).toBeGreaterThanOrEqual(250);
        at = next;
      }
      expect(tries).toBeLessThan(25);
    }),
  );
});
