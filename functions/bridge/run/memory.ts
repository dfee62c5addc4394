/**
 * What this process knows about earlier tries of a message, by stream sequence and time. It outlives a run, so that a
 * message given back with a delay is known when it returns. Where there is a journal, what matters most outlives the
 * process too: without it a message that takes the process down would do so for ever. Nothing else depends on that: less
 * evidence means more tries, never fewer.
 */
import type { Letter, Message, Ms } from "../core/ports.ts";
import type { History } from "../core/settlement.ts";
import { Expiry } from "./expiry.ts";
import { type Journal, type Noted, NO_JOURNAL } from "./journal.ts";

export interface Tries extends History {
  /** An answer was lost: the target may have it already. */
  readonly maybeTaken: boolean;
  /** It had not ended when its time was up: it may not end at all. */
  readonly overran?: boolean;
  /** How often the process ended, or time ran out, while it was tried with nothing else under way. */
  readonly trialsLost?: number;
  /** It is to be buried, and could not be stored yet. */
  readonly letter?: Letter;
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
  /** Given back with a delay: until when each occupies a place of max ack pending. */
  readonly #delayed = new Map<number, Ms>();
  readonly #journal: Journal;
  /** Messages that the target has accepted in the life of this process. */
  accepted = 0;
  /**
   * Where order is kept: the consumer sequence at which the last run gave everything back, confirmed. As long as the
   * consumer stands there, nobody has got anything since.
   */
  leftAt: number | undefined;
  /** What has expired and is counted, so that no run counts it again. */
  readonly expiry: Expiry = new Expiry();

  constructor(journal: Journal = NO_JOURNAL) {
    this.#journal = journal;
    for (const noted of journal.read()) this.#recall(noted);
  }

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
    this.#delayed.clear();
    this.leftAt = undefined;
    this.expiry.clear();
    this.#journal.write([]);
  }

  /** From now until `save` this message is tried alone. Whatever ends the process until then was its doing. */
  trialBegins(message: Message): void {
    this.#write(message);
  }

  /** What is known survives the process from here on. Called when a run ends, and after a trial. */
  save(): void {
    this.#write();
  }

  /** Given back until `until`. */
  delay({ streamSequence }: Message, until: Ms): void {
    this.#delayed.set(streamSequence, until);
  }

  /** It is here again. */
  returned({ streamSequence }: Message): void {
    this.#delayed.delete(streamSequence);
  }

  /** Up to this stream sequence all is settled, or is not in the stream any more: nothing of it comes back. */
  doneUpTo(last: number): void {
    for (const sequence of this.#delayed.keys()) {
      if (sequence <= last) this.#delayed.delete(sequence);
    }
  }

  /** How many were given back, and are not due yet. */
  delayed(now: Ms): number {
    for (const [sequence, until] of this.#delayed) {
      if (until <= now) this.#delayed.delete(sequence);
    }
    return this.#delayed.size;
  }

  #recall({ sequence, timestampNanos, tries, delayedUntil, isOnTrial }: Noted): void {
    if (delayedUntil !== undefined) this.#delayed.set(sequence, delayedUntil);
    if (!tries) return;
    const trialsLost = (tries.trialsLost ?? 0) + (isOnTrial ? 1 : 0);
    const lost = isOnTrial ? 1 : 0;
    const known = {
      ...tries,
      tries: tries.tries + lost,
      failures: tries.failures + lost,
      evidence: tries.evidence + lost,
      ...(trialsLost > 0 && { trialsLost }),
    };
    this.#entries.set(sequence, { timestampNanos, tries: known });
    if (known.failures > 0) this.#failing.add(sequence);
  }

  #write(onTrial?: Message): void {
    const worthIt = [...this.#entries].filter(
      ([, { tries }]) => tries.failures > 0 || tries.letter,
    );
    const sequences = new Set([...worthIt.map(([sequence]) => sequence), ...this.#delayed.keys()]);
    if (onTrial) sequences.add(onTrial.streamSequence);
    this.#journal.write([...sequences].map((sequence) => this.#noted(sequence, onTrial)));
  }

  #noted(sequence: number, onTrial: Message | undefined): Noted {
    const entry = this.#entries.get(sequence);
    const delayedUntil = this.#delayed.get(sequence);
    const isOnTrial = sequence === onTrial?.streamSequence;
    return {
      sequence,
      timestampNanos: entry?.timestampNanos ?? (isOnTrial ? onTrial.timestampNanos : 0n),
      ...((entry || isOnTrial) && { tries: entry?.tries ?? NONE }),
      ...(delayedUntil !== undefined && { delayedUntil }),
      ...(isOnTrial && { isOnTrial }),
    };
  }

  #drop(sequence: number): void {
    this.#entries.delete(sequence);
    this.#failing.delete(sequence);
  }
}
