/** What a handler publishes back to JetStream while it works on a message. */
import type { JetStreamMessage } from "./incoming.ts";

/** Where a message was stored. */
export interface PublishedMessage {
  readonly stream: string;
  readonly sequence: number;
  /** The stream had it already, from an earlier try of the same input: nothing was stored. */
  readonly duplicate: boolean;
}

/** Text and bytes as they are, anything else as JSON. */
export type Payload = unknown;

/** Resolves when a stream has stored it under `id`. */
export type PublishTo = (
  subject: string,
  data: Uint8Array,
  id: string,
) => Promise<PublishedMessage>;

/**
 * Of one message in one try. The id of what is published says from which input it came and the how manieth to its subject
 * it was, so that the same work gives the same ids again.
 */
export class Publishing {
  readonly #publishTo: PublishTo;
  readonly #counts = new Map<string, number>();
  readonly #underWay: Promise<string | undefined>[] = [];

  constructor(publishTo: PublishTo) {
    this.#publishTo = publishTo;
  }

  publish(from: JetStreamMessage, subject: string, data: Payload): Promise<PublishedMessage> {
    const count = (this.#counts.get(`${from.id} ${subject}`) ?? 0) + 1;
    this.#counts.set(`${from.id} ${subject}`, count);
    const stored = this.#store(subject, data, `${from.id}/${subject}/${count}`);
    this.#underWay.push(
      stored.then(
        () => undefined,
        (error: unknown) => `publishing to ${subject}: ${(error as Error).message}`,
      ),
    );
    return stored;
  }

  async #store(subject: string, data: Payload, id: string): Promise<PublishedMessage> {
    return this.#publishTo(subject, bytesOf(data), id);
  }

  /** Waits for all of them; tells why the first that was not stored was not. Undefined: all were. */
  async confirmed(): Promise<string | undefined> {
    const problems = await Promise.all(this.#underWay);
    return problems.find((problem) => problem !== undefined);
  }
}

function bytesOf(data: Payload): Uint8Array {
  if (data instanceof Uint8Array) return data;
  const text = typeof data === "string" ? data : JSON.stringify(data);
  if (text === undefined) {
    throw new TypeError(
      `publish: data: given ${typeof data}, expected text, bytes, or something that JSON can say`,
    );
  }
  return new TextEncoder().encode(text);
}
