/**
 * What this process knows about earlier tries of a message, by stream sequence. It outlives a run, so that a message
 * given back with a delay is known when it returns. It does not outlive the process, and nothing depends on that: less
 * evidence means more tries, never fewer.
 */
import type { History } from "../core/settlement.ts";

export interface Tries extends History {
  /** An answer was lost: the target may have it already. */
  readonly maybeTaken: boolean;
}

const NONE: Tries = { tries: 0, failures: 0, evidence: 0, maybeTaken: false };

/** So many messages are remembered; beyond that the oldest is forgotten. */
const MOST = 50_000;

export class Memory {
  readonly #tries = new Map<number, Tries>();

  of(sequence: number): Tries {
    return this.#tries.get(sequence) ?? NONE;
  }

  keep(sequence: number, tries: Tries): void {
    this.#tries.delete(sequence);
    this.#tries.set(sequence, tries);
    const [oldest] = this.#tries.keys();
    if (this.#tries.size > MOST && oldest !== undefined) this.#tries.delete(oldest);
  }

  forget(sequence: number): void {
    this.#tries.delete(sequence);
  }

  /** The stream is another one: its sequences mean other messages. */
  clear(): void {
    this.#tries.clear();
  }
}
