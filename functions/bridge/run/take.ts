/** Pulls when there is room and reason, and reads what the end of a pull means. */
import { batchFor } from "../core/pace.ts";
import type { Ms, Pulled } from "../core/ports.ts";
import { receive } from "./receive.ts";
import type { Item } from "./hand.ts";
import { nextSendAt } from "./send.ts";
import { beforeSuspects } from "./trial.ts";
import { type Ending, endingOf, type PullHistory, SHORTEST_WAIT_MS, type Work } from "./work.ts";

/** The server is given a little longer than the ack wait to deliver once more what nobody has settled. */
const MARGIN_MS: Ms = 250;

/** A server that ends pulls is asked again after this, growing with each. */
const PAUSE_MS: Ms = 50;

/** So many pulls in a row that the server ended, and the run ends as `broken`. */
const INTERRUPTIONS = 12;

export async function take<P, D>(work: Work<P, D>, batch: number): Promise<Ending | undefined> {
  const history = work.pulls;
  const startedAt = work.now;
  const waitMs = waitOf(work);
  const pull = work.ports.source.pull({
    batch: history.oversized ? 1 : batch,
    maxBytes: history.oversized ? 0 : work.policy.maxBytes,
    waitMs,
    signal: work.pool.stirred,
  });
  await lookMeanwhile(work, pull, waitMs);
  const pulled = await pull;
  const before = work.hand.size;
  const gap = await receive(work, pulled.held);
  if (gap) return gap;
  if (work.hand.size > before) history.emptySince = undefined;
  else if (pulled.held.length === 0) history.emptySince ??= startedAt;
  return endOf(work, history, pulled);
}

/** A pull that was not waited for to its end may have brought something since. */
export async function collect<P, D>(work: Work<P, D>): Promise<Ending | undefined> {
  const arrived = work.ports.source.arrived();
  if (arrived.length === 0) return undefined;
  work.pulls.emptySince = undefined;
  return receive(work, arrived);
}

/**
 * A pull that waits in vain is followed by a look at the consumer: is there really nothing? In a run that ends when idle
 * that is asked while it waits, so that an empty wake costs no round trip for it.
 */
async function lookMeanwhile<P, D>(
  work: Work<P, D>,
  pull: Promise<Pulled>,
  waitMs: Ms,
): Promise<void> {
  if (work.until.idleMs === undefined || work.hand.size > 0) return;
  const over = new AbortController();
  const isWaiting = await Promise.race([
    pull.then(() => false),
    work.ports.clock.sleep(waitMs / 2, over.signal).then(() => true),
  ]);
  over.abort("over");
  if (!isWaiting) return;
  await work.settled();
  await work.look();
}

/** How many to ask for: 0 while what we hold can be sent (`due`), or has to wait for the target. */
export function pullSize<P, D>(work: Work<P, D>, due: readonly Item<P>[]): number {
  const { window } = work.policy;
  const free = window - work.hand.size;
  if (free <= 0 || work.outage.isOn) return 0;
  const { moreThere } = work.pulls;
  switch (beforeSuspects(work, due)) {
    case "no more":
      return 0;
    case "others":
      if (!moreThere) return 0;
      break;
    case "nobody":
      if (due.length > 0 && !(moreThere && free >= window / 2)) return 0;
  }
  return batchFor(free, work.timeLeftMs, work.pace);
}

function waitOf<P, D>(work: Work<P, D>): Ms {
  const { idleMs } = work.until;
  // The lease counts from the moment the pull leaves: a quarter of it may go by while waiting.
  const longest = Math.min(
    idleMs ?? Number.POSITIVE_INFINITY,
    (work.state?.ackWaitMs ?? 0) / 4,
    work.timeLeftMs,
    work.untilReportMs,
  );
  return Math.max(SHORTEST_WAIT_MS, Math.min(longest, nextSendAt(work) - work.now));
}

async function endOf<P, D>(
  work: Work<P, D>,
  history: PullHistory,
  pulled: Pulled,
): Promise<Ending | undefined> {
  const brought = pulled.held.length;
  history.moreThere = pulled.end === "filled";
  const wasOversized = history.oversized;
  history.oversized = pulled.end === "budget" && brought === 0;
  if (wasOversized && history.oversized) {
    return {
      stop: "unavailable",
      reason:
        "the next message is larger than what the consumer allows a pull (max_bytes): raise it",
    };
  }
  if (pulled.end !== "interrupted") history.interruptions = 0;
  switch (pulled.end) {
    case "budget":
      return undefined;
    // Filled by nothing: of a replay, with what is beyond its end.
    case "filled":
    case "drained":
    case "waited":
      return brought === 0 && work.hand.size === 0 ? emptyPull(work, history) : undefined;
    case "interrupted":
      return interrupted(work, history, pulled.cause);
    case "broken":
    case "refused":
    case "gone":
      return endingOf(pulled);
  }
}

/** Nothing came: because there is nothing, because others hold it, or because the consumer is paused. */
async function emptyPull<P, D>(
  work: Work<P, D>,
  history: PullHistory,
): Promise<Ending | undefined> {
  const { idleMs } = work.until;
  const emptyMs = work.now - (history.emptySince ?? work.now);
  // A pull may be shorter, because something else was due.
  if (idleMs !== undefined && emptyMs < idleMs - 10) return undefined;
  if (idleMs === undefined && emptyMs < work.policy.stateIntervalMs) return undefined;
  await work.settled();
  // Nothing came since: what was true then is true now.
  const isFresh = work.stateAt >= Math.max(history.emptySince ?? work.now, work.lastVerdictAt);
  const state = isFresh && work.state ? work.state : await work.look();
  if ("end" in state) return endingOf(state);
  if (state.paused) return { stop: "paused", reason: "the consumer is paused on the server" };
  const isFull = state.maxAckPending > 0 && state.ackPending >= state.maxAckPending;
  if (state.pending > 0 && !isFull) return undefined;
  // What this bridge has put off comes back when its time has come: a later run waits for that.
  if (state.pending === 0 && state.ackPending <= work.ports.memory.delayed(work.now))
    return idleMs === undefined ? undefined : { stop: "idle" };
  // Held by somebody, or by a run that died: by the end of the ack wait they are here or still held.
  const heldMs = state.ackWaitMs + (idleMs ?? MARGIN_MS);
  if (emptyMs <= heldMs) return undefined;
  // Where there is no room for more, that counts from the last delivery to anybody: until then somebody is at work.
  if (isFull ? work.now - work.stillSince <= heldMs : idleMs === undefined) return undefined;
  return {
    stop: "blocked",
    isElsewhere: !isFull && state.pending === 0,
    reason: `nothing is delivered while ${state.ackPending} messages are unsettled (max ack pending ${state.maxAckPending}) and ${state.pending} wait`,
  };
}

async function interrupted<P, D>(
  work: Work<P, D>,
  history: PullHistory,
  cause: Error,
): Promise<Ending | undefined> {
  history.interruptions += 1;
  history.mayHaveGap = true;
  if (history.interruptions > INTERRUPTIONS) return { stop: "broken", reason: cause.message };
  if (history.interruptions === 1)
    work.ports.observe("pull-interrupted", { reason: cause.message });
  // After the second, the server is asked whether the consumer is still there.
  if (history.interruptions > 1) {
    const state = await work.look();
    if ("end" in state && state.end !== "broken") return endingOf(state);
  }
  await work.sleep(
    PAUSE_MS * 2 ** Math.min(history.interruptions, 6) * (0.5 + work.ports.clock.random() / 2),
  );
  return undefined;
}
