/** How much to pull: no more than is held at once, and no more than fits the time left. */
import type { Ms } from "./ports.ts";

/** Until there is a measured pace, so many are tried. */
const FIRST = 10;

/**
 * Free places, bounded by what this bridge can deliver in `timeLeftMs` at its own pace. `msPerMessage` is undefined
 * before the first delivery. What would not be tried is not pulled.
 */
export function batchFor(free: number, timeLeftMs: Ms, msPerMessage: Ms | undefined): number {
  if (timeLeftMs === Number.POSITIVE_INFINITY) return free;
  if (timeLeftMs <= 0) return 0;
  if (msPerMessage === undefined) return Math.min(free, FIRST);
  // Half of the time: a pace is an average.
  return Math.max(0, Math.min(free, Math.floor(timeLeftMs / 2 / Math.max(msPerMessage, 0.001))));
}

/** Moves the measured pace a quarter of the way to what the last round showed. */
export function nextPace(
  previous: Ms | undefined,
  elapsedMs: Ms,
  messages: number,
): Ms | undefined {
  if (messages === 0) return previous;
  const latest = elapsedMs / messages;
  return previous === undefined ? latest : previous * 0.75 + latest * 0.25;
}
