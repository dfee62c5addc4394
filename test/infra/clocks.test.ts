// The clocks of a bridge: what is derived keeps the rules, and a refusal names what was given.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  clockProblems,
  clockWarnings,
  doorbellProblems,
} from "../../infra/constructs/clock-rules.ts";
import { clocksOf, type GivenClocks } from "../../infra/constructs/clocks.ts";

const NOTHING_GIVEN: GivenClocks = {
  always: false,
  hasSchedule: false,
  intervalSeconds: undefined,
  hasDoorbell: false,
  isFunction: true,
  timeoutSeconds: undefined,
  ackWaitSeconds: undefined,
  handlerSeconds: undefined,
  batchSize: 1,
  windowSeconds: undefined,
  minRetryDelaySeconds: undefined,
  maxRetryDelaySeconds: undefined,
  isFifo: false,
  callSeconds: undefined,
};
const ALWAYS = { ...NOTHING_GIVEN, always: true, intervalSeconds: 60 };

function everyMinutes(minutes: number): GivenClocks {
  return { ...NOTHING_GIVEN, hasSchedule: true, intervalSeconds: 60 * minutes };
}

const seconds = fc.integer({ min: 1, max: 900 });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

const wake = fc.oneof(
  fc.constant({ always: true, hasSchedule: false, intervalSeconds: 60, hasDoorbell: false }),
  fc.record({
    always: fc.constant(false),
    hasSchedule: fc.constant(true),
    intervalSeconds: maybe(fc.integer({ min: 1, max: 1440 }).map((minutes) => 60 * minutes)),
    hasDoorbell: fc.boolean(),
  }),
  fc.constant({ always: false, hasSchedule: false, intervalSeconds: undefined, hasDoorbell: true }),
);

const clocks: fc.Arbitrary<GivenClocks> = fc
  .tuple(
    wake,
    fc.record({
      isFunction: fc.boolean(),
      timeoutSeconds: maybe(seconds),
      ackWaitSeconds: maybe(seconds),
      handlerSeconds: maybe(fc.oneof(seconds, fc.double({ min: 0.001, max: 60, noNaN: true }))),
      batchSize: fc.integer({ min: 1, max: 10 }),
      windowSeconds: maybe(fc.integer({ min: 0, max: 60 })),
      minRetryDelaySeconds: maybe(fc.integer({ min: 1, max: 200 })),
      maxRetryDelaySeconds: maybe(seconds),
      isFifo: fc.boolean(),
      callSeconds: maybe(seconds),
    }),
  )
  .map(([one, other]) => Object.assign(other, one));

/** In whole seconds, and as short as the rules let them be: where these break one, all others do. */
function shortest(given: GivenClocks): GivenClocks {
  const above = Math.floor(given.batchSize * (given.handlerSeconds ?? 0)) + 1;
  const ackWaitSeconds = given.ackWaitSeconds ?? Math.max(above, 2 * (given.windowSeconds ?? 0));
  const timeoutSeconds =
    given.timeoutSeconds ?? Math.max(ackWaitSeconds, given.callSeconds ?? 0) + 1;
  const maxRetryDelaySeconds =
    given.maxRetryDelaySeconds ?? Math.max(1, given.minRetryDelaySeconds ?? 0);
  return { ...given, ackWaitSeconds, timeoutSeconds, maxRetryDelaySeconds };
}

test("a refusal is never the fault of what was derived: no other values would have kept the rules", () => {
  fc.assert(
    fc.property(clocks, (given) => {
      if (clockProblems(given).length > 0) expect(clockProblems(shortest(given))).not.toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

test("what is given is taken as it is", () => {
  fc.assert(
    fc.property(clocks, (given) => {
      const { ackWaitSeconds, maxRetryDelaySeconds, timeoutSeconds } = given;
      const asked = { ackWaitSeconds, maxRetryDelaySeconds, timeoutSeconds };
      expect(clocksOf(given)).toMatchObject(
        Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)),
      );
    }),
  );
});

test("what is derived leaves the bridge nothing to refuse: at least a second, and room for the window", () => {
  fc.assert(
    fc.property(clocks, (given) => {
      const derived = clocksOf(given);
      expect(Math.min(...Object.values(derived))).toBeGreaterThanOrEqual(1);
      if (given.ackWaitSeconds === undefined) {
        expect(derived.ackWaitSeconds).toBeGreaterThanOrEqual(2 * (given.windowSeconds ?? 0));
      }
      if (given.maxRetryDelaySeconds === undefined) {
        expect(derived.maxRetryDelaySeconds).toBeGreaterThanOrEqual(
          given.minRetryDelaySeconds ?? 0,
        );
      }
    }),
  );
});

test.each([
  ["always", ALWAYS, { timeoutSeconds: 55, ackWaitSeconds: 10, maxRetryDelaySeconds: 120 }],
  ["each five minutes", everyMinutes(5), { timeoutSeconds: 295, ackWaitSeconds: 10 }],
  ["each hour", everyMinutes(60), { timeoutSeconds: 300 }],
  ["FIFO, each four minutes", { ...everyMinutes(4), isFifo: true }, { maxRetryDelaySeconds: 49 }],
  [
    "FIFO, by rings alone",
    { ...NOTHING_GIVEN, isFifo: true, hasDoorbell: true },
    { timeoutSeconds: 120, ackWaitSeconds: 10, maxRetryDelaySeconds: 120 },
  ],
  [
    "a handler of a minute",
    { ...everyMinutes(60), handlerSeconds: 60 },
    { timeoutSeconds: 300, ackWaitSeconds: 120 },
  ],
  [
    "a handler of four minutes: the run lasts longer than usual",
    { ...everyMinutes(60), handlerSeconds: 240, timeoutSeconds: 900 },
    { ackWaitSeconds: 480 },
  ],
  ["a short run", { ...everyMinutes(60), timeoutSeconds: 8 }, { ackWaitSeconds: 7 }],
  ["a slow function", { ...everyMinutes(1), callSeconds: 100 }, { timeoutSeconds: 101 }],
])("%s: derived", (_, given, expected) => {
  expect(clockProblems(given)).toEqual([]);
  expect(clocksOf(given)).toMatchObject(expected);
});

test.each([
  [
    { ...everyMinutes(60), handlerSeconds: 20, batchSize: 3, ackWaitSeconds: 60 },
    "ackWait: given 60 s and 3 × 20 s of handler time, expected more than these 60 s: batch × handler time < ack wait",
  ],
  [
    { ...everyMinutes(60), ackWaitSeconds: 30, timeoutSeconds: 30 },
    "ackWait: given 30 s and a timeout of 30 s, expected less than the timeout: ack wait < timeout",
  ],
  [
    { ...everyMinutes(4), isFifo: true, ackWaitSeconds: 60 },
    "wake: given an ack wait of 60 s, 240 s until the next run and a retry delay of up to 1 s, expected a sum of less than 300 s, and it is 301",
  ],
  [
    { ...everyMinutes(60), isFifo: true },
    "would arrive twice; what fits is a rate of at most 4 min, or Wake.always(), or a doorbell alone, with which a message that failed, or whose ring was lost, waits for the next ring, however long that takes",
  ],
  [
    { ...everyMinutes(60), isFifo: true, ackWaitSeconds: 200 },
    "would arrive twice; what fits is a rate of at most 1 min",
  ],
  [
    { ...everyMinutes(60), isFifo: true, ackWaitSeconds: 240 },
    "what fits is no wake at all, before the ack wait or the retry delay is shorter",
  ],
  [{ ...everyMinutes(5), isFifo: true }, "expected a sum of less than 300 s, and it is 302"],
  [
    { ...NOTHING_GIVEN, isFifo: true, hasDoorbell: true, timeoutSeconds: 270 },
    "300 s until the next run",
  ],
  [
    { ...NOTHING_GIVEN, hasSchedule: true, intervalSeconds: 30 },
    "wake: given a tick each 30 s, expected whole minutes",
  ],
  [{ ...ALWAYS, timeoutSeconds: 60 }, "timeout: given 60 s with Wake.always(), expected less than"],
  [{ ...everyMinutes(1), timeoutSeconds: 901 }, "timeout: given 901 s, expected at most 900 s"],
  [
    { ...ALWAYS, callSeconds: 300 },
    "timeout: given 59 s and a target function with a timeout of 300 s, expected more than that: a run must outlive the calls that it makes; lower the function's, or wake the bridge by a schedule",
  ],
])("%#: refused, with the values and the rule", (given, expected) => {
  expect(clockProblems(given).join("\n")).toContain(expected);
});

test("what is advised in place of a schedule is taken", () => {
  fc.assert(
    fc.property(clocks, (given) => {
      const seldom = { always: false, hasSchedule: true, intervalSeconds: 3600 };
      const hourly = { ...given, ...seldom, isFunction: true, isFifo: true };
      const found = clockProblems(hourly).join("\n");
      const [, minutes] = /a rate of at most (\d+) min/.exec(found) ?? [];
      const none = { hasSchedule: false, hasDoorbell: false, intervalSeconds: undefined };
      const advised: readonly (readonly [boolean, Partial<GivenClocks>])[] = [
        [minutes !== undefined, { intervalSeconds: 60 * Number(minutes) }],
        [found.includes("Wake.always()"), { ...none, always: true, intervalSeconds: 60 }],
        [found.includes("a doorbell alone"), { ...none, hasDoorbell: true }],
      ];
      for (const [isAdvised, wakes] of advised) {
        if (isAdvised) expect(clockProblems({ ...hourly, ...wakes })).toEqual([]);
      }
    }),
    { numRuns: 1000 },
  );
});

test("a doorbell that was brought along has to fit", () => {
  expect(doorbellProblems({ visibilitySeconds: 85, maxReceiveCount: 3 }, 55)).toEqual([]);
  expect(doorbellProblems({}, 55)).toEqual([]);
  const wrong = { visibilitySeconds: 84, maxReceiveCount: 2, hasContentBasedDeduplication: true };
  expect(doorbellProblems(wrong, 55)).toEqual([
    expect.stringContaining("given a visibility timeout of 84 s and a function timeout of 55 s"),
    expect.stringContaining("given a maxReceiveCount of 2, expected at least 3"),
    expect.stringContaining("given a queue with content-based deduplication"),
  ]);
});

test("an interval that cannot be told, before a FIFO queue, and runs that meet are warned about", () => {
  const cron = { ...NOTHING_GIVEN, hasSchedule: true, isFifo: true };
  expect(clockWarnings(cron)).toMatchObject([{ id: "fifo-interval-unknown" }]);
  expect(clockWarnings({ ...cron, isFifo: false })).toEqual([]);
  expect(clockWarnings({ ...everyMinutes(1), isFifo: true, timeoutSeconds: 61 })).toMatchObject([
    { id: "runs-meet" },
  ]);
  expect(clockWarnings({ ...everyMinutes(1), isFifo: true })).toEqual([]);
});
