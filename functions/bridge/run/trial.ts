/**
 * A message that takes the process down, or never ends, cannot be told from its neighbours by what remains of that: so
 * it is tried while nothing else is under way, and what happens then was its own doing. Only where messages are worked
 * on in this process.
 */
import type { Item } from "./hand.ts";
import type { Work } from "./work.ts";

/** Deliveries after which a message is tried alone, where that shows something. */
const SUSPICIOUS_DELIVERIES = 5;

/** Of a run: nothing more is pulled after so much of it, as long as a suspect waits for its turn. */
const COMPANY_SHARE = 0.25;

/** The same, for a run without an end. */
const COMPANY_MS = 10_000;

/** Of a run: what ends within less has had no fair trial. */
const TRIAL_SHARE = 0.5;

export function isOftenDelivered<P>(item: Item<P>): boolean {
  return item.held.message.deliveryCount > SUSPICIOUS_DELIVERIES;
}

/** Those of `due` that are worked on next: all but the suspects; or, when there is nobody else, the first suspect. */
export function turn<P, D>(work: Work<P, D>, due: readonly Item<P>[]): readonly Item<P>[] {
  if (!work.ports.sink.limits.sharesProcess) return due;
  const others = due.filter((item) => !isSuspect(work, item));
  const [suspect] = due;
  // During a trial nobody else starts, and it starts when nothing else is under way.
  if (work.isTrial) return [];
  if (others.length > 0 || !suspect || work.pool.size > 0) return others;
  work.ports.memory.trialBegins(suspect.held.message);
  work.isTrial = true;
  suspect.hadFairTrial = shareLeft(work) >= TRIAL_SHARE;
  return [suspect];
}

/** Those of `due` that can start before more is pulled, since nobody waits for them: none of them is a suspect. */
export function ofOthers<P, D>(work: Work<P, D>, due: readonly Item<P>[]): readonly Item<P>[] {
  const { concurrency, sharesProcess } = work.ports.sink.limits;
  if (!sharesProcess || work.isTrial || work.pool.size >= concurrency) return [];
  return due.filter((item) => !isSuspect(work, item));
}

/** It has an end, whatever that was: what happens to the process from here on is not its doing. */
export function trialEnds<P, D>(work: Work<P, D>): void {
  if (work.isTrial) work.ports.memory.save();
  work.isTrial = false;
}

/** Whether only suspects are left to be worked on, and whether there is time for others before them. */
export function beforeSuspects<P, D>(
  work: Work<P, D>,
  due: readonly Item<P>[],
): "nobody" | "others" | "no more" {
  if (!work.ports.sink.limits.sharesProcess) return "nobody";
  if (work.isTrial) return "no more";
  if (![...work.hand].some((item) => isSuspect(work, item))) return "nobody";
  if (shareLeft(work) < 1 - COMPANY_SHARE) return "no more";
  return due.every((item) => isSuspect(work, item)) ? "others" : "nobody";
}

/** Of the time that the run has for messages; of one without an end, of so much as others may have before a suspect. */
function shareLeft<P, D>(work: Work<P, D>): number {
  const usedMs = work.now - work.workingSince;
  if (work.until.deadline === Number.POSITIVE_INFINITY)
    return usedMs < COMPANY_MS ? 1 : TRIAL_SHARE;
  return work.timeLeftMs / (work.timeLeftMs + usedMs);
}

/** It has something to do with the end of a process, or of a run. */
function isSuspect<P, D>(work: Work<P, D>, item: Item<P>): boolean {
  const { overran = false, trialsLost = 0 } = work.ports.memory.of(item.held.message);
  return overran || trialsLost > 0 || isOftenDelivered(item);
}
