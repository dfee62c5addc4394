/** A run in progress: what it holds, what it has done, and how it gives messages back. */
import { nextPace } from "../core/pace.ts";
import { type ConsumerState, type Held, isRejected, type Ms, type Trouble } from "../core/ports.ts";
import type { Verdict } from "../core/settlement.ts";
import { type Stop, stopOf } from "../core/stop.ts";
import { Hand, type Item } from "./hand.ts";
import { Outage } from "./outage.ts";
import type { Decisions, Policy, Ports, Until } from "./policy.ts";
import { Pool } from "./pool.ts";
import { type Counted, type Receipt, Tally } from "./receipt.ts";

/** Why a run ends: its name, and in words what the name alone does not say. */
export interface Ending {
  readonly stop: Stop;
  readonly reason?: string;
  /** Nothing waits to be delivered: what is unsettled is in other hands, or was put off by others. */
  readonly isElsewhere?: boolean;
}

export function endingOf(trouble: Trouble): Ending {
  return { stop: stopOf(trouble.end), reason: trouble.cause.message };
}

/** The shortest wait of the loop: for a message, or for the time of one. */
export const SHORTEST_WAIT_MS: Ms = 20;

/** A call that could have less time than this is not made. */
const LEAST_CALL_MS: Ms = 500;

/** How much of the longest round is remembered at the next one. */
const FORGETTING = 0.9;

/** What earlier pulls of this run showed. */
export interface PullHistory {
  /** The last one brought all it asked for: there is probably more. */
  moreThere: boolean;
  /** So many in a row were ended by the server. */
  interruptions: number;
  /** The server ended a pull since the last delivery: a new leader may count deliveries that never left. */
  mayHaveGap: boolean;
  /** The next message is larger than the byte limit: ask for it alone, without one. */
  oversized: boolean;
  /** Since when nothing came. */
  emptySince: Ms | undefined;
}

export class Work<P, D> {
  readonly ports: Ports<P, D>;
  readonly policy: Policy;
  readonly until: Until;
  readonly decisions: Decisions;
  readonly hand: Hand<P> = new Hand<P>();
  readonly tally: Tally = new Tally();
  readonly outage: Outage;
  /** Calls that go on, where they do not wait for each other. */
  readonly pool: Pool<P> = new Pool<P>();
  readonly startedAt: Ms;
  /** Since when it works on messages: recovery may take most of a short run. */
  workingSince: Ms;
  readonly pulls: PullHistory = {
    moreThere: true,
    interruptions: 0,
    mayHaveGap: false,
    oversized: false,
    emptySince: undefined,
  };
  /** Our last consumer sequence, in bridges that keep order. */
  consumerSequence = 0;
  state: ConsumerState | undefined;
  stateAt: Ms = 0;
  /** Since when the consumer has delivered nothing, to us or to anybody, as far as looks at it show. */
  stillSince: Ms = Number.POSITIVE_INFINITY;
  /** What the server said before this does not count our last verdicts. */
  lastVerdictAt: Ms = Number.NEGATIVE_INFINITY;
  /** A suspect is being tried with nothing else under way. */
  isTrial = false;
  /** Since when no message could be sent although there is no room for more; undefined: not now. */
  stuckSince: Ms | undefined;
  /** The longest round of late. */
  #usualMs: Ms = 0;
  #pace: Ms | undefined;
  #reportedAt: Ms;
  #settling: Promise<void> = Promise.resolve();
  /** Verdicts that wait for those before them to be confirmed. */
  #toSettle = new Map<Verdict, Counted>();
  /** Verdicts on their way: no longer in our hands, not yet counted. */
  #beingSettled = 0;

  constructor(ports: Ports<P, D>, policy: Policy, until: Until, decisions: Decisions) {
    this.ports = ports;
    this.policy = policy;
    this.until = until;
    this.decisions = decisions;
    this.outage = new Outage(ports.clock, decisions.retryDelayMs);
    this.startedAt = ports.clock.now();
    until.signal?.addEventListener("abort", () => this.pool.stir(), { once: true });
    this.workingSince = this.startedAt;
    this.#reportedAt = this.startedAt;
  }

  get now(): Ms {
    return this.ports.clock.now();
  }

  get isOrdered(): boolean {
    return this.policy.order !== undefined;
  }

  /** Until the last moment at which something new may be started. */
  get timeLeftMs(): Ms {
    if (this.until.signal?.aborted) return 0;
    return this.until.deadline - this.policy.settleReserveMs - this.now;
  }

  /** Too late to start anything. What is worked on in this process is not started to be cut off in the middle. */
  get isOver(): boolean {
    const usual = this.ports.sink.limits.sharesProcess ? this.#usualMs : 0;
    return this.timeLeftMs < Math.max(LEAST_CALL_MS, usual);
  }

  /** Milliseconds for one message, as measured; undefined before the first. */
  get pace(): Ms | undefined {
    return this.#pace;
  }

  /** `atOnce`: so many others took their time meanwhile. */
  measure(elapsedMs: Ms, messages: number, atOnce = 1): void {
    this.#pace = nextPace(this.#pace, elapsedMs / Math.max(1, atOnce), messages);
    if (messages > 0) this.#usualMs = Math.max(elapsedMs, this.#usualMs * FORGETTING);
  }

  /** At most until it is too late to start anything. */
  sleep(ms: Ms): Promise<void> {
    const most = Math.max(1, this.timeLeftMs);
    return this.ports.clock.sleep(Math.min(ms, most), this.until.signal);
  }

  async look(): Promise<ConsumerState | Trouble> {
    const state = await this.ports.source.state();
    if (!("end" in state)) {
      const before = this.state?.deliveredConsumerSequence;
      if (state.deliveredConsumerSequence !== before) this.stillSince = this.now;
      this.state = state;
      this.tally.state = state;
      this.stateAt = this.now;
      this.ports.memory.doneUpTo(Math.max(state.ackFloor, (state.stream?.first ?? 0) - 1));
      this.#countExpired(state);
    }
    return state;
  }

  #countExpired(state: ConsumerState): void {
    const messages = this.ports.memory.expiry.look(state);
    if (messages === undefined) return;
    this.tally.expired = (this.tally.expired ?? 0) + messages;
    if (messages === 0) return;
    this.ports.observe("messages-expired", {
      messages,
      firstInStream: state.stream?.first,
      consequence:
        "the stream dropped them before they were delivered: they are lost to this consumer",
      advice: "raise the stream's max_age, max_bytes or max_msgs, or forward faster",
    });
  }

  /** Takes what was delivered into our hands. One that we have already only brings a new lease. */
  receive(delivered: readonly Held[]): void {
    for (const held of delivered) {
      const { message } = held;
      this.ports.memory.returned(message);
      this.ports.memory.expiry.delivered(message);
      const known = this.hand.find(message.streamSequence);
      if (known?.held.message.timestampNanos === message.timestampNanos) {
        known.held = held;
        continue;
      }
      // The same sequence, and another message: what we hold does not exist any more.
      if (known) this.letGo([known]);
      this.tally.pulled += 1;
      const prepared = this.ports.sink.prepare(message);
      this.hand.add({
        held,
        prepared,
        size: isRejected(prepared) ? 0 : this.ports.sink.size(prepared),
        sequence: message.streamSequence,
        group: this.policy.order?.(message),
        notBefore: Number.NEGATIVE_INFINITY,
        patientUntil:
          this.policy.lingerMs > 0 ? this.now + this.policy.lingerMs : Number.NEGATIVE_INFINITY,
        hadFairTrial: false,
        letter: undefined,
      });
    }
  }

  /** Asks for more time for those that need it. Returns those that are not ours any more. */
  async extend(): Promise<readonly Item<P>[]> {
    const { decisions, ports } = this;
    const ackWaitMs = this.state?.ackWaitMs ?? 0;
    const due = [...this.hand].filter(
      ({ held }) =>
        decisions.isOurs(held, this.now) && decisions.needsExtension(held, this.now, ackWaitMs),
    );
    if (due.length > 0) await ports.source.extend(due.map(({ held }) => held));
    return [...this.hand].filter(({ held }) => !decisions.isOurs(held, this.now));
  }

  /** Their ack wait is over: they come back by themselves, to us or to somebody else. */
  letGo(items: readonly Item<P>[]): void {
    this.hand.remove(items);
    this.tally.counts.released += items.length;
  }

  /** Out of our hands: those for which there is a verdict. */
  remove(items: readonly Item<P>[], meaning: ReadonlyMap<Verdict, Counted>): void {
    const settled = new Set([...meaning.keys()].map(({ held }) => held.message.streamSequence));
    this.hand.remove(items.filter((item) => settled.has(item.sequence)));
    if (settled.size > 0) this.lastVerdictAt = this.now;
  }

  /** Sends verdicts, after those before have been confirmed or not. Their messages are out of our hands at once. */
  async settle(meaning: ReadonlyMap<Verdict, Counted>): Promise<void> {
    const before = this.#settling;
    if (meaning.size > 0) {
      this.#beingSettled += meaning.size;
      for (const [verdict, counted] of meaning) this.#toSettle.set(verdict, counted);
      this.#settling = before.then(() => this.#settleWaiting());
    }
    await before;
  }

  /** All that has come together since the last time, in one write. */
  async #settleWaiting(): Promise<void> {
    const meaning = this.#toSettle;
    if (meaning.size === 0) return;
    this.#toSettle = new Map();
    const sentAt = this.now;
    const result = await this.ports.source.settle([...meaning.keys()]);
    for (const verdict of result.confirmed) {
      if (verdict.kind !== "retry") continue;
      this.ports.memory.delay(verdict.held.message, sentAt + verdict.delayMs);
    }
    this.#beingSettled -= meaning.size;
    this.tally.settled(result, meaning, this.serverNow);
  }

  /** All that was sent is confirmed, or known not to be. */
  settled(): Promise<void> {
    return this.#settling;
  }

  receipt(ending: Ending | undefined): Receipt {
    const { hand, tally } = this;
    return tally.receipt(
      ending?.stop ?? null,
      ending?.reason,
      hand.size + this.#beingSettled,
      this.now - this.startedAt,
      {
        delayed: this.ports.memory.delayed(this.now),
        ...(ending?.isElsewhere && { elsewhere: this.tally.state?.ackPending ?? 0 }),
        ...(ending?.stop === "idle" && {
          drainedForMs: this.now - (this.pulls.emptySince ?? this.now),
        }),
      },
    );
  }

  /** The server's wall clock, milliseconds since 1970; undefined where it gives none. */
  get serverNow(): Ms | undefined {
    const at = this.state?.serverTime;
    return at === undefined ? undefined : at + (this.now - this.stateAt);
  }

  /** Until the next look at the consumer, or the next receipt, is due. */
  get untilReportMs(): Ms {
    const look = this.stateAt + this.policy.stateIntervalMs;
    const receipt = this.#reportedAt + this.policy.receiptIntervalMs;
    return Math.max(0, Math.min(look, receipt) - this.now);
  }

  /** A receipt now and then, and a look at the consumer. */
  async report(): Promise<Ending | undefined> {
    const isDue = this.now - this.#reportedAt >= this.policy.receiptIntervalMs;
    if (isDue || this.now - this.stateAt >= this.policy.stateIntervalMs) {
      const state = await this.look();
      if ("end" in state) return endingOf(state);
      if (state.paused) return { stop: "paused", reason: "the consumer is paused on the server" };
    }
    if (isDue) {
      this.#reportedAt = this.now;
      this.ports.report(this.receipt(undefined));
      this.tally.forwardLagMs = undefined;
    }
    return undefined;
  }
}
