/** Notes on single messages that outlive the process: in Lambda, on the disk of the execution environment. */
import type { Ms } from "../core/ports.ts";
import type { Tries } from "./memory.ts";

/** What is noted of one message. */
export interface Noted {
  readonly sequence: number;
  readonly timestampNanos: bigint;
  /** Undefined: nothing is known but its delay. */
  readonly tries?: Tries;
  /** Given back until then, by `Clock.now()`. */
  readonly delayedUntil?: Ms;
  /** It was being tried alone when this was written. */
  readonly isOnTrial?: boolean;
}

export interface Journal {
  /** What the process before this one wrote last; nothing when there was none, or when it cannot be read. */
  read(): readonly Noted[];
  /** Replaces all that was written before. Done when it returns; one that cannot be written is not worth a message. */
  write(noted: readonly Noted[]): void;
}

export const NO_JOURNAL: Journal = { read: () => [], write: () => undefined };
