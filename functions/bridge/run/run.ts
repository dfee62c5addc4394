/**
 * The loop: pull, deliver, settle, until idle, told to stop, out of time, or unable to go on. It knows neither which
 * target it serves nor what woke it.
 */
import type { ConsumerState } from "../core/ports.ts";
import type { Verdict } from "../core/settlement.ts";
import type { Item } from "./hand.ts";
import { core, type Decisions, type Policy, type Ports, type Until } from "./policy.ts";
import type { Counted, Receipt } from "./receipt.ts";
import { receive } from "./receive.ts";
import { recover } from "./recover.ts";
import { nextSendAt, ready, send, tooManyDelayed } from "./send.ts";
import { collect, pullSize, take } from "./take.ts";
import { ofOthers, turn } from "./trial.ts";
import { type Ending, endingOf, SHORTEST_WAIT_MS, Work } from "./work.ts";

/** The first call of a cold process takes longer than those that follow. */
const LEAST_READY_MS = 2000;

/** After its limit a call may still say why it failed. */
const LAST_WORD_MS = 100;

/** Runs once over an open source, and closes it. Never throws for what a port says; the receipt's `stop` tells. */
export async function run<P, D>(
  ports: Ports<P, D>,
  policy: Policy,
  until: Until,
  decisions: Decisions = core,
): Promise<Receipt> {
  const work = new Work(ports, policy, until, decisions);
  let ending = await begin(work);
  while (ending === undefined) ending = await round(work);
  return finish(work, ending);
}

/** Nothing is pulled before the target says that it is there: an outage costs no deliveries. */
async function begin<P, D>(work: Work<P, D>): Promise<Ending | undefined> {
  const state = await work.look();
  if ("end" in state) return endingOf(state);
  if (work.policy.paused) return { stop: "paused", reason: "PAUSED is set" };
  if (state.paused) return { stop: "paused", reason: "the consumer is paused on the server" };
  if (work.policy.maximumAgeMs !== undefined && work.serverNow === undefined) {
    return {
      stop: "unavailable",
      reason: "MAXIMUM_RECORD_AGE needs the server's time, which nats-server gives from 2.10 on",
    };
  }
  const refusal = await targetRefusal(work);
  if (refusal !== undefined) return { stop: "unavailable", reason: refusal };
  const ending = work.isOrdered ? await recover(work) : undefined;
  work.workingSince = work.now;
  if (!ending) work.ports.observe("running", { pending: state.pending });
  return ending;
}

/** Why the target cannot be used; undefined: it is ready. */
async function targetRefusal<P, D>(work: Work<P, D>): Promise<string | undefined> {
  const limitMs = Math.max(work.policy.sinkTimeoutMs, LEAST_READY_MS);
  const limit = new AbortController();
  const asked = new AbortController();
  void work.ports.clock
    .sleep(limitMs, asked.signal)
    .then(() => asked.signal.aborted || limit.abort());
  const silence = work.ports.clock
    .sleep(limitMs + LAST_WORD_MS, asked.signal)
    .then(() => undefined);
  // Credentials may never come, and no signal ends that.
  const answer = await Promise.race([answerOf(work, limit.signal), silence]);
  asked.abort("asked");
  if (answer === "ready") return undefined;
  return answer === undefined || limit.signal.aborted
    ? `the target does not answer within ${limitMs} ms`
    : answer.reason;
}

async function answerOf<P, D>(
  work: Work<P, D>,
  signal: AbortSignal,
): Promise<"ready" | { readonly reason: string }> {
  const answer = await work.ports.sink.ready(signal);
  return answer?.kind === "unavailable" ? answer : "ready";
}

async function round<P, D>(work: Work<P, D>): Promise<Ending | undefined> {
  const shown = work.pool.ending ?? tooManyDelayed(work);
  if (shown) return shown;
  if (work.isOver) return { stop: "deadline" };
  const gap = await collect(work);
  if (gap) return gap;
  const due = ready(work);
  const early = ofOthers(work, due);
  const batch = pullSize(work, due);
  const ending =
    (early.length > 0 ? await send(work, early) : undefined) ??
    (await work.report()) ??
    (batch > 0 ? await take(work, batch) : undefined) ??
    (await keepLeases(work));
  if (ending) return ending;
  // Told to stop while it waited for messages: what came goes back unsent.
  if (work.isOver) return { stop: "deadline" };
  const items = turn(work, ready(work));
  const before = work.pool.size;
  const ended = items.length > 0 ? await send(work, items) : undefined;
  if (ended) return ended;
  const hasStarted = work.pool.size > before || (before === 0 && items.length > 0);
  return hasStarted || batch > 0 ? undefined : waitForNext(work);
}

/** Past its lease a message may be somebody else's; where order is kept, so may be all behind it. */
async function keepLeases<P, D>(work: Work<P, D>): Promise<Ending | undefined> {
  const notOurs = await work.extend();
  work.pool.lapse(notOurs);
  // What is under way is let go when its call has ended: it may have been accepted after all.
  const lapsed = notOurs.filter((item) => !work.pool.has(item));
  if (lapsed.length === 0) return undefined;
  work.letGo(lapsed);
  work.ports.observe("leases-lapsed", { messages: lapsed.length });
  if (!work.isOrdered) return undefined;
  return {
    stop: "broken",
    reason: `the ack wait of ${lapsed.length} messages ran out before it could be extended`,
  };
}

/** Nothing may be sent yet, and there is no room or no reason to pull. */
async function waitForNext<P, D>(work: Work<P, D>): Promise<Ending | undefined> {
  const { hand, outage, policy, pool } = work;
  if (pool.size > 0) return waitForCalls(work);
  // Nothing is held, and what is left of the time is too short for another message.
  if (hand.size === 0) return { stop: "deadline" };
  const waitMs = nextSendAt(work) - work.now;
  if (waitMs === Number.POSITIVE_INFINITY) {
    return {
      stop: "blocked",
      reason: `${hand.size} messages wait behind rejected ones, and ON_REJECTED is hold`,
    };
  }
  if (hand.size >= policy.window) work.stuckSince ??= work.now;
  if (!outage.isOn && work.now - (work.stuckSince ?? work.now) > policy.patienceMs) {
    return {
      stop: "blocked",
      reason: `${hand.size} messages are held, and none could be delivered for ${policy.patienceMs} ms`,
    };
  }
  const ackWaitMs = work.state?.ackWaitMs ?? 0;
  const longest = Math.min(ackWaitMs / 4, work.untilReportMs);
  await work.sleep(Math.max(SHORTEST_WAIT_MS, Math.min(waitMs, longest)));
  return undefined;
}

/** Until a call ends, or something else is due. */
async function waitForCalls<P, D>(work: Work<P, D>): Promise<undefined> {
  const ackWaitMs = work.state?.ackWaitMs ?? 0;
  const dueMs = Math.max(SHORTEST_WAIT_MS, nextSendAt(work) - work.now);
  const longest = Math.min(ackWaitMs / 4, work.untilReportMs, work.timeLeftMs, dueMs);
  await work.ports.clock.sleep(Math.max(1, longest), work.pool.stirred);
}

/** At once, or, without order, what is left of the time that its handler has asked for. */
function givenBack<P, D>(
  work: Work<P, D>,
  { held, isTimed, notBefore }: Item<P>,
): [Verdict, Counted] {
  const delayMs = notBefore - work.now;
  if (!isTimed || work.isOrdered || delayMs <= 0) return [{ kind: "release", held }, "released"];
  return [{ kind: "retry", held, delayMs }, "retried"];
}

/** Everything is settled or given back, and all that was ever delivered has come to us; undefined: who knows. */
function leftAt<P, D>(
  { isOrdered, consumerSequence, tally }: Work<P, D>,
  state: ConsumerState,
): number | undefined {
  const isAllOurs = state.deliveredConsumerSequence === consumerSequence;
  return isOrdered && isAllOurs && tally.counts.unconfirmed === 0 ? consumerSequence : undefined;
}

/** In this order: what was sent is confirmed, nothing more arrives, the rest goes back oldest first. */
async function finish<P, D>(work: Work<P, D>, ending: Ending): Promise<Receipt> {
  const { ports, decisions } = work;
  await work.pool.end(work);
  await work.settled();
  // Counted as well, so that the next run need not wait for it where order is kept; whether there is a hole, it will see.
  await receive(work, await ports.source.stopReceiving());
  const held = [...work.hand];
  const ours = held.filter((item) => decisions.isOurs(item.held, work.now));
  work.letGo(held.filter((item) => !decisions.isOurs(item.held, work.now)));
  work.hand.remove(ours);
  await work.settle(new Map(ours.map((item) => givenBack(work, item))));
  await work.settled();
  if (ending.stop === "gone") ports.memory.clear();
  // An idle run has just looked, and done nothing since.
  const isKnown = ending.stop === "idle";
  const mayLook = ending.stop !== "gone" && ending.stop !== "broken";
  const state = isKnown ? work.state : mayLook ? await work.look() : undefined;
  if (!state || "end" in state) work.tally.stateUnknown();
  if (state && !("end" in state)) ports.memory.leftAt = leftAt(work, state);
  ports.memory.save();
  await ports.source.close();
  const receipt = work.receipt(ending);
  ports.report(receipt);
  return receipt;
}
