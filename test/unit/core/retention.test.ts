// How near the oldest unforwarded message is to being dropped: 100 is far, 0 is next.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ConsumerState, StreamState } from "../../../functions/bridge/core/ports.ts";
import { retentionHeadroom } from "../../../functions/bridge/core/retention.ts";
import { consumerState } from "../../support/consumer-state.ts";

const NOW = 1_795_000_000_000;

/** 100 messages, 1 to 100, half of them settled. */
function half(
  most: StreamState["most"],
  given: Partial<ConsumerState> = {},
  stream: Partial<StreamState> = {},
): ConsumerState {
  return consumerState({
    ackFloor: 50,
    deliveredStreamSequence: 50,
    pending: 50,
    serverTime: NOW,
    ...given,
    stream: {
      first: 1,
      last: 100,
      messages: 100,
      bytes: 1000,
      firstStoredAt: NOW - 60_000,
      most,
      gapIsLoss: true,
      ...stream,
    },
  });
}

describe("headroom", () => {
  test.each<[string, StreamState["most"], number]>([
    ["without limits", {}, 100],
    ["full by messages", { messages: 100 }, 50],
    ["half full by messages", { messages: 200 }, 75],
    ["full by bytes", { bytes: 1000 }, 50],
    ["full by age", { ageMs: 60_000 }, 50],
    ["of several limits the nearest", { messages: 200, bytes: 4000, ageMs: 600_000 }, 75],
    ["older than it may be, since expiry runs now and then", { ageMs: 30_000 }, 50],
  ])("%s", (_name, most, expected) => {
    expect(retentionHeadroom(half(most))).toBeCloseTo(expected, 9);
  });

  test("is 100 when nothing is pending and nothing is out, however full the stream is", () => {
    const done = { pending: 0, ackPending: 0, ackFloor: 0, deliveredStreamSequence: 100 };
    expect(retentionHeadroom(half({ messages: 100 }, done))).toBe(100);
    expect(retentionHeadroom(half({ messages: 100 }, { ...done, ackPending: 1 }))).toBe(0);
  });

  test("of an empty stream is 100", () => {
    const empty = { first: 11, last: 10, messages: 0, bytes: 0 };
    const { firstStoredAt: _none, ...stream } = half({ ageMs: 1000 }, {}, empty).stream!;
    expect(retentionHeadroom({ ...half({}), stream })).toBe(100);
  });

  test("counts what was delivered as settled when nothing is out: before 2.10 the floor of a new consumer is 0", () => {
    expect(retentionHeadroom(half({ messages: 100 }, { ackFloor: 0 }))).toBeCloseTo(50, 9);
    expect(retentionHeadroom(half({ messages: 100 }, { ackFloor: 0, ackPending: 1 }))).toBe(0);
  });

  test("is not known without STREAM.INFO, nor where age counts and the server gives no time", () => {
    expect(retentionHeadroom(consumerState())).toBeUndefined();
    const { serverTime: _none, ...timeless } = half({ ageMs: 60_000 });
    expect(retentionHeadroom(timeless)).toBeUndefined();
    const { serverTime: _neither, ...bySize } = half({ messages: 100 });
    expect(retentionHeadroom(bySize)).toBeCloseTo(50, 9);
  });
});

const anyState = fc.record({
  first: fc.integer({ min: 1, max: 1000 }),
  kept: fc.integer({ min: 1, max: 1000 }),
  settled: fc.integer({ min: -50, max: 1100 }),
  out: fc.nat(10),
  limit: fc.integer({ min: 1, max: 2000 }),
});

function stateOf(given: {
  first: number;
  kept: number;
  settled: number;
  out: number;
  limit: number;
}): ConsumerState {
  const { first, kept, limit, out, settled } = given;
  return half(
    { messages: limit },
    { ackFloor: first + settled, deliveredStreamSequence: first + settled, ackPending: out },
    { first, last: first + kept - 1, messages: kept },
  );
}

test("it is between 0 and 100, grows with what is settled, and shrinks as the stream fills", () => {
  fc.assert(
    fc.property(anyState, fc.nat(50), (given, more) => {
      const headroom = retentionHeadroom(stateOf(given))!;
      expect(headroom).toBeGreaterThanOrEqual(0);
      expect(headroom).toBeLessThanOrEqual(100);
      const settled = { ...given, settled: given.settled + more };
      expect(retentionHeadroom(stateOf(settled))!).toBeGreaterThanOrEqual(headroom);
      const roomier = { ...given, limit: given.limit + more };
      expect(retentionHeadroom(stateOf(roomier))!).toBeGreaterThanOrEqual(headroom);
    }),
  );
});
