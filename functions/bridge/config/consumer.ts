/** The durable consumer. */
import type { Config } from "../config.ts";
import type { Reader } from "./reader.ts";
import { nameOf, subjectsOf, timeOf } from "./values.ts";

/** SQS forgets a deduplication id after five minutes: a minute is left for the wake and the call. */
const MOST_FIFO_ACK_WAIT_MS = 4 * 60_000;

const LEAST_FOR_HANDLERS = 1000;

export function consumerOf(
  reader: Reader,
  given: {
    readonly ackWaitMs: number;
    readonly isFifo: boolean;
    readonly isOrdered: boolean;
    readonly isHandler: boolean;
    readonly window: number;
  },
): Config["consumer"] {
  const stream = reader.required("JETSTREAM_STREAM", "the name of a stream", nameOf) ?? "";
  const consumer =
    reader.required("JETSTREAM_CONSUMER", "the name of a durable consumer", nameOf) ?? "";
  const filterSubjects =
    reader.optional(
      "JETSTREAM_FILTER_SUBJECTS",
      "subjects with commas, like orders.eu.>,orders.us.*",
      subjectsOf,
    ) ?? [];
  const deliverPolicy = reader.choice("JETSTREAM_DELIVER_POLICY", "all", [
    "all",
    "new",
    "last",
    "by_start_sequence",
    "by_start_time",
  ] as const);
  const startSequence = reader.optionalNumber(
    "JETSTREAM_OPT_START_SEQ",
    1,
    Number.MAX_SAFE_INTEGER,
  );
  const startTime = reader.optional(
    "JETSTREAM_OPT_START_TIME",
    "a time like 2026-11-21T13:00:00Z",
    timeOf,
  );
  const pairs = [
    ["JETSTREAM_OPT_START_SEQ", "by_start_sequence", startSequence],
    ["JETSTREAM_OPT_START_TIME", "by_start_time", startTime],
  ] as const;
  for (const [name, policy, value] of pairs) {
    if (value !== undefined && deliverPolicy !== policy) {
      reader.fault(name, JSON.stringify(value), `it only with JETSTREAM_DELIVER_POLICY=${policy}`);
    }
    if (value === undefined && deliverPolicy === policy && !reader.isSet(name)) {
      reader.fault(name, "nothing", `it with JETSTREAM_DELIVER_POLICY=${policy}`);
    }
  }
  // What a handler puts off occupies a place each, for as long as it likes; 1,000 are what NATS itself takes.
  const least = given.isHandler ? LEAST_FOR_HANDLERS : 0;
  const derived = given.isOrdered ? given.window : Math.max(2 * given.window, least);
  const maxAckPending = reader.number("JETSTREAM_MAX_ACK_PENDING", derived, 1, 1_000_000);
  return {
    stream,
    consumer,
    filterSubjects,
    deliverPolicy,
    ...(startSequence !== undefined && { startSequence }),
    ...(startTime !== undefined && { startTime }),
    ackWaitMs: given.ackWaitMs,
    ...(given.isFifo && { mostAckWaitMs: MOST_FIFO_ACK_WAIT_MS }),
    maxAckPending,
    leastMaxAckPending: Math.min(given.window, maxAckPending),
  };
}
