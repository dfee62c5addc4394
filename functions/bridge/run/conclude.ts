/** From the answer to a call to what is done with each of its messages. */
import type { Delivery, Outcome } from "../core/outcome.ts";
import type { Letter, Ms } from "../core/ports.ts";
import type { Decision, Verdict } from "../core/settlement.ts";
import type { Item } from "./hand.ts";
import type { Tries } from "./memory.ts";
import type { Counted } from "./receipt.ts";
import type { Work } from "./work.ts";

/** Before a call that failed as a whole is made again, while others succeed. */
const RESEND = { minMs: 100, maxMs: 5000 };

/** What a call's answer means for each of its messages. */
export function judge<P, D>(
  work: Work<P, D>,
  call: readonly Item<P>[],
  delivery: Delivery,
  meaning: Map<Verdict, Counted>,
): void {
  const { memory } = work.ports;
  if (delivery.kind === "unavailable") {
    for (const item of call) {
      const before = memory.of(item.held.message);
      const tries = before.tries + 1;
      memory.keep(item.held.message, {
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
    const outcome = delivery.outcomes[position] as Outcome;
    const others = delivery.outcomes.filter(
      (one, at) => at !== position && one.call === outcome.call,
    );
    const isAlone = others.length === 0 && work.ports.sink.limits.aloneIsEvidence === true;
    // One that has not ended shows nothing but that: it may only have been late, unless it had all the time there is.
    const isTelling = hasOverrun(outcome)
      ? item.hadFairTrial
      : (isAlone && isOnlyItself(work, item)) || others.some(({ kind }) => kind === "accepted");
    conclude(work, item, outcome, isTelling, meaning);
  }
}

/**
 * Alone in its call a message failed. A function that was deployed broken fails for everybody: that is evidence against
 * nobody, except once in each run, or else nothing would ever come of it.
 */
function isOnlyItself<P, D>(work: Work<P, D>, item: Item<P>): boolean {
  const { memory } = work.ports;
  const { message } = item.held;
  const { lastFailure } = memory.of(message);
  if (!lastFailure || lastFailure.run !== work.startedAt) return true;
  return memory.accepted > lastFailure.accepted || !memory.manyFail;
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
  const before = memory.of(item.held.message);
  const now = { run: work.startedAt, accepted: memory.accepted };
  const history = historyAfter(before, outcome, isTelling, now);
  memory.keep(item.held.message, history);
  const decision = work.decisions.decide(outcome, history, work.policy.settlement, clock.random());
  if (outcome.kind !== "accepted") {
    observe("message-not-accepted", {
      streamSequence: item.sequence,
      outcome: outcome.kind,
      reason: toldOf(outcome),
      tries: history.tries,
      decision: decision.kind,
    });
  }
  // Whoever wrote the handler wants to know, and once.
  const isFirst = history.failures === 1 && work.ports.sink.limits.sharesProcess;
  if (outcome.kind === "failed" && isFirst) {
    const { reason, stack } = outcome;
    const where = stack !== undefined && { stack };
    observe("handler-failed", { streamSequence: item.sequence, reason, ...where });
  }
  if (outcome.kind === "accepted" && isPossibleDuplicate(item, before, outcome)) {
    work.tally.duplicates += 1;
  }
  item.isTimed = outcome.kind === "postponed" && outcome.afterMs !== undefined;
  carryOut(work, item, decision, meaning);
  if (outcome.kind === "rejected") tellHeld(work, item, toldOf(outcome), decision);
}

/** It cannot be sent at all. */
export function refuse<P, D>(
  work: Work<P, D>,
  item: Item<P>,
  reason: string,
  meaning: Map<Verdict, Counted>,
): void {
  const { clock, memory } = work.ports;
  const outcome: Outcome = { kind: "rejected", reason };
  const history = memory.of(item.held.message);
  const decision = work.decisions.decide(outcome, history, work.policy.settlement, clock.random());
  carryOut(work, item, decision, meaning);
  tellHeld(work, item, reason, decision);
}

function tellHeld<P, D>(work: Work<P, D>, item: Item<P>, reason: string, decision: Decision): void {
  if (decision.kind === "bury") return;
  work.ports.observe("message-held", { streamSequence: item.sequence, reason });
}

function carryOut<P, D>(
  work: Work<P, D>,
  item: Item<P>,
  decision: Decision,
  meaning: Map<Verdict, Counted>,
): void {
  const { held } = item;
  switch (decision.kind) {
    case "ack":
      work.stuckSince = undefined;
      work.ports.memory.accepted += 1;
      work.ports.memory.forget(item.held.message);
      meaning.set({ kind: "ack", held }, "acked");
      return;
    case "keep":
      item.notBefore = work.now + decision.delayMs;
      // Where being alone in a call shows nothing, it waits for company, as long again.
      item.patientUntil =
        item.notBefore + (work.ports.sink.limits.aloneIsEvidence ? 0 : decision.delayMs);
      return;
    case "retry":
      // Past its lease it is not given back: it goes by itself, and may be somebody else's already.
      if (!work.decisions.isOurs(held, work.now)) return;
      meaning.set({ kind: "retry", held, delayMs: decision.delayMs }, "retried");
      return;
    case "bury": {
      item.letter = decision.letter;
      // When there is no time left to store it, it is known what to do with it once it is here again.
      const known = work.ports.memory.of(held.message);
      work.ports.memory.keep(held.message, { ...known, letter: decision.letter });
    }
  }
}

function historyAfter(
  before: Tries,
  outcome: Outcome,
  isTelling: boolean,
  now: { readonly run: Ms; readonly accepted: number },
): Tries {
  const failed = outcome.kind === "failed" ? 1 : 0;
  const trialsLost = (before.trialsLost ?? 0) + (isTelling && hasOverrun(outcome) ? 1 : 0);
  return {
    tries: before.tries + 1,
    failures: before.failures + failed,
    evidence: before.evidence + (isTelling ? failed : 0),
    maybeTaken: before.maybeTaken || isUnclear(outcome),
    ...((before.overran || hasOverrun(outcome)) && { overran: true }),
    ...(trialsLost > 0 && { trialsLost }),
    ...(failed > 0
      ? { lastFailure: now }
      : before.lastFailure && { lastFailure: before.lastFailure }),
  };
}

function hasOverrun(outcome: Outcome): boolean {
  return outcome.kind === "failed" && outcome.overran === true;
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

/** Why a message is buried without being tried again; undefined: it is tried. */
export function letterOf<P, D>(work: Work<P, D>, item: Item<P>): Letter | undefined {
  const { letter } = work.ports.memory.of(item.held.message);
  // Where it cannot be buried, what was rejected may be taken by now: somebody may have seen to that.
  const mayBury = work.policy.settlement.onRejected === "bury" && work.ports.deadLetters;
  return (mayBury ? letter : undefined) ?? tooOld(work, item) ?? fatal(work, item);
}

/** The letter of a message that is older than allowed, by the server's clock. */
function tooOld<P, D>(work: Work<P, D>, item: Item<P>): Letter | undefined {
  const { maximumAgeMs } = work.policy;
  if (maximumAgeMs === undefined || work.serverNow === undefined) return undefined;
  const age = Math.round(work.serverNow - Number(item.held.message.timestampNanos / 1_000_000n));
  if (age <= maximumAgeMs) return undefined;
  const { tries } = work.ports.memory.of(item.held.message);
  return {
    reason: "too old",
    evidence: `${age} ms old by the server's clock, allowed are ${maximumAgeMs}`,
    tries,
  };
}

/** The letter of a message that took the process down, or did not end, each time it was tried with nothing else. */
function fatal<P, D>(work: Work<P, D>, item: Item<P>): Letter | undefined {
  const { maximumRetryAttempts: limit, onRejected } = work.policy.settlement;
  const { tries, evidence, trialsLost = 0 } = work.ports.memory.of(item.held.message);
  if (onRejected === "hold" || limit < 0 || trialsLost === 0) return undefined;
  if (evidence < Math.max(1, limit)) return undefined;
  return {
    reason: "the process ended, or time ran out, while it was handled",
    evidence: `failed ${evidence} times on its own, ${trialsLost} of them by ending the process or by not ending at all while nothing else was under way`,
    tries,
  };
}

/** Reasons may have parts of the payload, which is not for the log. */
function toldOf(outcome: Exclude<Outcome, { readonly kind: "accepted" }>): string {
  return (outcome.kind === "rejected" ? outcome.told : undefined) ?? outcome.reason;
}
