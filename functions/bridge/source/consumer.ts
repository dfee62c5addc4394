/** The durable consumer: what ours looks like, and how one that exists may differ. */
import type { ConsumerConfig } from "@nats-io/jetstream";
import type { PullRequest } from "../core/ports.ts";
import type { ConsumerAnswer } from "./api.ts";

export interface WantedConsumer {
  readonly stream: string;
  readonly consumer: string;
  /** Empty: all subjects of the stream. */
  readonly filterSubjects: readonly string[];
  readonly deliverPolicy: "all" | "new" | "last" | "by_start_sequence" | "by_start_time";
  readonly startSequence?: number;
  /** RFC 3339. */
  readonly startTime?: string;
  readonly ackWaitMs: number;
  readonly maxAckPending: number;
  /** Above this, a message may be sent again after its deduplication id is forgotten. Undefined: no limit. */
  readonly mostAckWaitMs?: number;
  /** Below this, messages that the bridge wants to hold at once would not be delivered. */
  readonly leastMaxAckPending: number;
  /** Not durable: the server removes it when nobody has pulled for so long. */
  readonly temporary?: { readonly inactiveMs: number };
}

const NANOS_PER_MS = 1_000_000;

/** The description of every durable consumer that this project has made. */
export const MADE_BY_US = "made by jetstream-aws-bridge";

/** The end of a replay is kept where each of its runs finds it; servers before 2.10 have no metadata. */
const REPLAY_UP_TO = `${MADE_BY_US} for a replay up to `;

/** The last sequence of the replay that a temporary consumer was made for; undefined: it was not made for one. */
export function replayEndOf({ description = "" }: Partial<ConsumerConfig>): number | undefined {
  const end = description.startsWith(REPLAY_UP_TO) ? description.slice(REPLAY_UP_TO.length) : "";
  return /^\d+$/.test(end) ? Number(end) : undefined;
}

/**
 * What is sent to make it. Unlimited deliveries: a finite `max_deliver` strands messages without a word.
 *
 * @param replayEnd of a temporary one: the last sequence that its replay is to handle.
 */
export function consumerConfig(
  wanted: WantedConsumer,
  replayEnd?: number,
): Partial<ConsumerConfig> {
  const [single, ...more] = wanted.filterSubjects;
  return {
    name: wanted.consumer,
    ...(wanted.temporary
      ? { inactive_threshold: wanted.temporary.inactiveMs * NANOS_PER_MS }
      : { durable_name: wanted.consumer }),
    description: replayEnd === undefined ? MADE_BY_US : `${REPLAY_UP_TO}${replayEnd}`,
    ack_policy: "explicit",
    ack_wait: wanted.ackWaitMs * NANOS_PER_MS,
    deliver_policy: wanted.deliverPolicy,
    ...(wanted.startSequence !== undefined && { opt_start_seq: wanted.startSequence }),
    ...(wanted.startTime !== undefined && { opt_start_time: wanted.startTime }),
    ...(single !== undefined && more.length === 0 && { filter_subject: single }),
    ...(more.length > 0 && { filter_subjects: [...wanted.filterSubjects] }),
    max_ack_pending: wanted.maxAckPending,
    max_deliver: -1,
    replay_policy: "instant",
  };
}

/**
 * Every setting of an existing consumer with which the bridge would lose, repeat or never get messages: one line each,
 * with what it is, what it has to be, and why. Empty: it fits.
 */
export function differences(
  config: Partial<ConsumerConfig>,
  wanted: WantedConsumer,
): readonly string[] {
  const found: string[] = [];
  const differs = (name: string, is: unknown, expected: string): void => {
    found.push(`${name} is ${JSON.stringify(is)}, expected ${expected}`);
  };
  const { ack_policy, max_deliver, max_ack_pending, deliver_policy, replay_policy } = config;
  if (wanted.temporary && replayEndOf(config) === undefined) {
    differs(
      "description",
      config.description,
      `"${REPLAY_UP_TO}…": it was made for something else`,
    );
  }
  if (config.deliver_subject)
    differs("deliver_subject", config.deliver_subject, "none: a pull consumer");
  if (ack_policy !== "explicit") differs("ack_policy", ack_policy ?? "none", '"explicit"');
  if (max_deliver !== undefined && max_deliver > 0) {
    differs("max_deliver", max_deliver, "-1 (unlimited): a finite one strands messages silently");
  }
  if (config.backoff && config.backoff.length > 0) {
    differs("backoff", config.backoff, "none: it changes the ack wait with each delivery");
  }
  if (
    max_ack_pending !== undefined &&
    max_ack_pending > 0 &&
    max_ack_pending < wanted.leastMaxAckPending
  ) {
    differs(
      "max_ack_pending",
      max_ack_pending,
      `at least ${wanted.leastMaxAckPending}, or -1: so many are held at once`,
    );
  }
  const ackWaitMs = (config.ack_wait ?? 0) / NANOS_PER_MS;
  if (wanted.mostAckWaitMs !== undefined && ackWaitMs > wanted.mostAckWaitMs) {
    differs(
      "ack_wait",
      `${ackWaitMs} ms`,
      `at most ${wanted.mostAckWaitMs} ms: SQS forgets a deduplication id after five minutes`,
    );
  }
  if (config.headers_only) differs("headers_only", true, "false: payloads would be missing");
  if (config.priority_policy && config.priority_policy !== "none") {
    differs("priority_policy", config.priority_policy, '"none"');
  }
  if (replay_policy !== undefined && replay_policy !== "instant") {
    differs("replay_policy", replay_policy, '"instant"');
  }
  const filters = filtersOf(config);
  const expectedFilters = wanted.filterSubjects.filter((filter) => filter !== ">").toSorted();
  if (filters.join(",") !== expectedFilters.join(",")) {
    differs("filter", filters, `${JSON.stringify(expectedFilters)} (JETSTREAM_FILTER_SUBJECTS)`);
  }
  if (deliver_policy !== wanted.deliverPolicy) {
    differs(
      "deliver_policy",
      deliver_policy,
      `"${wanted.deliverPolicy}" (JETSTREAM_DELIVER_POLICY)`,
    );
  }
  if (wanted.startSequence !== undefined && config.opt_start_seq !== wanted.startSequence) {
    differs(
      "opt_start_seq",
      config.opt_start_seq,
      `${wanted.startSequence} (JETSTREAM_OPT_START_SEQ)`,
    );
  }
  if (
    wanted.startTime !== undefined &&
    Date.parse(config.opt_start_time ?? "") !== Date.parse(wanted.startTime)
  ) {
    differs(
      "opt_start_time",
      config.opt_start_time,
      `"${wanted.startTime}" (JETSTREAM_OPT_START_TIME)`,
    );
  }
  return found;
}

/** A filter of `>` is no filter. */
export function filtersOf(config: Partial<ConsumerConfig>): readonly string[] {
  const filters = config.filter_subjects ?? (config.filter_subject ? [config.filter_subject] : []);
  return filters.filter((filter) => filter !== ">").toSorted();
}

/** What a consumer allows a single pull; undefined: anything. */
export interface RequestLimits {
  readonly batch?: number;
  readonly waitMs?: number;
  readonly maxBytes?: number;
}

export function requestLimitsOf(config: Partial<ConsumerConfig>): RequestLimits {
  const { max_batch: batch, max_bytes: maxBytes, max_expires: expires } = config;
  return {
    ...(batch && { batch }),
    ...(expires && { waitMs: expires / NANOS_PER_MS }),
    ...(maxBytes && { maxBytes }),
  };
}

/** A pull that asks for more than is allowed is refused as a whole: so it asks for no more. */
export function withinLimits(request: PullRequest, limits: RequestLimits): PullRequest {
  const atMost = (value: number, limit = Number.POSITIVE_INFINITY): number =>
    Math.min(value, limit);
  return {
    ...request,
    batch: atMost(request.batch, limits.batch),
    waitMs: atMost(request.waitMs, limits.waitMs),
    // 0 is without a limit, which a consumer that has one does not allow.
    maxBytes: atMost(request.maxBytes || Number.POSITIVE_INFINITY, limits.maxBytes),
  };
}

/** Settings that are allowed and may surprise: said once, at start. */
export function surprises(answer: ConsumerAnswer, wanted: WantedConsumer): readonly string[] {
  const { config } = answer;
  const found: string[] = [];
  const ackWaitMs = (config.ack_wait ?? 0) / NANOS_PER_MS;
  if (ackWaitMs !== wanted.ackWaitMs) {
    found.push(
      `ack_wait is ${ackWaitMs} ms and not ${wanted.ackWaitMs}: the consumer's own value counts`,
    );
  }
  if (config.inactive_threshold && !wanted.temporary) {
    found.push(
      "inactive_threshold is set: the server deletes the consumer, and its position, when nobody pulls for so long",
    );
  }
  return found;
}

/**
 * Settings that are up to whoever makes a consumer, and in one of our own making stand as they were when it was made: one
 * line each where the configuration has changed since.
 */
export function ownDifferences(
  { ack_wait, max_ack_pending }: Partial<ConsumerConfig>,
  { ackWaitMs, leastMaxAckPending, maxAckPending }: WantedConsumer,
): readonly string[] {
  const found: string[] = [];
  const isMs = (ack_wait ?? 0) / NANOS_PER_MS;
  if (isMs !== ackWaitMs) {
    found.push(`ack_wait is ${isMs} ms, expected ${ackWaitMs} ms (JETSTREAM_ACK_WAIT)`);
  }
  const isAtLeast = max_ack_pending ?? 0;
  // Below the least it is a difference in any consumer, and told already.
  if (isAtLeast !== maxAckPending && (isAtLeast <= 0 || isAtLeast >= leastMaxAckPending)) {
    found.push(
      `max_ack_pending is ${isAtLeast}, expected ${maxAckPending} (JETSTREAM_MAX_ACK_PENDING)`,
    );
  }
  return found;
}
