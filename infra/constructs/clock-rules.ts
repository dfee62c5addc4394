// What has to hold between the clocks of a bridge, and what is said when it does not: the values, and the rule.
import {
  type Clocks,
  clocksOf,
  DEDUPLICATION_SECONDS,
  doorbellVisibility,
  type GivenClocks,
  handledSeconds,
  MOST_TIMEOUT_SECONDS,
  pauseSeconds,
  TICK_SECONDS,
  VISIBILITY_SPARE_SECONDS,
} from "./clocks.ts";

/** A rule that is broken, with the values that break it: one line each. */
export function clockProblems(given: GivenClocks): readonly string[] {
  const clocks = clocksOf(given);
  return [
    ...intervalProblems(given),
    ...timeoutProblems(given, clocks),
    ...ackWaitProblems(given, clocks),
    ...fifoProblems(given, clocks),
  ];
}

function intervalProblems({ intervalSeconds }: GivenClocks): readonly string[] {
  if (intervalSeconds === undefined || (intervalSeconds >= 60 && intervalSeconds % 60 === 0)) {
    return [];
  }
  return [
    `wake: given a tick each ${intervalSeconds} s, expected whole minutes: EventBridge Scheduler has none below a minute; a doorbell wakes within a second, Wake.always() leaves pauses of seconds`,
  ];
}

function timeoutProblems(given: GivenClocks, { timeoutSeconds }: Clocks): readonly string[] {
  if (!given.isFunction) return [];
  const found: string[] = [];
  if (timeoutSeconds > MOST_TIMEOUT_SECONDS) {
    found.push(
      `timeout: given ${timeoutSeconds} s, expected at most ${MOST_TIMEOUT_SECONDS} s, which is Lambda's limit`,
    );
  }
  if (given.always && timeoutSeconds >= TICK_SECONDS) {
    found.push(
      `timeout: given ${timeoutSeconds} s with Wake.always(), expected less than ${TICK_SECONDS} s, after which the next run starts`,
    );
  }
  if (given.callSeconds !== undefined && given.callSeconds >= timeoutSeconds) {
    found.push(
      `timeout: given ${timeoutSeconds} s and a target function with a timeout of ${given.callSeconds} s, expected more than that: a run must outlive the calls that it makes; lower the function's${given.always ? ", or wake the bridge by a schedule, whose runs may take up to 15 minutes" : ""}`,
    );
  }
  return found;
}

/** batch × handler time < ack wait < timeout */
function ackWaitProblems(given: GivenClocks, clocks: Clocks): readonly string[] {
  const { ackWaitSeconds, timeoutSeconds } = clocks;
  const found: string[] = [];
  const callSeconds = handledSeconds(given);
  if (callSeconds >= ackWaitSeconds) {
    found.push(
      `ackWait: given ${ackWaitSeconds} s and ${given.batchSize} × ${given.handlerSeconds} s of handler time, expected more than these ${callSeconds} s: batch × handler time < ack wait`,
    );
  }
  if (given.isFunction && ackWaitSeconds >= timeoutSeconds) {
    found.push(
      `ackWait: given ${ackWaitSeconds} s and a timeout of ${timeoutSeconds} s, expected less than the timeout: ack wait < timeout; what a killed run held would otherwise wait for longer than a run`,
    );
  }
  return found;
}

/** ack wait + wake interval + retry delay < 5 minutes */
function fifoProblems(given: GivenClocks, clocks: Clocks): readonly string[] {
  const sum = forgottenAfter(given, clocks);
  if (!given.isFifo || sum < DEDUPLICATION_SECONDS) return [];
  const { ackWaitSeconds, maxRetryDelaySeconds, timeoutSeconds } = clocks;
  const pause = pauseSeconds(given, timeoutSeconds);
  return [
    `wake: given an ack wait of ${ackWaitSeconds} s, ${pause} s until the next run and a retry delay of up to ${maxRetryDelaySeconds} s, expected a sum of less than ${DEDUPLICATION_SECONDS} s, and it is ${sum}: SQS forgets deduplication ids after five minutes, and what a killed run had sent would arrive twice${wakesInstead(given)}`,
  ];
}

/** Longest from the first send of a message to the next, after a run was killed. */
function forgottenAfter(given: GivenClocks, clocks: Clocks): number {
  const { ackWaitSeconds, maxRetryDelaySeconds, timeoutSeconds } = clocks;
  return ackWaitSeconds + pauseSeconds(given, timeoutSeconds) + maxRetryDelaySeconds;
}

const NO_SCHEDULE = { hasSchedule: false, hasDoorbell: false, intervalSeconds: undefined };

const DOORBELL_ALONE =
  "a doorbell alone, with which a message that failed, or whose ring was lost, waits for the next ring, however long that takes";

/** What would be right in place of a schedule: of the clocks in the refusal nobody has given those that were derived. */
function wakesInstead(given: GivenClocks): string {
  if (!given.hasSchedule) return "";
  const minutes = [4, 3, 2, 1].find((one) => fitsFifo({ ...given, intervalSeconds: 60 * one }));
  const always = { ...given, ...NO_SCHEDULE, always: true, intervalSeconds: TICK_SECONDS };
  const ways = [
    ...(minutes === undefined ? [] : [`a rate of at most ${minutes} min`]),
    ...(fitsFifo(always) ? ["Wake.always()"] : []),
    ...(fitsFifo({ ...given, ...NO_SCHEDULE, hasDoorbell: true }) ? [DOORBELL_ALONE] : []),
  ];
  return `; what fits is ${ways.join(", or ") || "no wake at all, before the ack wait or the retry delay is shorter"}`;
}

function fitsFifo(given: GivenClocks): boolean {
  const clocks = clocksOf(given);
  const others = [...timeoutProblems(given, clocks), ...ackWaitProblems(given, clocks)];
  return others.length === 0 && forgottenAfter(given, clocks) < DEDUPLICATION_SECONDS;
}

/** What cannot be checked, or only wastes: told, with an id to acknowledge it by. */
export interface ClockWarning {
  readonly id: string;
  readonly text: string;
}

export function clockWarnings(given: GivenClocks): readonly ClockWarning[] {
  if (!given.isFifo || !given.isFunction) return [];
  const { hasSchedule, intervalSeconds } = given;
  const { timeoutSeconds } = clocksOf(given);
  if (intervalSeconds === undefined) return hasSchedule ? [UNKNOWN_INTERVAL] : [];
  return timeoutSeconds > intervalSeconds ? [runsMeet(timeoutSeconds, intervalSeconds)] : [];
}

const UNKNOWN_INTERVAL: ClockWarning = {
  id: "fifo-interval-unknown",
  text: `wake: given cron, a single time or an interval that is known only while deploying, and a FIFO target, expected a rate below five minutes: SQS forgets deduplication ids after ${DEDUPLICATION_SECONDS} s, and what a killed run had sent may arrive twice when the next comes later`,
};

function runsMeet(timeoutSeconds: number, intervalSeconds: number): ClockWarning {
  return {
    id: "runs-meet",
    text: `timeout: given ${timeoutSeconds} s and a tick each ${intervalSeconds} s, and a target that keeps order, expected no more than the interval: of two runs that meet one ends at once`,
  };
}

export interface Doorbell {
  readonly visibilitySeconds?: number | undefined;
  /** Undefined: no dead-letter queue, or not known. */
  readonly maxReceiveCount?: number | undefined;
  readonly hasContentBasedDeduplication?: boolean | undefined;
}

const LEAST_RECEIVES = 3;

/** Of a queue that was brought along. */
export function doorbellProblems(
  doorbell: Doorbell,
  timeoutSeconds: number | undefined,
): readonly string[] {
  const { hasContentBasedDeduplication, maxReceiveCount, visibilitySeconds } = doorbell;
  const found: string[] = [];
  const least = doorbellVisibility(timeoutSeconds);
  if (
    timeoutSeconds !== undefined &&
    visibilitySeconds !== undefined &&
    visibilitySeconds < least
  ) {
    found.push(
      `doorbell: given a visibility timeout of ${visibilitySeconds} s and a function timeout of ${timeoutSeconds} s, expected at least ${least} s (timeout + ${VISIBILITY_SPARE_SECONDS} s): the ring would come again while its run goes on`,
    );
  }
  if (maxReceiveCount !== undefined && maxReceiveCount < LEAST_RECEIVES) {
    found.push(
      `doorbell: given a maxReceiveCount of ${maxReceiveCount}, expected at least ${LEAST_RECEIVES}: a throttled or failed wake would put the ring into the dead letters`,
    );
  }
  if (hasContentBasedDeduplication === true) {
    found.push(
      "doorbell: given a queue with content-based deduplication, expected one without: a ring that says the same as another of the last five minutes would be swallowed",
    );
  }
  return found;
}
