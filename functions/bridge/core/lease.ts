/**
 * The ack wait is a lease. Past it a message is not sent, extended, given back or buried: somebody else may have it. An
 * ack is still allowed if the target had accepted it.
 */
import type { Held, Ms } from "./ports.ts";

/** Still ours for at least `marginMs` more. */
export function isOurs(held: Held, now: Ms, marginMs: Ms = 0): boolean {
  return now + marginMs < held.leaseUntil;
}

/** Less than two thirds of the ack wait are left: time to ask for a new one, with two more tries before it runs out. */
export function needsExtension(held: Held, now: Ms, ackWaitMs: Ms): boolean {
  return held.leaseUntil - now < (ackWaitMs * 2) / 3;
}
