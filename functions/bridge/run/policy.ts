/** What a run is told, and the decisions it takes from the core. */
import { isOurs, needsExtension } from "../core/lease.ts";
import { follow, sendable } from "../core/order.ts";
import { pack } from "../core/packing.ts";
import type { Clock, DeadLetters, Message, Ms, Observe, Sink, Source } from "../core/ports.ts";
import { retryDelayMs } from "../core/retry-delay.ts";
import { decide, type SettlementPolicy } from "../core/settlement.ts";
import type { Memory } from "./memory.ts";
import type { Receipt } from "./receipt.ts";

export interface Ports<P, D> {
  readonly source: Source;
  readonly sink: Sink<P>;
  /** Undefined: the first rejection stops the bridge as `blocked`. */
  readonly deadLetters: DeadLetters<D> | undefined;
  readonly clock: Clock;
  readonly observe: Observe;
  /** What this process knows of earlier tries; outlives the run. */
  readonly memory: Memory;
  /** Called with every receipt: now and then while running, and at the end. */
  readonly report: (receipt: Receipt) => void;
}

export interface Policy {
  /** The group of a message, in bridges that keep order. Undefined: they do not. */
  readonly order: ((message: Message) => string | undefined) | undefined;
  readonly settlement: SettlementPolicy;
  /** Most messages held at once: the bound on duplicates after a crash. */
  readonly window: number;
  /** Most bytes of one pull. */
  readonly maxBytes: number;
  /** Wait for a batch to fill. */
  readonly lingerMs: Ms;
  /** Older messages are buried; undefined: never. */
  readonly maximumAgeMs: Ms | undefined;
  /** One call to the target. */
  readonly sinkTimeoutMs: Ms;
  /** One call to the dead letters. */
  readonly storeTimeoutMs: Ms;
  /** Kept free before the deadline: settling, and once more on a new connection. */
  readonly settleReserveMs: Ms;
  /** A target that does not answer for so long ends the run as `unavailable`. */
  readonly patienceMs: Ms;
  /** Between two looks at the consumer while the run goes on. */
  readonly stateIntervalMs: Ms;
  /** Between two receipts while the run goes on. */
  readonly receiptIntervalMs: Ms;
  /** Report, but pull nothing. */
  readonly paused: boolean;
}

export interface Until {
  /** By then the run has returned; `Infinity` for one that goes on. */
  readonly deadline: Ms;
  /** End as `idle` after so long without messages; undefined: go on waiting. */
  readonly idleMs?: Ms;
  /** Told to stop. */
  readonly signal?: AbortSignal;
}

/** The core, as one argument: the simulator plants its bugs here, and the product knows nothing of it. */
export interface Decisions {
  readonly decide: typeof decide;
  readonly pack: typeof pack;
  readonly sendable: typeof sendable;
  readonly follow: typeof follow;
  readonly isOurs: typeof isOurs;
  readonly needsExtension: typeof needsExtension;
  readonly retryDelayMs: typeof retryDelayMs;
}

export const core: Decisions = {
  decide,
  pack,
  sendable,
  follow,
  isOurs,
  needsExtension,
  retryDelayMs,
};
