import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import type { Stop } from "../../functions/bridge/core/stop.ts";
import {
  endOf,
  mayGoOn,
  renewing,
  untilRenewed,
  withReason,
} from "../../functions/bridge/renewing.ts";
import { type Receipt, Tally } from "../../functions/bridge/run/receipt.ts";
import { FakeClock } from "../support/fake-clock.ts";

function receipt(stop: Stop): Receipt {
  return new Tally().receipt(stop, undefined, 0, 0);
}

function term(renewed: boolean): Parameters<typeof untilRenewed>[1] {
  const signal = renewed ? AbortSignal.abort("renewed") : new AbortController().signal;
  return { signal, end: () => Promise.resolve(renewed) };
}

const UNTIL = { deadline: 1000 };
const HERE = { now: 0, leastMs: 500, zombies: 0 };

test("runs follow each other as long as each may, and the last receipt is the answer", async () => {
  const answers = [
    { goesOn: true, receipt: receipt("deadline") },
    { goesOn: true, receipt: receipt("broken") },
    { goesOn: false, receipt: receipt("idle") },
  ];
  const last = await renewing(() => Promise.resolve(answers.shift() as (typeof answers)[number]));
  expect([last.stop, answers.length]).toEqual(["idle", 0]);
});

test.each<[Stop, boolean]>([
  ["deadline", true],
  ["broken", true],
  ["idle", false],
  ["paused", false],
  ["blocked", false],
  ["overlap", false],
  ["unavailable", false],
  ["gone", false],
])("after %s another run at once: %s", (stop, goesOn) => {
  expect(mayGoOn(receipt(stop), UNTIL, HERE)).toBe(goesOn);
});

test("nobody goes on who is told to stop, or has no time for it", () => {
  const told = { ...UNTIL, signal: AbortSignal.abort() };
  expect(mayGoOn(receipt("deadline"), told, HERE)).toBe(false);
  expect(mayGoOn(receipt("deadline"), UNTIL, { ...HERE, now: 500 })).toBe(false);
});

test("nor does a process whose handler goes on beside the redelivery of its message", () => {
  expect(mayGoOn(receipt("broken"), UNTIL, { ...HERE, zombies: 1 })).toBe(false);
});

test("a run ends when it is told to stop, and when there are other credentials", () => {
  expect(untilRenewed(UNTIL, term(true)).until.signal?.aborted).toBe(true);
  const stopping = new AbortController();
  const { until } = untilRenewed({ ...UNTIL, signal: stopping.signal }, term(false));
  expect(until).toMatchObject(UNTIL);
  expect(until.signal?.aborted).toBe(false);
  stopping.abort();
  expect(until.signal?.aborted).toBe(true);
});

test("a run that is over leaves nothing at the signals that outlive it", () => {
  const stopping = new AbortController();
  const renewed = new AbortController();
  const both = { signal: renewed.signal, end: () => Promise.resolve(false) };
  untilRenewed({ ...UNTIL, signal: stopping.signal }, both).release();
  expect(getEventListeners(stopping.signal, "abort")).toEqual([]);
  expect(getEventListeners(renewed.signal, "abort")).toEqual([]);
});

test("only a run that was ended for the sake of others says so", () => {
  const reasonOf = (...given: Parameters<typeof withReason>): string | undefined =>
    withReason(...given).reason;
  expect(reasonOf(receipt("deadline"), UNTIL, term(true))).toBe(
    "other credentials have taken its place",
  );
  expect(reasonOf(receipt("deadline"), UNTIL, term(false))).toBeUndefined();
  expect(reasonOf(receipt("broken"), UNTIL, term(true))).toBeUndefined();
  const told = { ...UNTIL, signal: AbortSignal.abort() };
  expect(reasonOf(receipt("deadline"), told, term(true))).toBeUndefined();
});

describe("a secret that is read at the end of a run for four seconds", () => {
  const clock = new FakeClock();
  const slow = {
    ...term(true),
    end: () => clock.sleep(4000).then(() => true),
  };

  test("leaves the moment since which nothing came as it is", async () => {
    const emptySince = clock.now() - 1500;
    const ended = endOf(slow, { ...receipt("idle"), drainedForMs: 1500 }, clock);
    await clock.advance(4000);
    const { isRenewed, receipt: answered } = await ended;
    expect(isRenewed).toBe(true);
    expect(clock.now() - answered.drainedForMs).toBe(emptySince);
  });

  test("is nothing to a run that was not idle", async () => {
    const ended = endOf(slow, receipt("deadline"), clock);
    await clock.advance(4000);
    expect((await ended).receipt).toEqual(receipt("deadline"));
  });
});
