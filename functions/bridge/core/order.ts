/**
 * The mechanism that keeps order (in bridges that ask for it): one message of a group in flight, a message that waits
 * holds those behind it, and consumer sequences without a gap show that nobody else pulls.
 */
import type { Ms } from "./ports.ts";

/** What the order needs to know of a message that is held. */
export interface Queued {
  readonly sequence: number;
  /** Undefined: bound to no order. */
  readonly group: string | undefined;
  /** Not to be sent earlier. */
  readonly notBefore: Ms;
}

/**
 * Those that may be sent now, in stream order: of each group only its oldest, and only when its time has come.
 * `queued` is in stream order.
 */
export function sendable<T extends Queued>(queued: Iterable<T>, now: Ms): readonly T[] {
  const taken = new Set<string>();
  const ready: T[] = [];
  for (const item of queued) {
    if (item.group !== undefined) {
      if (taken.has(item.group)) continue;
      taken.add(item.group);
    }
    if (item.notBefore <= now) ready.push(item);
  }
  return ready;
}

/**
 * Follows the consumer sequences of what is delivered to us. Returns the last one when `sequences` goes on from `last`
 * without a gap, undefined when something was delivered to somebody else.
 */
export function follow(last: number, sequences: readonly number[]): number | undefined {
  let next = last;
  for (const sequence of sequences) {
    if (sequence !== next + 1) return undefined;
    next = sequence;
  }
  return next;
}
