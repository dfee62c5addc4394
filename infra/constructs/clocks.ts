// The clocks of a bridge belong together: what is not given is derived from what is, so that the rules in clock-rules.ts
// hold wherever they can. In seconds; undefined where a value is known only while deploying, and is then checked by nobody
// here.

/** SQS recognises a deduplication id for so long, "SQS quotas". */
export const DEDUPLICATION_SECONDS = 300;

/** Most of a Lambda function, "Lambda quotas". */
export const MOST_TIMEOUT_SECONDS = 900;

/** With Wake.always() a tick starts the next run after so long. */
export const TICK_SECONDS = 60;

/** A run that is woken each minute ends so long after its own start. */
const ALWAYS_SECONDS = 55;

/** A run that is woken now and then gets so long, unless its interval is shorter. */
const USUAL_TIMEOUT_SECONDS = 300;

/** The same, to a FIFO queue and by rings alone: a ring that was not answered comes again after the timeout and more. */
const RUNG_FIFO_TIMEOUT_SECONDS = 120;

/** Between the end of a run and the next tick. */
const BETWEEN_RUNS_SECONDS = 5;

/** A ring must stay invisible while its run goes on, and for what Lambda needs around it. */
export const VISIBILITY_SPARE_SECONDS = 30;

const DEFAULT_ACK_WAIT_SECONDS = 10;

const DEFAULT_RETRY_DELAY_SECONDS = 120;

/** Shorter than that nothing is derived. */
const LEAST_SECONDS = 1;

export interface GivenClocks {
  /** A tick each minute, in a function. */
  readonly always: boolean;
  /** Besides `always`. */
  readonly hasSchedule: boolean;
  /** Between two ticks; undefined: there are none, or it cannot be told. */
  readonly intervalSeconds: number | undefined;
  readonly hasDoorbell: boolean;
  /** In a container there is no timeout. */
  readonly isFunction: boolean;
  readonly timeoutSeconds: number | undefined;
  readonly ackWaitSeconds: number | undefined;
  /** Longest that one message takes, and how many are handled in one call. */
  readonly handlerSeconds: number | undefined;
  readonly batchSize: number;
  /** Wait for a batch to fill: at most half of the ack wait. */
  readonly windowSeconds: number | undefined;
  readonly minRetryDelaySeconds: number | undefined;
  readonly maxRetryDelaySeconds: number | undefined;
  /** The target recognises repeats for five minutes only. */
  readonly isFifo: boolean;
  /** Of a target function. */
  readonly callSeconds: number | undefined;
}

export interface Clocks {
  readonly timeoutSeconds: number;
  readonly ackWaitSeconds: number;
  readonly maxRetryDelaySeconds: number;
}

/** What is not given follows from what is. */
export function clocksOf(given: GivenClocks): Clocks {
  const timeoutSeconds = given.timeoutSeconds ?? defaultTimeout(given);
  const ackWaitSeconds = given.ackWaitSeconds ?? defaultAckWait(given, timeoutSeconds);
  const pause = pauseSeconds(given, timeoutSeconds);
  const maxRetryDelaySeconds =
    given.maxRetryDelaySeconds ?? defaultRetryDelay(given, ackWaitSeconds + pause);
  return { timeoutSeconds, ackWaitSeconds, maxRetryDelaySeconds };
}

/** Of one call of the handler. */
export function handledSeconds({ batchSize, handlerSeconds }: GivenClocks): number {
  return batchSize * (handlerSeconds ?? 0);
}

/** From the end of a run that was killed to the next that goes on. */
export function pauseSeconds(given: GivenClocks, timeoutSeconds: number): number {
  if (!given.isFunction) return 0;
  return given.intervalSeconds ?? (given.hasDoorbell ? doorbellVisibility(timeoutSeconds) : 0);
}

/** Seconds for which a ring is invisible to others while its run goes on. */
export function doorbellVisibility(timeoutSeconds: number = MOST_TIMEOUT_SECONDS): number {
  return timeoutSeconds + VISIBILITY_SPARE_SECONDS;
}

/** Longer than all that has to fit in, at most what there is room for; in between as long as is usual. */
function defaultTimeout(given: GivenClocks): number {
  const least = leastTimeout(given);
  return Math.max(
    LEAST_SECONDS,
    Math.min(mostTimeout(given), Math.max(least, usualTimeout(given))),
  );
}

function usualTimeout({ always, hasDoorbell, intervalSeconds, isFifo }: GivenClocks): number {
  if (always) return ALWAYS_SECONDS;
  if (intervalSeconds !== undefined) {
    return Math.min(USUAL_TIMEOUT_SECONDS, intervalSeconds - BETWEEN_RUNS_SECONDS);
  }
  return isFifo && hasDoorbell ? RUNG_FIFO_TIMEOUT_SECONDS : USUAL_TIMEOUT_SECONDS;
}

/** A run must outlive a call, and a lease. */
function leastTimeout(given: GivenClocks): number {
  const lease = given.ackWaitSeconds ?? leastAckWait(given);
  return Math.floor(Math.max(lease, given.callSeconds ?? 0)) + LEAST_SECONDS;
}

function mostTimeout(given: GivenClocks): number {
  if (given.always) return TICK_SECONDS - 1;
  const isRungOnly = given.intervalSeconds === undefined && given.hasDoorbell;
  if (!given.isFifo || !isRungOnly) return MOST_TIMEOUT_SECONDS;
  const lease = given.ackWaitSeconds ?? leastAckWait(given);
  const room = DEDUPLICATION_SECONDS - VISIBILITY_SPARE_SECONDS - lease - leastRetryDelay(given);
  return Math.min(MOST_TIMEOUT_SECONDS, Math.ceil(room) - 1);
}

/** Twice what a call takes, so that a lease does not depend on being extended in time; less where there is less room. */
function defaultAckWait(given: GivenClocks, timeoutSeconds: number): number {
  const preferred = Math.max(
    DEFAULT_ACK_WAIT_SECONDS,
    Math.ceil(2 * Math.max(handledSeconds(given), given.windowSeconds ?? 0)),
  );
  return Math.max(leastAckWait(given), Math.min(preferred, mostAckWait(given, timeoutSeconds)));
}

function leastAckWait(given: GivenClocks): number {
  const window = Math.ceil(2 * (given.windowSeconds ?? 0));
  return Math.max(LEAST_SECONDS, window, Math.floor(handledSeconds(given)) + LEAST_SECONDS);
}

function mostAckWait(given: GivenClocks, timeoutSeconds: number): number {
  const beforeTimeout = given.isFunction ? Math.ceil(timeoutSeconds) - 1 : Number.POSITIVE_INFINITY;
  if (!given.isFifo) return beforeTimeout;
  const room = DEDUPLICATION_SECONDS - pauseSeconds(given, timeoutSeconds) - leastRetryDelay(given);
  return Math.min(beforeTimeout, Math.ceil(room) - 1);
}

function leastRetryDelay(given: GivenClocks): number {
  return given.maxRetryDelaySeconds ?? Math.max(LEAST_SECONDS, given.minRetryDelaySeconds ?? 0);
}

function defaultRetryDelay(given: GivenClocks, before: number): number {
  const least = leastRetryDelay(given);
  const usual = Math.max(DEFAULT_RETRY_DELAY_SECONDS, least);
  if (!given.isFifo) return usual;
  return Math.max(least, Math.min(usual, Math.ceil(DEDUPLICATION_SECONDS - before) - 1));
}
