/**
 * Counts messages that the stream dropped before they were delivered, each once in the life of a process. What a look at
 * the consumer shows is a gap between what was delivered and where the stream begins. It closes with the next delivery, so
 * a gap between two deliveries counts too, once a look has shown that nothing older is left and that the stream is near a
 * limit. A purge does not count: the server moves the consumer on with it, and leaves no full stream behind. What somebody
 * deletes one by one counts when nothing before it is left.
 */
import type { ConsumerState, Message } from "../core/ports.ts";
import { fullnessOf } from "../core/retention.ts";

/** A stream that has just dropped its oldest is full; what is not even so full was purged. */
const NEAR_A_LIMIT = 0.5;

/** By then so much was delivered, to whomever, and up to `passed` all is delivered or counted. */
interface Look {
  readonly consumerSequence: number;
  readonly passed: number;
}

/** What was on its way when it was looked at so often before is not expected any more. */
const MOST_LOOKS = 16;

interface Missing {
  readonly messages: number;
  readonly last: number;
}

export class Expiry {
  /** Up to here everything was delivered to us, or is known to be missing. */
  #passed = 0;
  #consumerSequence = 0;
  /** Those at which something may still have been on its way to us, oldest first. */
  #looks: Look[] = [];
  /** Between two deliveries since the last look. */
  #missing: Missing[] = [];
  #canTell = false;

  /** In the order in which they arrive. Where somebody got others in between, nothing is known of those. */
  delivered({ consumerSequence, streamSequence }: Message): void {
    while ((this.#looks[0]?.consumerSequence ?? consumerSequence) < consumerSequence) {
      this.#catchUp();
    }
    const isNext = consumerSequence === this.#consumerSequence + 1;
    this.#consumerSequence = consumerSequence;
    if (streamSequence <= this.#passed) return;
    const messages = streamSequence - this.#passed - 1;
    if (this.#canTell && isNext && messages > 0) {
      this.#missing.push({ messages, last: streamSequence - 1 });
    }
    this.#passed = streamSequence;
  }

  /** What follows was delivered after the oldest of the looks. */
  #catchUp(): void {
    const look = this.#looks.shift();
    this.#passed = Math.max(this.#passed, look?.passed ?? 0);
    this.#consumerSequence = Math.max(this.#consumerSequence, look?.consumerSequence ?? 0);
  }

  /** How many more have expired; undefined where that cannot be told. */
  look(state: ConsumerState): number | undefined {
    const { deliveredConsumerSequence, deliveredStreamSequence, stream } = state;
    this.#canTell = stream?.gapIsLoss === true;
    if (!stream?.gapIsLoss) return undefined;
    // A crash has cost the stream its tail, or it was made anew: the same sequences mean other messages.
    if (this.#known > Math.max(stream.last, deliveredStreamSequence)) this.clear();
    const passed = Math.max(this.#known, deliveredStreamSequence);
    const gone = stream.first - 1;
    const consumerSequence = deliveredConsumerSequence;
    this.#looks.push({ consumerSequence, passed: Math.max(passed, gone) });
    if (this.#looks.length > MOST_LOOKS) this.#catchUp();
    return Math.max(0, gone - passed) + this.#missingBefore(gone, state);
  }

  /** Up to here all is delivered or counted, be it on its way. */
  get #known(): number {
    return Math.max(this.#passed, this.#looks.at(-1)?.passed ?? 0);
  }

  #missingBefore(gone: number, { serverTime, stream }: ConsumerState): number {
    const fullness = stream && fullnessOf(stream, serverTime);
    const isNear = fullness !== undefined && fullness >= NEAR_A_LIMIT;
    const lost = this.#missing.splice(0).filter(({ last }) => isNear && last <= gone);
    return lost.reduce((sum, { messages }) => sum + messages, 0);
  }

  /** The stream is another one. */
  clear(): void {
    this.#passed = 0;
    this.#consumerSequence = 0;
    this.#looks = [];
    this.#missing = [];
  }
}
