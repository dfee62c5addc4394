/** A rejected message goes to the dead letters first, and is acked once it is stored there. */
import type { Outcome } from "../core/outcome.ts";
import { type DeadLetters, isRejected, type Letter } from "../core/ports.ts";
import type { Verdict } from "../core/settlement.ts";
import { deliverWithin } from "./deliver.ts";
import type { Item } from "./hand.ts";
import { whileExtending } from "./keep-alive.ts";
import type { Counted } from "./receipt.ts";
import type { Ending, Work } from "./work.ts";

interface Envelope<P, D> {
  readonly item: Item<P>;
  readonly prepared: D;
  readonly size: number;
}

/** Stores all `items`, each of which has its letter; adds an ack for each that the store has accepted. */
export async function bury<P, D>(
  work: Work<P, D>,
  items: readonly Item<P>[],
  meaning: Map<Verdict, Counted>,
): Promise<Ending | undefined> {
  const { clock, deadLetters } = work.ports;
  const ours = items.filter((item) => work.decisions.isOurs(item.held, work.now));
  const [first] = ours;
  // Too late for a call: they go back, and are found out again.
  if (!first || work.isOver) return undefined;
  if (!deadLetters) return nowhere(first);
  const envelopes = ours.flatMap((item) => envelope(work, deadLetters, item, meaning));
  const calls = work.decisions.pack(envelopes, deadLetters.limits, ({ size }) => size);
  for (const call of calls) {
    const batch = call.map(({ prepared }) => prepared);
    const lease = Math.min(...call.map(({ item }) => item.held.leaseUntil - work.now));
    const limitMs = Math.min(work.policy.storeTimeoutMs, lease, work.timeLeftMs);
    const delivery = await whileExtending(work, () =>
      deliverWithin(clock, deadLetters, batch, limitMs),
    );
    if (delivery.kind === "answered") {
      for (const [position, { item }] of call.entries()) {
        stored(work, item, delivery.outcomes[position] as Outcome, meaning);
      }
    } else {
      for (const { item } of call) tryLater(work, item);
    }
    const reason = delivery.kind === "answered" ? delivery.stop : delivery.reason;
    if (reason === undefined) continue;
    work.ports.observe("dead-letters-unavailable", { reason, messages: call.length });
    if (delivery.stop)
      return { stop: "blocked", reason: `dead letters cannot be stored: ${reason}` };
  }
  return undefined;
}

function nowhere<P>(item: Item<P>): Ending {
  return {
    stop: "blocked",
    reason: `message ${item.sequence} is rejected (${item.letter?.told ?? item.letter?.reason}) and there is nowhere to bury it: set DEAD_LETTER_QUEUE_URL or DEAD_LETTER_BUCKET`,
  };
}

function envelope<P, D>(
  work: Work<P, D>,
  deadLetters: DeadLetters<D>,
  item: Item<P>,
  meaning: Map<Verdict, Counted>,
): readonly Envelope<P, D>[] {
  const prepared = deadLetters.prepare(item.held.message, item.letter as Letter);
  if (!isRejected(prepared)) return [{ item, prepared, size: deadLetters.size(prepared) }];
  refused(work, item, prepared.rejected, meaning);
  return [];
}

function stored<P, D>(
  work: Work<P, D>,
  item: Item<P>,
  outcome: Outcome,
  meaning: Map<Verdict, Counted>,
): void {
  switch (outcome.kind) {
    case "accepted":
      work.ports.memory.forget(item.held.message);
      work.ports.observe("message-buried", {
        streamSequence: item.sequence,
        ...mayBeTold(item.letter as Letter),
        receipt: outcome.receipt,
      });
      meaning.set({ kind: "ack", held: item.held }, "buried");
      return;
    case "rejected":
      refused(work, item, outcome.reason, meaning);
      return;
    case "failed":
    case "postponed":
    case "unknown":
      tryLater(work, item);
  }
}

/** It stays ours, and its letter with it: it is not sent to the target again. */
function tryLater<P, D>(work: Work<P, D>, item: Item<P>): void {
  const { retryDelay } = work.policy.settlement;
  const { tries } = work.ports.memory.of(item.held.message);
  item.notBefore =
    work.now + work.decisions.retryDelayMs(tries, retryDelay, work.ports.clock.random());
}

/** The store cannot take it, ever: it waits out of the way, as long as allowed, for somebody to do something. */
function refused<P, D>(
  work: Work<P, D>,
  item: Item<P>,
  reason: string,
  meaning: Map<Verdict, Counted>,
): void {
  const { maxMs } = work.policy.settlement.retryDelay;
  work.ports.observe("dead-letter-refused", {
    streamSequence: item.sequence,
    reason,
    rejected: item.letter?.told ?? item.letter?.reason,
  });
  if (work.isOrdered) {
    item.notBefore = work.now + maxMs;
    return;
  }
  meaning.set({ kind: "retry", held: item.held, delayMs: maxMs }, "retried");
}

function mayBeTold({ told, ...letter }: Letter): Omit<Letter, "told"> {
  return told === undefined ? letter : { ...letter, reason: told, evidence: "rejected" };
}
