/**
 * Where order is kept, a run starts by getting hold of everything that is delivered and not settled: only then is it
 * known that nothing older can still arrive behind what is sent.
 */
import type { ConsumerState, Ms } from "../core/ports.ts";
import { receive } from "./receive.ts";
import { type Ending, endingOf, type Work } from "./work.ts";

/** Between two looks at the consumer. */
const LOOK_MS: Ms = 250;

/** After so many the server's word is taken. */
const MOST_LOOKS = 5;

/** What another run holds comes back after its ack wait; the server is given a little longer. */
const MARGIN_MS: Ms = 250;

/**
 * Nobody is waited for where the consumer stands as the last run of this process has left it. Otherwise it first only
 * watches, for one ack wait: a run that is alive shows by pulling, and then this one steps back without
 * having disturbed it. After that it pulls until it holds all that is unsettled.
 */
export async function recover<P, D>(work: Work<P, D>): Promise<Ending | undefined> {
  const first = await consistentState(work);
  if ("stop" in first) return first;
  work.consumerSequence = first.deliveredConsumerSequence;
  const { memory } = work.ports;
  const isAsWeLeftIt = memory.leftAt === first.deliveredConsumerSequence;
  memory.leftAt = undefined;
  if (first.ackPending === 0) return undefined;
  if (isAsWeLeftIt) return gather(work);
  if (work.timeLeftMs < first.ackWaitMs + MARGIN_MS) return tooShort(work, first.ackWaitMs);
  work.ports.observe("recovering", { unsettled: first.ackPending, waitMs: first.ackWaitMs });
  return (await watch(work, first)) ?? gather(work);
}

/**
 * A leader that has just been elected may say that nothing is unsettled before it knows. It is asked again while its
 * own numbers contradict that.
 */
async function consistentState<P, D>(work: Work<P, D>): Promise<ConsumerState | Ending> {
  let state = work.state as ConsumerState;
  for (let looks = 1; looks < MOST_LOOKS && isDoubtful(state); looks += 1) {
    await work.sleep(LOOK_MS);
    const next = await work.look();
    if ("end" in next) return endingOf(next);
    state = next;
  }
  return state;
}

function isDoubtful(state: ConsumerState): boolean {
  return state.ackPending === 0 && state.settledConsumerSequence < state.deliveredConsumerSequence;
}

/** It would only watch, run after run. */
function tooShort<P, D>(work: Work<P, D>, ackWaitMs: Ms): Ending {
  if (work.until.signal?.aborted) return { stop: "deadline" };
  return {
    stop: "unavailable",
    reason: `recovering what an earlier run left unsettled takes one ack wait (${ackWaitMs} ms), and this run has ${Math.round(work.timeLeftMs)} ms: give it more time, or lower JETSTREAM_ACK_WAIT`,
  };
}

async function watch<P, D>(work: Work<P, D>, first: ConsumerState): Promise<Ending | undefined> {
  const until = work.now + first.ackWaitMs + MARGIN_MS;
  while (work.now < until) {
    if (work.isOver) return { stop: "deadline" };
    await work.sleep(Math.min(LOOK_MS, until - work.now));
    const state = await work.look();
    if ("end" in state) return endingOf(state);
    if (state.deliveredConsumerSequence !== first.deliveredConsumerSequence) {
      return {
        stop: "overlap",
        reason: `consumer sequence went from ${first.deliveredConsumerSequence} to ${state.deliveredConsumerSequence} while this run only watched: somebody else pulls from this consumer`,
      };
    }
    if (state.ackPending === 0) return undefined;
  }
  return undefined;
}

async function gather<P, D>(work: Work<P, D>): Promise<Ending | undefined> {
  for (;;) {
    if (work.isOver) return { stop: "deadline" };
    const state = await work.look();
    if ("end" in state) return endingOf(state);
    if (state.paused) return { stop: "paused", reason: "the consumer is paused on the server" };
    if (state.ackPending <= work.hand.size) return undefined;
    const pulled = await work.ports.source.pull({
      batch: Math.max(1, state.ackPending - work.hand.size),
      maxBytes: 0,
      waitMs: LOOK_MS,
      ...(work.until.signal && { signal: work.until.signal }),
    });
    const gap = await receive(work, pulled.held);
    if (gap) return gap;
    if (pulled.end === "interrupted") work.pulls.mayHaveGap = true;
    if (pulled.end === "interrupted") await work.sleep(LOOK_MS);
    else if (pulled.end === "broken" || pulled.end === "refused" || pulled.end === "gone")
      return endingOf(pulled);
    const lapsed = await work.extend();
    if (lapsed.length > 0) {
      work.letGo(lapsed);
      return { stop: "broken", reason: "the ack wait of recovered messages ran out" };
    }
  }
}
