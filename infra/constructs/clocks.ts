// The clocks of a bridge belong together: derived from each other, and checked before anything is deployed. In seconds;
// undefined where a value is known only while deploying, and is then checked by nobody here.

/** SQS recognises a deduplication id for so long, "SQS quotas". */
const DEDUPLICATION_SECONDS = 300;

/** Most of a Lambda function, "Lambda quotas". */
const MOST_TIMEOUT_SECONDS = 900;

/** A run that is woken each minute ends so long after its own start. */
const ALWAYS_SECONDS = 55;

/** A run that is woken now and then gets so long, unless its interval is shorter. */
const USUAL_TIMEOUT_SECONDS = 300;

/** Between the end of a run and the next tick. */
const BETWEEN_RUNS_SECONDS = 5;

/** A ring must stay invisible while its run goes on, and for what Lambda needs around it. */
const VISIBILITY_SPARE_SECONDS = 30;

const DEFAULT_ACK_WAIT_SECONDS = 10;

const DEFAULT_RETRY_DELAY_SECONDS = 120;

export interface GivenClocks {
  /** A tick each minute, in a function. */
  readonly always: boolean;
  readonly intervalSeconds: number | undefined;
  readonly hasDoorbell: boolean;
  /** In a container there is no timeout. */
  readonly isFunction: boolean;
  readonly timeoutSeconds: number | undefined;
  readonly ackWaitSeconds: number | undefined;
  /** Longest that one message takes, and how many are handled in one call. */
  readonly handlerSeconds: number | undefined;
  readonly batchSize: number;
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
  /** Of the doorbell. */
  readonly visibilitySeconds: number;
}

/** What is not given follows from what is. */
export function clocksOf(given: GivenClocks): Clocks {
  const timeoutSeconds = given.timeoutSeconds ?? defaultTimeout(given);
  const ackWaitSeconds = given.ackWaitSeconds ?? defaultAckWait(given);
  const visibilitySeconds = doorbellVisibility(timeoutSeconds);
  const gap = ackWaitSeconds + pauseSeconds(given, visibilitySeconds);
  const room = Math.max(1, DEDUPLICATION_SECONDS - gap - 1);
  const maxRetryDelaySeconds =
    given.maxRetryDelaySeconds ??
    Math.min(DEFAULT_RETRY_DELAY_SECONDS, given.isFifo ? room : Number.POSITIVE_INFINITY);
  return { timeoutSeconds, ackWaitSeconds, maxRetryDelaySeconds, visibilitySeconds };
}

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

function defaultTimeout({ always, intervalSeconds }: GivenClocks): number {
  if (always) return ALWAYS_SECONDS;
  const untilNext = (intervalSeconds ?? Number.POSITIVE_INFINITY) - BETWEEN_RUNS_SECONDS;
  return Math.max(1, Math.min(USUAL_TIMEOUT_SECONDS, untilNext));
}

/** Twice what a call takes, so that a lease does not depend on being extended in time. */
function defaultAckWait({ batchSize, handlerSeconds }: GivenClocks): number {
  const twice = 2 * batchSize * (handlerSeconds ?? 0);
  return Math.max(DEFAULT_ACK_WAIT_SECONDS, Math.ceil(twice));
}

/** From the end of a run that was killed to the next that goes on. */
function pauseSeconds(given: GivenClocks, visibilitySeconds: number): number {
  if (!given.isFunction) return 0;
  return given.intervalSeconds ?? (given.hasDoorbell ? visibilitySeconds : 0);
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
  if (given.always && timeoutSeconds >= 60) {
    found.push(
      `timeout: given ${timeoutSeconds} s with Wake.always(), expected less than 60 s, after which the next run starts`,
    );
  }
  if (given.callSeconds !== undefined && given.callSeconds >= timeoutSeconds) {
    found.push(
      `timeout: given ${timeoutSeconds} s and a target function with a timeout of ${given.callSeconds} s, expected more than that: a run must outlive the calls that it makes`,
    );
  }
  return found;
}

/** batch × handler time < ack wait < timeout */
function ackWaitProblems(given: GivenClocks, clocks: Clocks): readonly string[] {
  const { ackWaitSeconds, timeoutSeconds } = clocks;
  const found: string[] = [];
  const { batchSize, handlerSeconds } = given;
  const callSeconds = batchSize * (handlerSeconds ?? 0);
  if (callSeconds >= ackWaitSeconds) {
    found.push(
      `ackWait: given ${ackWaitSeconds} s and ${batchSize} × ${handlerSeconds} s of handler time, expected more than these ${callSeconds} s: batch × handler time < ack wait`,
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
  if (!given.isFifo) return [];
  const { ackWaitSeconds, maxRetryDelaySeconds, visibilitySeconds } = clocks;
  const pause = pauseSeconds(given, visibilitySeconds);
  const sum = ackWaitSeconds + pause + maxRetryDelaySeconds;
  if (sum < DEDUPLICATION_SECONDS) return [];
  return [
    `wake: given an ack wait of ${ackWaitSeconds} s, ${pause} s until the next run and a retry delay of up to ${maxRetryDelaySeconds} s, expected a sum of less than ${DEDUPLICATION_SECONDS} s, and it is ${sum}: SQS forgets deduplication ids after five minutes, and what a killed run had sent would arrive twice`,
  ];
}

/** Seconds for which a ring is invisible to others while its run goes on. */
export function doorbellVisibility(timeoutSeconds: number = MOST_TIMEOUT_SECONDS): number {
  return timeoutSeconds + VISIBILITY_SPARE_SECONDS;
}

export interface Doorbell {
  readonly visibilitySeconds?: number | undefined;
  /** Undefined: no dead-letter queue, or not known. */
  readonly maxReceiveCount?: number | undefined;
}

const LEAST_RECEIVES = 3;

/** Of a queue that was brought along. */
export function doorbellProblems(doorbell: Doorbell, timeoutSeconds: number): readonly string[] {
  const { maxReceiveCount, visibilitySeconds } = doorbell;
  const found: string[] = [];
  if (visibilitySeconds !== undefined && visibilitySeconds < timeoutSeconds) {
    found.push(
      `doorbell: given a visibility timeout of ${visibilitySeconds} s and a function timeout of ${timeoutSeconds} s, expected at least ${doorbellVisibility(timeoutSeconds)} s (timeout + ${VISIBILITY_SPARE_SECONDS} s): the ring would come again while its run goes on`,
    );
  }
  if (maxReceiveCount !== undefined && maxReceiveCount < LEAST_RECEIVES) {
    found.push(
      `doorbell: given a maxReceiveCount of ${maxReceiveCount}, expected at least ${LEAST_RECEIVES}: a throttled or failed wake would put the ring into the dead letters`,
    );
  }
  return found;
}
