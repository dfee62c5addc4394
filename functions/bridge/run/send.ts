/** What may be sent is sent, and what became of it is settled. */
import type { Delivery } from "../core/outcome.ts";
import { isRejected, type Ms } from "../core/ports.ts";
import type { Verdict } from "../core/settlement.ts";
import { bury } from "./bury.ts";
import { judge, letterOf, refuse } from "./conclude.ts";
import { deliverWithin } from "./deliver.ts";
import { whileExtending } from "./keep-alive.ts";
import type { Item } from "./hand.ts";
import type { Counted } from "./receipt.ts";
import { isOftenDelivered, trialEnds } from "./trial.ts";
import type { Ending, Work } from "./work.ts";

/** Those that are sent now, oldest first. A call that is not full waits while all of its messages are patient. */
export function ready<P, D>(work: Work<P, D>): readonly Item<P>[] {
  const { hand, decisions, now, policy, ports } = work;
  if (now < work.outage.until) return [];
  const margin = Math.min(policy.sinkTimeoutMs, (work.state?.ackWaitMs ?? 0) / 3);
  const due = decisions
    .sendable(hand, now)
    .filter((item) => decisions.isOurs(item.held, now, margin) && !work.pool.has(item));
  const mayFill = due.length < ports.sink.limits.entries;
  return mayFill && due.every((item) => now < item.patientUntil) ? [] : due;
}

/** When something may be sent; `Infinity` when nothing waits for its time. */
export function nextSendAt<P, D>(work: Work<P, D>): Ms {
  const groups = new Set<string>();
  let next = Number.POSITIVE_INFINITY;
  for (const item of work.hand) {
    if (item.group !== undefined && groups.has(item.group)) continue;
    if (item.group !== undefined) groups.add(item.group);
    if (work.pool.has(item)) continue;
    next = Math.min(next, Math.max(item.notBefore, item.patientUntil));
  }
  return Math.max(next, work.outage.until);
}

/** Those of `items` that can be sent are; the others are refused or buried. */
export async function send<P, D>(
  work: Work<P, D>,
  items: readonly Item<P>[],
): Promise<Ending | undefined> {
  for (const item of items) item.letter ??= letterOf(work, item);
  const toSend = items.filter((item) => !item.letter && !isRejected(item.prepared));
  const calls = packed(work, toSend);
  work.tally.calls += calls.length;
  return work.ports.sink.limits.sharesProcess
    ? startCalls(work, items, calls)
    : callRound(work, items, calls);
}

/** Nobody waits for them: what becomes of each is seen to when it ends. */
async function startCalls<P, D>(
  work: Work<P, D>,
  items: readonly Item<P>[],
  calls: Calls<P>,
): Promise<Ending | undefined> {
  for (const call of calls) work.pool.start(work, call, (...with_) => deliver(work, ...with_));
  // A suspect may not have been tried at all: it is buried.
  if (work.pool.size === 0) trialEnds(work);
  const unsent = items.filter((item) => !work.pool.has(item));
  const meaning = refused(work, unsent);
  const buried = await bury(work, withLetter(unsent), meaning);
  work.remove(unsent, meaning);
  if (meaning.size > 0) await work.settle(meaning);
  return buried ?? tooManyHeld(work);
}

/** One round of calls, side by side; while they run, leases are extended. */
async function callRound<P, D>(
  work: Work<P, D>,
  items: readonly Item<P>[],
  calls: Calls<P>,
): Promise<Ending | undefined> {
  const startedAt = work.now;
  const deliveries = await whileExtending(work, (lapsed) =>
    Promise.all(calls.map((call) => deliverAndSettle(work, call, lapsed))),
  );
  const meaning = refused(work, items);
  if (!isLong(work)) {
    for (const [position, call] of calls.entries()) {
      judge(work, call, deliveries[position] as Delivery, meaning);
    }
  }
  work.measure(work.now - startedAt, calls.flat().length);
  const buried = await bury(work, withLetter(items), meaning);
  work.remove(items, meaning);
  await work.settle(meaning);
  return buried ?? outageOf(work, deliveries) ?? tooManyHeld(work);
}

/** What cannot be sent at all, and what is done with it. */
function refused<P, D>(work: Work<P, D>, items: readonly Item<P>[]): Map<Verdict, Counted> {
  const meaning = new Map<Verdict, Counted>();
  for (const item of items) {
    if (isRejected(item.prepared) && !item.letter) {
      refuse(work, item, item.prepared.rejected, meaning);
    }
  }
  return meaning;
}

function withLetter<P>(items: readonly Item<P>[]): readonly Item<P>[] {
  return items.filter(({ letter }) => letter);
}

type Calls<P> = readonly (readonly Item<P>[])[];

function packed<P, D>(work: Work<P, D>, items: readonly Item<P>[]): Calls<P> {
  const { limits } = work.ports.sink;
  const concurrency = work.outage.isOn ? 1 : limits.concurrency - work.pool.size;
  if (concurrency <= 0) return [];
  const isSuspect = (item: Item<P>): boolean =>
    limits.aloneIsEvidence === true && hasFailedInCompany(work, item);
  return work.decisions.pack(items, { ...limits, concurrency }, (item) => item.size, isSuspect);
}

/** It, or one of those with it: alone it will show. A high delivery count alone raises the same question. */
function hasFailedInCompany<P, D>(work: Work<P, D>, item: Item<P>): boolean {
  return work.ports.memory.of(item.held.message).failures > 0 || isOftenDelivered(item);
}

/** A call may take longer than a lease, as a function's may. */
function isLong<P, D>(work: Work<P, D>): boolean {
  return work.policy.sinkTimeoutMs > (work.state?.ackWaitMs ?? 0);
}

/** What a long call was answered is settled at once: it does not wait for its slowest neighbour. */
async function deliverAndSettle<P, D>(
  work: Work<P, D>,
  call: readonly Item<P>[],
  lapsed: AbortSignal,
): Promise<Delivery> {
  const delivery = await deliver(work, call, lapsed);
  if (!isLong(work)) return delivery;
  const meaning = new Map<Verdict, Counted>();
  judge(work, call, delivery, meaning);
  work.remove(call, meaning);
  await work.settle(meaning);
  return delivery;
}

/**
 * A call ends before the run must, and before the first lease of its messages does; one that may take longer than a
 * lease, as a function may, ends when a lease could not be extended.
 */
function deliver<P, D>(
  work: Work<P, D>,
  call: readonly Item<P>[],
  lapsed: AbortSignal,
): Promise<Delivery> {
  const { clock, sink } = work.ports;
  const { sinkTimeoutMs } = work.policy;
  const lease = Math.min(...call.map(({ held }) => held.leaseUntil - work.now));
  const limitMs = Math.min(sinkTimeoutMs, work.timeLeftMs, isLong(work) ? sinkTimeoutMs : lease);
  const batch = call.map((item) => item.prepared as P);
  return deliverWithin(clock, sink, batch, limitMs, lapsed);
}

/** When no call was answered, the target is asked by one call at a time from now on. */
function outageOf<P, D>(work: Work<P, D>, deliveries: readonly Delivery[]): Ending | undefined {
  const { observe } = work.ports;
  for (const delivery of deliveries) {
    const reason = delivery.kind === "answered" ? delivery.stop : delivery.reason;
    if (delivery.stop && reason !== undefined) return { stop: "unavailable", reason };
  }
  const failed = deliveries.filter((delivery) => delivery.kind === "unavailable");
  const [first] = failed;
  if (first && failed.length === deliveries.length) {
    if (work.outage.reason !== first.reason)
      observe("target-unavailable", { reason: first.reason });
    work.outage.goesOn(first.reason);
    const tooLong = work.outage.lastedMs > work.policy.patienceMs;
    return tooLong ? { stop: "unavailable", reason: first.reason } : undefined;
  }
  if (work.outage.isOn && deliveries.length > 0) {
    observe("target-available", { afterMs: Math.round(work.outage.lastedMs) });
    work.outage.ends();
  }
  return undefined;
}

/** Rejected messages that are held in their place take the room of the others. */
function tooManyHeld<P, D>(work: Work<P, D>): Ending | undefined {
  const held = [...work.hand].filter(({ notBefore }) => notBefore === Number.POSITIVE_INFINITY);
  if (held.length < work.policy.window / 2) return undefined;
  return {
    stop: "blocked",
    reason: `${held.length} rejected messages are held (ON_REJECTED=hold), half of what may be unsettled`,
  };
}

/** Delayed messages occupy max ack pending: beyond half of it the rest of the stream would starve. */
export function tooManyDelayed<P, D>(work: Work<P, D>): Ending | undefined {
  const most = (work.state?.maxAckPending ?? -1) / 2;
  const delayed = work.ports.memory.delayed(work.now);
  if (most <= 0 || delayed <= most) return undefined;
  return {
    stop: "blocked",
    reason: `${delayed} messages wait for another try, which is more than half of max ack pending`,
  };
}
