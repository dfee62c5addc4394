/** What a handler publishes back to JetStream while it works on a message. */
import { isObject, kindOf } from "./checks.ts";
import type { JetStreamMessage } from "./incoming.ts";
import { bytesOf, type Payload } from "./payload.ts";

/** Where a message was stored. */
export interface PublishedMessage {
  readonly stream: string;
  readonly sequence: number;
  /** The stream had it already, from an earlier try of the same input: nothing was stored. */
  readonly duplicate: boolean;
}

/** Resolves when a stream has stored it under `id`. */
export type PublishTo = (
  subject: string,
  data: Uint8Array,
  id: string,
) => Promise<PublishedMessage>;

export interface PublishOptions {
  /**
   * In place of its number among those to its subject, where calls come in no fixed order: unique among what is published
   * to this subject for this input, and the same in each try.
   */
  readonly key?: string;
}

/** Tokens without wildcards, which a stream would take literally. */
const SUBJECT = /^[^\s.*>]+(\.[^\s.*>]+)*$/;

/** Why something was not stored. */
interface Problem {
  readonly reason: string;
  /** It is the fault of what was published: it would be refused each time. */
  readonly isOwn: boolean;
}

/** "message size exceeds maximum allowed", `errors.json` in nats-server. */
const TOO_LARGE = 10_054;

export interface PublishingServices {
  /** The ids of the messages for which something may be published. */
  readonly inputs: readonly string[];
  readonly publishTo: PublishTo;
  /** The durable's name, in a replay too. */
  readonly consumer: string;
  /** What whoever wrote the handler has to know, about one of its messages. */
  readonly tell: (about: JetStreamMessage, problem: string) => void;
}

/**
 * Of one batch in one try. The id of what is published says from which input and through which consumer it came, and its
 * number among those to its subject: the same work gives the same ids again, and another consumer's work others.
 */
export class Publishing {
  readonly #services: PublishingServices;
  readonly #counts = new Map<string, number>();
  /** By the id of the input. */
  readonly #underWay = new Map<string, Promise<Problem | undefined>[]>();

  #isOver = false;

  constructor(services: PublishingServices) {
    this.#services = services;
  }

  /** The handler has returned: its inputs get their verdicts, and nobody waits for what would come later. */
  end(): void {
    this.#isOver = true;
  }

  publish(
    from: JetStreamMessage,
    subject: string,
    data: Payload,
    { key }: PublishOptions = {},
  ): Promise<PublishedMessage> {
    if (this.#isOver) return this.#refuseLate(from, subject);
    if (!this.#services.inputs.includes((from as JetStreamMessage | undefined)?.id ?? "")) {
      return this.#refuseFor(from, subject);
    }
    const place = key === undefined ? this.#next(`${from.id} ${subject}`) : `key:${key}`;
    const id = `${from.id}/${this.#services.consumer}/${subject}/${place}`;
    const stored = this.#store(subject, data, id);
    this.#keep(from.id, subject, stored);
    return stored;
  }

  #keep(input: string, subject: string, stored: Promise<unknown>): void {
    const problem = stored.then(
      () => undefined,
      (error: unknown) => problemOf(error, subject),
    );
    this.#underWay.set(input, [...(this.#underWay.get(input) ?? []), problem]);
  }

  /** Which message it was meant for nobody knows: none of them is done with. */
  #refuseFor(from: unknown, subject: string): Promise<never> {
    const given = isObject(from) ? "another message" : kindOf(from);
    const refused = Promise.reject(
      new TypeError(
        `publish: from: given ${given}, expected the one of this batch for which it is published`,
      ),
    );
    for (const input of this.#services.inputs) this.#keep(input, subject, refused);
    return refused;
  }

  /** Waits for all that was published for this input; why it is not stored. Undefined: it is. */
  async problem(id: string): Promise<Problem | undefined> {
    const problems = await Promise.all(this.#underWay.get(id) ?? []);
    const found = problems.filter((problem) => problem !== undefined);
    return found.find(({ isOwn }) => !isOwn) ?? found[0];
  }

  /** Whoever calls so late may not look at the answer. */
  #refuseLate(from: JetStreamMessage, subject: string): Promise<never> {
    const problem = `publish: ${subject}: given after the handler has returned, expected before: await it, or its message is acknowledged without`;
    this.#services.tell(from, problem);
    const refused = Promise.reject(new Error(problem));
    refused.catch(() => undefined);
    return refused;
  }

  async #store(subject: string, data: Payload, id: string): Promise<PublishedMessage> {
    if (!SUBJECT.test(subject)) {
      const given = JSON.stringify(subject);
      throw new TypeError(
        `publish: subject: given ${given}, expected tokens with dots, like orders.eu.7`,
      );
    }
    return this.#services.publishTo(subject, bytesOf(data), id);
  }

  #next(counted: string): number {
    const count = (this.#counts.get(counted) ?? 0) + 1;
    this.#counts.set(counted, count);
    return count;
  }
}

function problemOf(error: unknown, subject: string): Problem {
  const { message } = (error ?? {}) as { readonly message?: string };
  const reason = `publishing to ${subject}: ${message ?? String(error)}`;
  return { reason, isOwn: isOwnFault(error) };
}

/**
 * It would be refused each time. What NATS says, or does not say, is told by errors that have an `end`; all others are
 * about the call itself.
 */
export function isOwnFault(error: unknown): boolean {
  const { code, end } = (error ?? {}) as { readonly code?: unknown; readonly end?: unknown };
  return end === undefined || code === TOO_LARGE;
}
