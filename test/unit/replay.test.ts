import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Replay, replayFacts, replayWanted } from "../../functions/bridge/replay.ts";
import type { WantedConsumer } from "../../functions/bridge/source/consumer.ts";
import { nameOf } from "../../functions/bridge/config/values.ts";

const DURABLE: WantedConsumer = {
  stream: "ORDERS",
  consumer: "ship-order",
  filterSubjects: ["orders.eu.>"],
  deliverPolicy: "by_start_sequence",
  startSequence: 1000,
  ackWaitMs: 30_000,
  maxAckPending: 64,
  leastMaxAckPending: 32,
};

const BY_SEQUENCE: Replay = { id: "m-1", startSequence: 42 };
const BY_TIME: Replay = { id: "m-1", startTime: "2026-11-21T13:00:00Z" };

const factsOf = (
  replay: Replay,
  extent?: { readonly first?: number; readonly last?: number; readonly settled?: number },
): unknown => replayFacts(replay, "temporary", extent && { extent, isFinished: false });

describe("the consumer of a replay", () => {
  test("has filter and settings of the durable one, a start of its own, and goes when nobody needs it", () => {
    const { consumer, ...wanted } = replayWanted(DURABLE, BY_SEQUENCE);
    expect(wanted).toEqual({
      stream: "ORDERS",
      filterSubjects: ["orders.eu.>"],
      deliverPolicy: "by_start_sequence",
      startSequence: 42,
      ackWaitMs: 30_000,
      maxAckPending: 64,
      leastMaxAckPending: 32,
      temporary: { inactiveMs: 3_600_000 },
    });
    expect(consumer).toMatch(/^ship-order-replay-[0-9a-f]{12}$/);
  });

  test("starts at a time, whatever start the durable one had", () => {
    const wanted = replayWanted(DURABLE, BY_TIME);
    expect(wanted).toMatchObject({
      deliverPolicy: "by_start_time",
      startTime: "2026-11-21T13:00:00Z",
    });
    expect(wanted).not.toHaveProperty("startSequence");
  });

  test("is the same when a command comes again, another for another, and never the durable one", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (id, other) => {
        const named = (one: string): string =>
          replayWanted(DURABLE, { id: one, startSequence: 1 }).consumer;
        expect(named(id)).toBe(named(id));
        expect(named(id) === named(other)).toBe(id === other);
        expect(named(id)).not.toBe(DURABLE.consumer);
        expect(nameOf(named(id))).toBe(named(id));
      }),
    );
  });
});

describe("the facts of a replay", () => {
  test("are its start and its consumer, where nothing could be opened", () => {
    expect(factsOf(BY_SEQUENCE)).toEqual({ startSequence: 42, consumer: "temporary" });
    expect(factsOf(BY_TIME)).toEqual({
      startTime: "2026-11-21T13:00:00Z",
      consumer: "temporary",
    });
  });

  test("have nothing of the command but its start", () => {
    const command: Replay & { readonly kind: string } = { ...BY_SEQUENCE, kind: "replay" };
    expect(factsOf(command)).toEqual({ startSequence: 42, consumer: "temporary" });
  });

  test("say from where to where the stream went, and where to go on", () => {
    expect(factsOf(BY_SEQUENCE, { first: 1, last: 100, settled: 60 })).toEqual({
      startSequence: 42,
      consumer: "temporary",
      firstSequence: 1,
      lastSequence: 100,
      nextSequence: 61,
    });
  });

  test.each([
    [{ first: 42, last: 100 }, undefined],
    [
      { first: 43, last: 100 },
      { from: 42, to: 42 },
    ],
    [
      { first: 90, last: 100 },
      { from: 42, to: 89 },
    ],
    [
      { first: 101, last: 100 },
      { from: 42, to: 100 },
    ],
  ])("say what is gone of what was asked for: %o", (extent, gone) => {
    expect(factsOf(BY_SEQUENCE, extent)).toMatchObject({
      startSequence: 42,
      ...(gone && { gone }),
    });
    expect(Object.keys(factsOf(BY_SEQUENCE, extent) as object).includes("gone")).toBe(!!gone);
  });

  test("cannot say that of a time", () => {
    expect(factsOf(BY_TIME, { first: 90, last: 100, settled: 0 })).toEqual({
      startTime: "2026-11-21T13:00:00Z",
      consumer: "temporary",
      firstSequence: 90,
      lastSequence: 100,
      nextSequence: 90,
    });
  });

  test.each([
    [{ first: 1, last: 100, settled: 0 }, 42],
    [{ first: 1, last: 100, settled: 41 }, 42],
    [{ first: 90, last: 100, settled: 0 }, 90],
    [{ first: 1, last: 100, settled: 100 }, 101],
  ])("never send anybody back before its start: %o", (extent, nextSequence) => {
    expect(factsOf(BY_SEQUENCE, extent)).toMatchObject({ nextSequence });
  });
});
