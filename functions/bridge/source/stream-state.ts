/** What STREAM.INFO says of what a stream keeps, and for how long. */
import type { ConsumerConfig } from "@nats-io/jetstream";
import type { StreamState } from "../core/ports.ts";
import type { StreamAnswer } from "./api.ts";
import { filtersOf } from "./consumer.ts";

const NANOS_PER_MS = 1_000_000;

export function streamStateOf(
  { config, state }: StreamAnswer,
  consumer: Partial<ConsumerConfig>,
): StreamState {
  return {
    first: state.first_seq,
    last: state.last_seq,
    messages: state.messages,
    bytes: state.bytes,
    // An empty stream has a time too, in the year 1 or 1970.
    ...(state.messages > 0 && { firstStoredAt: Date.parse(state.first_ts) }),
    most: mostOf(config),
    gapIsLoss: gapIsLoss(config, consumer),
  };
}

/** A stream that refuses what is new when it is full drops nothing for its size. */
function mostOf({ discard, max_age, max_bytes, max_msgs }: StreamAnswer["config"]): {
  messages?: number;
  bytes?: number;
  ageMs?: number;
} {
  const dropsOldest = discard !== "new";
  return {
    ...(dropsOldest && max_msgs > 0 && { messages: max_msgs }),
    ...(dropsOldest && max_bytes > 0 && { bytes: max_bytes }),
    ...(max_age > 0 && { ageMs: max_age / NANOS_PER_MS }),
  };
}

/**
 * Without limits nothing expires. With another retention acks delete too, those of others included; with a filter what is
 * missing may be none of ours; and a stream that keeps so many of a subject replaces older ones as a matter of course.
 */
function gapIsLoss(config: StreamAnswer["config"], consumer: Partial<ConsumerConfig>): boolean {
  const mayDrop = config.allow_msg_ttl === true || Object.keys(mostOf(config)).length > 0;
  const replaces = config.max_msgs_per_subject > 0;
  const isAllOurs = filtersOf(consumer).length === 0;
  return mayDrop && config.retention === "limits" && !replaces && isAllOurs;
}
