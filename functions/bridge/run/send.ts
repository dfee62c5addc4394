/** What may be sent is sent, and what became of it is settled. */
import type { Delivery, Outcome } from "../core/outcome.ts";
import type { Letter, Ms } from "../core/ports.ts";
import type { Verdict } from "../core/settlement.ts";
import { bury } from "./bury.ts";
import { deliverWithin } from "./deliver.ts";
import { whileExtending } from "./keep-alive.ts";
import type { Item } from "./hand.ts";
import type { Tries } from "./memory.ts";
import type { Counted } from "./receipt.ts";
import { type Ending, isRejected, type Work } from "./work.ts";

/** Deliveries after which a message is tried alone, where that shows something. */
const SUSPICIOUS_DELIVERIES = 5;

/** Before a call that failed as a whole is made again, while others succeed. */
const RESEND = { minMs: 100, maxMs: 5000 };

/** Those that are sent now, oldest first. A call that is not full waits while all of its messages are patient. */
export function ready<P, D>(work: Work<P, D>): readonly Item<P>[] {
  const { hand, decisions, now, policy, ports } = work;
  if (now < work.outage.until) return [];
  const margin = Math.min(policy.sinkTimeoutMs, (work.state?.ackWaitMs ?? 0) / 3);
  const due = decisions
    .sendable(hand, now)
    .filter((item) => decisions.isOurs(item.held, now, margin));
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
    next = Math.min(next, Math.max(item.notBefore, item.patientUntil));
  }
  return Math.max(next, work.outage.until);
}

/** One round of calls, side by side; while they run, leases are extended. */
export async function send<P, D>(
  work: Work<P, D>,
  items: readonly Item<P>[],
): Promise<Ending | undefined> {
  const { decisions, ports } = work;
  for (const item of items) item.letter ??= tooOld(work, item);
  const toSend = items.filter((item) => !item.letter && !isRejected(item.prepared));
  const { limits } = ports.sink;
  const allowed = work.outage.isOn ? { ...limits, concurrency: 1 } : limits;
  const isSuspect = (item: Item<P>): boolean =>
    limits.aloneIsEvidence === true && hasFailedInCompany(work, item);
  const calls = decisions.pack(toSend, allowed, (item) => item.size, isSuspect);
  const startedAt = work.now;
  const deliveries = await whileExtending(work, (lapsed) =>
    Promise.all(calls.map((call) => deliver(work, call, lapsed))),
  );
  work.tally.calls += calls.length;

  const meaning = new Map<Verdict, Counted>();
  for (const item of items) {
    if (isRejected(item.prepared) && !item.letter) {
      conclude(work, item, { kind: "rejected", reason: item.prepared.rejected }, false, meaning);
    }
  }
  for (const [position, call] of calls.entries())
    judge(work, call, deliveries[position] as Delivery, meaning);
  work.measure(work.now - startedAt, meaning.size);
  const buried = await bury(
    work,
    items.filter((item) => item.letter),
    meaning,
  );
  const settled = new Set([...meaning.keys()].map(({ held }) => held.message.streamSequence));
  work.hand.remove(items.filter((item) => settled.has(item.sequence)));
  await work.settle(meaning);
  return buried ?? outageOf(work, deliveries) ?? tooManyHeld(work) ?? tooManyDelayed(work);
}

/** It, or one of those with it: alone it will show. A high delivery count alone raises the same question. */
function hasFailedInCompany<P, D>(work: Work<P, D>, item: Item<P>): boolean {
  const { failures } = work.ports.memory.of(item.sequence);
  return failures > 0 || item.held.message.deliveryCount > SUSPICIOUS_DELIVERIES;
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
  const isLong = sinkTimeoutMs > (work.state?.ackWaitMs ?? 0);
  const limitMs = Math.min(sinkTimeoutMs, work.timeLeftMs, isLong ? sinkTimeoutMs : lease);
  const batch = call.map((item) => item.prepared as P);
  return deliverWithin(clock, sink, batch, limitMs, lapsed);
}

function judge<P, D>(
  work: Work<P, D>,
  call: readonly Item<P>[],
  delivery: Delivery,
  meaning: Map<Verdict, Counted>,
): void {
  const { memory } = work.ports;
  if (delivery.kind === "unavailable") {
    for (const item of call) {
      const before = memory.of(item.sequence);
      const tries = before.tries + 1;
      memory.keep(item.sequence, {
        ...before,
        tries,
        maybeTaken: before.maybeTaken || delivery.maybeTaken,
      });
      item.notBefore =
        work.now + work.decisions.retryDelayMs(tries, RESEND, work.ports.clock.random());
    }
    return;
  }
  for (const [position, item] of call.entries()) {
    const isAlone = call.length === 1 && work.ports.sink.limits.aloneIsEvidence === true;
    const isTelling =
      isAlone || delivery.outcomes.some((one, at) => at !== position && one.kind === "accepted");
    conclude(work, item, delivery.outcomes[position] as Outcome, isTelling, meaning);
  }
}

/** From what is known of one message to what is done with it. */
function conclude<P, D>(
  work: Work<P, D>,
  item: Item<P>,
  outcome: Outcome,
  isTelling: boolean,
  meaning: Map<Verdict, Counted>,
): void {
  const { clock, memory, observe } = work.ports;
  const before = memory.of(item.sequence);
  const history = historyAfter(before, outcome, isTelling);
  const decision = work.decisions.decide(outcome, history, work.policy.settlement, clock.random());
  const { held } = item;
  if (outcome.kind !== "accepted") {
    observe("message-not-accepted", {
      streamSequence: item.sequence,
      outcome: outcome.kind,
      reason: outcome.reason,
      tries: history.tries,
      decision: decision.kind,
    });
  }
  if (outcome.kind === "rejected" && decision.kind !== "bury") {
    observe("message-held", { streamSequence: item.sequence, reason: outcome.reason });
  }
  memory.keep(item.sequence, history);
  switch (decision.kind) {
    case "ack":
      if (isPossibleDuplicate(item, before, outcome)) work.tally.duplicates += 1;
      work.stuckSince = undefined;
      memory.forget(item.sequence);
      meaning.set({ kind: "ack", held }, "acked");
      return;
    case "keep":
      item.notBefore = work.now + decision.delayMs;
      // Alone in a call its failure says nothing of itself: it waits for company, as long again.
      item.patientUntil = item.notBefore + decision.delayMs;
      return;
    case "retry":
      // Past its lease it is not given back: it goes by itself, and may be somebody else's already.
      if (!work.decisions.isOurs(held, work.now)) return;
      work.delayed.set(item.sequence, work.now + decision.delayMs);
      meaning.set({ kind: "retry", held, delayMs: decision.delayMs }, "retried");
      return;
    case "bury":
      item.letter = decision.letter;
  }
}

function historyAfter(before: Tries, outcome: Outcome, isTelling: boolean): Tries {
  const failed = outcome.kind === "failed" ? 1 : 0;
  return {
    tries: before.tries + 1,
    failures: before.failures + failed,
    evidence: before.evidence + (isTelling ? failed : 0),
    maybeTaken: before.maybeTaken || isUnclear(outcome),
  };
}

/** The target may have it, although it does not say so. */
function isUnclear(outcome: Outcome): boolean {
  return outcome.kind === "unknown" || (outcome.kind === "failed" && outcome.maybeTaken === true);
}

/** An answer was lost, the target says so, or an earlier delivery went to a run of which nothing is known here. */
function isPossibleDuplicate<P>(item: Item<P>, before: Tries, outcome: Outcome): boolean {
  const saidSo = outcome.kind === "accepted" && outcome.duplicate === true;
  const unknownPast = item.held.message.deliveryCount > 1 && before.tries === 0;
  return saidSo || before.maybeTaken || unknownPast;
}

function tooOld<P, D>(work: Work<P, D>, item: Item<P>): Letter | undefined {
  const { maximumAgeMs } = work.policy;
  if (maximumAgeMs === undefined || work.serverNow === undefined) return undefined;
  const age = Math.round(work.serverNow - Number(item.held.message.timestampNanos / 1_000_000n));
  if (age <= maximumAgeMs) return undefined;
  const { tries } = work.ports.memory.of(item.sequence);
  return {
    reason: "too old",
    evidence: `${age} ms old by the server's clock, allowed are ${maximumAgeMs}`,
    tries,
  };
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
function tooManyDelayed<P, D>(work: Work<P, D>): Ending | undefined {
  for (const [sequence, until] of work.delayed)
    if (until <= work.now) work.delayed.delete(sequence);
  const most = (work.state?.maxAckPending ?? -1) / 2;
  if (most <= 0 || work.delayed.size <= most) return undefined;
  return {
    stop: "blocked",
    reason: `${work.delayed.size} messages wait for another try, which is more than half of max ack pending`,
  };
}
