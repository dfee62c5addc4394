/** What must be true at the end of every seed, law by law (`docs/guarantees.md`). */
import type { Ledger } from "./ledger.ts";
import type { PublishedMessage, RunRecord, Try } from "./records.ts";
import type { Simulation } from "./simulation.ts";
import { judgeBurials } from "./judge-burials.ts";
import { judgeStops } from "./judge-stops.ts";
import { judgeOutputs } from "./outputs.ts";

export function judge(simulation: Simulation): void {
  for (const message of simulation.ledger.published.values()) {
    nothingLost(simulation, message);
    const tries = simulation.ledger.tries.get(message.uid) ?? [];
    const sent = tries.filter(({ target }) => target === "target");
    sameRequest(simulation, message, sent);
    duplicatesExplained(
      simulation,
      message,
      sent.filter(({ fate }) => fate === "accepted"),
    );
  }
  judgeBurials(simulation);
  if (simulation.scenario.isOrdered) orderKept(simulation);
  for (const run of simulation.ledger.runs) receiptAddsUp(simulation, run);
  expiryIsTrue(simulation);
  judgeStops(simulation);
  judgeOutputs(simulation);
}

/** Law 1: accepted, buried, or taken out of the stream by somebody else. */
function nothingLost(simulation: Simulation, message: PublishedMessage): void {
  const { ledger } = simulation;
  const { uid, goneBecause } = message;
  if (goneBecause !== undefined || ledger.excused.has(uid) || mayBeHeld(simulation, message))
    return;
  const isSomewhere = ledger.tries.get(uid)?.some(({ fate }) => fate === "accepted") ?? false;
  if (!isSomewhere) ledger.breach(1, `message ${uid} was neither accepted nor buried in time`);
}

/** Held, or behind one that is held: for as long as it takes somebody to do something. */
function mayBeHeld({ ledger, scenario }: Simulation, { uid, group }: PublishedMessage): boolean {
  if (scenario.onRejected === "bury") return false;
  const isAllBlocked = ledger.runs.some(({ receipt }) => receipt?.stop === "blocked");
  const isBehind = scenario.messages.some(
    (one) =>
      one.group === group &&
      one.uid <= uid &&
      (one.poison !== undefined || one.bytes > scenario.targetMaxBytes),
  );
  return isAllBlocked || isBehind;
}

/** Law 5, and 9 where the id is what differs. */
function sameRequest(
  { ledger }: Simulation,
  { uid }: PublishedMessage,
  sent: readonly Try[],
): void {
  const [first, ...others] = sent;
  if (!first) return;
  const ids = idsOf(first);
  const whole = printOf(first);
  for (const other of others) {
    if (idsOf(other) !== ids)
      return ledger.breach(9, `message ${uid} was sent with another id the second time`);
    if (printOf(other) !== whole)
      return ledger.breach(5, `message ${uid} was not sent again as it was the first time`);
  }
}

function idsOf({ entry }: Try): string {
  return JSON.stringify([entry.attributes.get("nats-id"), entry.deduplication]);
}

function printOf({ entry }: Try): string {
  return JSON.stringify({ ...entry, attributes: [...entry.attributes] });
}

/** Taken twice although the first answer arrived: only where something came between it and its ack. */
function duplicatesExplained(
  { ledger }: Simulation,
  { uid }: PublishedMessage,
  accepted: readonly Try[],
): void {
  for (const [place, second] of accepted.entries()) {
    const first = accepted[place - 1];
    if (!first?.isAnswered) continue;
    const isSameDelivery = first.run === second.run && first.lease === second.lease;
    const from = first.lease?.deliveredAt ?? first.sentAt;
    if (!isSameDelivery && ledger.isDisturbed(from, second.sentAt, first.run)) continue;
    const law = isSameDelivery && first.besideFailed ? 4 : 9;
    ledger.breach(
      law,
      `message ${uid} was sent again by run ${second.run.id} although run ${first.run.id} knew it was accepted`,
    );
  }
}

/** Law 8: of each group, what is accepted for the first time comes in stream order. */
function orderKept({ ledger }: Simulation): void {
  const seen = new Set<number>();
  const newest = new Map<string, PublishedMessage>();
  for (const { uid } of ledger.accepted) {
    const message = ledger.published.get(uid);
    // One that was purged while it was held may still be sent: nobody waits for it any more. One that was buried gave up
    // its place; delivered once more by a consumer made anew, it may come at any time.
    if (!message || message.goneBecause !== undefined || isBuried(ledger, uid) || seen.has(uid))
      continue;
    seen.add(uid);
    const group = `${message.group} ${message.streamCreated}`;
    const before = newest.get(group);
    if (before && message.place < before.place) {
      ledger.breach(
        8,
        `message ${uid} of group ${message.group} arrived after message ${before.uid}`,
      );
    } else {
      newest.set(group, message);
    }
  }
}

function isBuried(ledger: Ledger, uid: number): boolean {
  const tries = ledger.tries.get(uid) ?? [];
  return tries.some(({ target, fate }) => target === "dead letters" && fate === "accepted");
}

/** Laws 1 and 7: the numbers of a receipt, and whether the server had really taken those acks. */
function receiptAddsUp({ ledger }: Simulation, run: RunRecord): void {
  const { receipt } = run;
  if (!receipt) return;
  const { pulled, acked, retried, buried, released, unconfirmed, held } = receipt;
  if (pulled !== acked + retried + buried + released + unconfirmed || held !== 0) {
    ledger.breach(1, `the receipt of run ${run.id} does not add up: ${JSON.stringify(receipt)}`);
  }
  // What a leader took last is lost with it. That is noticed at the next look at the consumer, if there is one.
  const isCutShort = receipt.stop === "broken" || receipt.stop === "gone";
  const couldKnow =
    !isCutShort || !ledger.isDisturbed(run.startedAt, run.endedAt ?? 0, run, "leader change");
  if (acked + buried > run.acked.size && couldKnow) {
    ledger.breach(
      7,
      `run ${run.id} says that ${acked + buried} acks are confirmed, and the server took ${run.acked.size}`,
    );
  }
}

/** No process counts more messages as expired than went undelivered; a crash may have made the server forget deliveries. */
function expiryIsTrue({ ledger }: Simulation): void {
  if (ledger.disturbances.some(({ what }) => what === "crash")) return;
  const counted = new Map<number, number>();
  for (const { process, receipt } of ledger.runs) {
    counted.set(process, (counted.get(process) ?? 0) + (receipt?.expired ?? 0));
  }
  for (const [process, count] of counted) {
    if (count <= ledger.expiredUndelivered) continue;
    ledger.breach(
      1,
      `process ${process} says that ${count} messages expired before they were delivered, and ${ledger.expiredUndelivered} did`,
    );
  }
}
