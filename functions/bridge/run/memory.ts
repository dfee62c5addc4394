/**
 * What this process knows about earlier tries of a message, by stream sequence and time. It outlives a run, so that a message
 * given back with a delay is known when it returns. It does not outlive the process, and nothing depends on that: less
 * evidence means more tries, never fewer.
 */
import type { Message, Ms } from "../core/ports.ts";
import type { History } from "../core/settlement.ts";

export interface Tries extends History {
  /** An answer was lost: the target may have it already. */
  readonly maybeTaken: boolean;
  /** When it last failed: in which run, and after how many accepted messages. Undefined: it has not. */
  readonly lastFailure?: { readonly run: Ms; readonly accepted: number };
}

const NONE: Tries = { tries: 0, failures: 0, evidence: 0, maybeTaken: false };

/** So many messages are remembered; beyond that the oldest is forgotten. */
const MOST = 50_000;

/** So many messages may fail at a time, each by its own fault … */
const FEW = 3;

/** … where for each of them so many others were accepted. */
const ACCEPTED_FOR_EACH = 10;

interface Entry {
  /** A sequence may be given out again after a crash of the server: to another message, stored at another time. */
  readonly timestampNanos: bigint;
  readonly tries: Tries;
}

export class Memory {
  readonly #entries = new Map<number, Entry>();
  readonly #failing = new Set<number>();
  /** Messages that the target has accepted in the life of this process. */
  accepted = 0;

  /** So many have failed, and have not been accepted or buried since, that it is rather the target's fault. */
  get manyFail(): boolean {
    const failing = this.#failing.size;
    return failing > FEW || (failing > 1 && this.accepted < failing * ACCEPTED_FOR_EACH);
  }

  of({ streamSequence, timestampNanos }: Message): Tries {
    const entry = this.#entries.get(streamSequence);
    return entry?.timestampNanos === timestampNanos ? entry.tries : NONE;
  }

  keep({ streamSequence, timestampNanos }: Message, tries: Tries): void {
    this.#entries.delete(streamSequence);
    this.#entries.set(streamSequence, { timestampNanos, tries });
    if (tries.failures > 0) this.#failing.add(streamSequence);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MOST && oldest !== undefined) this.#drop(oldest);
  }

  forget({ streamSequence }: Message): void {
    this.#drop(streamSequence);
  }

  /** The stream is another one: its sequences mean other messages. */
  clear(): void {
    this.#entries.clear();
    this.#failing.clear();
  }

  #drop(sequence: number): void {
    this.#entries.delete(sequence);
    this.#failing.delete(sequence);
  }
}
