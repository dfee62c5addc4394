/**
 * Why a run ended. Every stop has exactly one name, and only `idle` means that all is done, but for what this bridge has put off itself.
 * - `idle`: drained, nothing outstanding, not paused
 * - `deadline`: out of time, or told to stop
 * - `paused`: the bridge or the consumer is paused
 * - `blocked`: messages wait that cannot be delivered: nowhere to bury, too many delayed, or all that may be unsettled is
 *   in other hands; also when only that is left to be done (`elsewhere` in the receipt)
 * - `overlap`: somebody else pulls from this ordered consumer
 * - `unavailable`: the target, or a permission, is missing
 * - `broken`: the connection to NATS
 * - `gone`: the consumer or stream does not exist any more, or was made anew
 */
export type Stop =
  | "idle"
  | "deadline"
  | "paused"
  | "blocked"
  | "overlap"
  | "unavailable"
  | "broken"
  | "gone";

/** How a trouble of the source is called when it ends the run. */
export function stopOf(end: "broken" | "refused" | "gone"): Stop {
  return end === "refused" ? "unavailable" : end;
}

const GOOD_STOPS: ReadonlySet<Stop | null> = new Set(["idle", "deadline", "paused"]);

/**
 * Whether a run that has stopped is nothing to be alarmed at. Anything else is an error of an invocation. Messages in the
 * hands of another wake, or put off by one in another sandbox (`elsewhere`), are no reason for that: nothing waits.
 */
export function isGood({
  elsewhere,
  stop,
}: {
  readonly elsewhere?: number;
  readonly stop: Stop | null;
}): boolean {
  return GOOD_STOPS.has(stop) || elsewhere !== undefined;
}
