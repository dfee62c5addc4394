/**
 * Everything the loop may touch. There is no other way in or out: all time, delay and randomness come from `Clock`,
 * all waiting happens in a port. That is what lets `test/sim` replay a whole run from one seed.
 */
import type { Delivery } from "./outcome.ts";
import type { Verdict } from "./settlement.ts";

/** Milliseconds. A point in time is in milliseconds of `Clock.now()`, which is monotonic and starts anywhere. */
export type Ms = number;

/** The only source of time and chance. */
export interface Clock {
  /** Monotonic; never goes back, says nothing about the date. Leases are measured with it. */
  now(): Ms;
  /** Resolves after `ms`, or at once when `signal` is aborted. Never rejects. */
  sleep(ms: Ms, signal?: AbortSignal): Promise<void>;
  /** At least 0, less than 1. */
  random(): number;
}

/** One JetStream message as it was delivered. */
export interface Message {
  readonly stream: string;
  readonly consumer: string;
  readonly subject: string;
  readonly streamSequence: number;
  /** One more for each delivery of the consumer, redeliveries included: a gap means that somebody else pulls. */
  readonly consumerSequence: number;
  /** How often the server has handed it out. Never evidence: releases and outages raise it, restarts reset it. */
  readonly deliveryCount: number;
  /** When the stream stored it, in nanoseconds since 1970. */
  readonly timestampNanos: bigint;
  readonly data: Uint8Array;
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

/** A message that is ours until `leaseUntil`: the ack wait, counted from when the pull left or was last extended. */
export interface Held {
  readonly message: Message;
  /** What the source needs to settle it. */
  readonly token: string;
  leaseUntil: Ms;
}

export interface PullRequest {
  /** Most messages to deliver; at least 1. */
  readonly batch: number;
  /** Most bytes to deliver, 0 for no limit. A first message that is larger ends the pull with `budget`. */
  readonly maxBytes: number;
  /** How long to wait for a first message. */
  readonly waitMs: Ms;
  /** Ends the wait early, with what has arrived; what still comes is handed over by `arrived`. */
  readonly signal?: AbortSignal;
}

/**
 * Why the source cannot go on.
 * - `broken`: the connection, or whoever answers at its other end; a new run may succeed
 * - `refused`: permission or configuration; stays until somebody changes it
 * - `gone`: the consumer or the stream does not exist any more, or was made anew
 */
export interface Trouble {
  readonly end: "broken" | "refused" | "gone";
  readonly cause: Error;
}

/**
 * What a pull brought, and why it ended.
 * - `filled`: as many as were asked for
 * - `drained`: the server had no more
 * - `waited`: nothing (more) came in time: empty, paused, or max ack pending reached; `state()` tells which
 * - `budget`: the next message does not fit `maxBytes`
 * - `interrupted`: the server ended it (leader change, shutdown, no responders); pull again after a pause
 */
export type Pulled =
  | { readonly held: readonly Held[]; readonly end: "filled" | "drained" | "waited" | "budget" }
  | { readonly held: readonly Held[]; readonly end: "interrupted"; readonly cause: Error }
  | ({ readonly held: readonly Held[] } & Trouble);

/** What a stream keeps, and for how long. */
export interface StreamState {
  /** The oldest message; one more than `last` where there is none. */
  readonly first: number;
  readonly last: number;
  readonly messages: number;
  readonly bytes: number;
  /** When the oldest message was stored, milliseconds since 1970; undefined where there is none. */
  readonly firstStoredAt?: number;
  /** What makes it drop its oldest messages; undefined: nothing of that kind. */
  readonly most: { readonly messages?: number; readonly bytes?: number; readonly ageMs?: Ms };
  /**
   * A message before `first` that was not delivered to this consumer is lost to it: the stream has limits, they are all
   * that removes messages, and all of them are the consumer's.
   */
  readonly gapIsLoss: boolean;
}

/** The consumer and its stream, as the server sees them. */
export interface ConsumerState {
  /** Delivered and not settled, by anybody. */
  readonly ackPending: number;
  /** Matching the filter and never delivered. */
  readonly pending: number;
  readonly paused: boolean;
  readonly deliveredConsumerSequence: number;
  /** Everything up to this consumer sequence is settled. */
  readonly settledConsumerSequence: number;
  /**
   * Up to this stream sequence messages were delivered, or are none of the consumer's: right after it was made, it is the
   * one before its start. A purge moves it, expiry does not.
   */
  readonly deliveredStreamSequence: number;
  /** Everything up to this stream sequence is settled. */
  readonly ackFloor: number;
  readonly maxAckPending: number;
  readonly ackWaitMs: Ms;
  /** Who leads the consumer, and since when where that is told; undefined without replicas. */
  readonly leader?: string;
  /** Undefined without the permission for STREAM.INFO. */
  readonly stream?: StreamState;
  /** The server's wall clock at this moment, milliseconds since 1970; undefined where it gives none (before 2.10). */
  readonly serverTime?: number;
}

/** Verdicts that reached the server, and those of which that is not known. */
export interface Settled {
  readonly confirmed: readonly Verdict[];
  readonly unconfirmed: readonly Verdict[];
}

/** The durable consumer. */
export interface Source {
  state(): Promise<ConsumerState | Trouble>;
  /** Never two at once. */
  pull(request: PullRequest): Promise<Pulled>;
  /** Asks for a new ack wait from now on; moves `leaseUntil` of those for which the server confirmed it. */
  extend(held: readonly Held[]): Promise<void>;
  settle(verdicts: readonly Verdict[]): Promise<Settled>;
  /** What has been delivered since a pull was given up early: taken at once, its lease runs. */
  arrived(): readonly Held[];
  /** Stops receiving; returns what had still arrived, so that it can be released with the rest. */
  stopReceiving(): Promise<readonly Held[]>;
  /** Hangs up. What is not settled by then comes back after its ack wait. */
  close(): Promise<void>;
}

/** Where messages go. `P` is the prepared entry: made once, sent as often as needed, always the same. */
export interface Sink<P = unknown> {
  /** Of one call, and how many calls at once. Final after `ready()`. */
  readonly limits: SinkLimits;
  /** Asked before the first pull, so that an outage costs no deliveries. Undefined: ready. */
  ready(signal: AbortSignal): Promise<Delivery | undefined>;
  prepare(message: Message): P | Rejected;
  /** Bytes, counted as the target counts them. */
  size(prepared: P): number;
  /**
   * `signal` is aborted when time is up. A target that makes several calls for a batch asks `isOver` before each: after
   * a freeze the clock knows it before any signal does.
   */
  deliver(batch: readonly P[], signal: AbortSignal, isOver?: () => boolean): Promise<Delivery>;
}

export interface SinkLimits {
  readonly entries: number;
  readonly bytes: number;
  readonly concurrency: number;
  /**
   * A message that fails in a call of its own shows something about itself, as with functions, and not only about the
   * target. One that has failed in company is then tried alone.
   */
  readonly aloneIsEvidence?: boolean;
  /**
   * Messages are worked on in this very process: one of them may take it down, or never end. One that is suspected of
   * that is tried while nothing else is under way.
   */
  readonly sharesProcess?: boolean;
}

/** The message cannot be sent at all, and why. */
export interface Rejected {
  readonly rejected: string;
}

/** Of what a sink or a store has prepared. */
export function isRejected(prepared: unknown): prepared is Rejected {
  return typeof prepared === "object" && prepared !== null && "rejected" in prepared;
}

/** Why a message is buried. */
export interface Letter {
  readonly reason: string;
  /** What may be logged in place of reason and evidence, where those have parts of the payload. */
  readonly told?: string;
  /** What shows that it is the message's own fault. */
  readonly evidence: string;
  /** How often it was sent. */
  readonly tries: number;
}

/** Where rejected messages go: a sink like any other, except that an entry carries its letter. */
export interface DeadLetters<P = unknown> {
  readonly limits: SinkLimits;
  prepare(message: Message, letter: Letter): P | Rejected;
  size(prepared: P): number;
  deliver(batch: readonly P[], signal: AbortSignal, isOver?: () => boolean): Promise<Delivery>;
}

/** Something worth telling; `event` is its name. Never carries payloads or header values. */
export type Observe = (event: string, details?: Readonly<Record<string, unknown>>) => void;
