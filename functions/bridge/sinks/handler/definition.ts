/** A user's handler with its options, as `onMessage` and `onMessages` take them. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { JetStreamMessage } from "./incoming.ts";
import type { Payload } from "./payload.ts";
import type { PublishedMessage, PublishOptions } from "./publishing.ts";
import type { Verdict } from "./verdict.ts";

type Tell = (text: string, details?: Readonly<Record<string, unknown>>) => void;

/**
 * One JSON object a line: the id and the subject of the message, and what you say as `text` and `details`. Payloads are
 * yours to tell or not.
 */
export interface HandlerLog {
  readonly debug: Tell;
  readonly info: Tell;
  readonly warn: Tell;
  readonly error: Tell;
}

/** `tell` gets every line, with its level. */
export function handlerLog(
  tell: (level: keyof HandlerLog, ...line: Parameters<Tell>) => void,
): HandlerLog {
  const at =
    (level: keyof HandlerLog): Tell =>
    (text, details) =>
      tell(level, text, details);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

interface CommonContext {
  /**
   * Aborted when the time of the run is up, or when the message may be somebody else's; its reason is an `AbortError` that
   * says which. A handler that ends because of it has to throw, as `fetch` does that is given it: a return is an ack. One
   * that goes on all the same is ended with its process.
   */
  readonly signal: AbortSignal;
  readonly log: HandlerLog;
}

export interface MessageContext extends CommonContext {
  /**
   * Publishes to a stream, under an id made of this message's id, the durable's name, the subject, and its number among
   * those to that subject (or `key`): the stream takes it once within its duplicate window, however often this consumer's
   * message is handled. The message is only acknowledged, or buried, when all that was published for it is stored; where
   * NATS could not store it, the message is handled again. Rejects when no stream has confirmed it, with a `TypeError` when
   * `subject` or `data` is nothing to publish, and when the handler has returned: await it.
   */
  readonly publish: (
    subject: string,
    data: Payload,
    options?: PublishOptions,
  ) => Promise<PublishedMessage>;
}

export interface BatchContext extends CommonContext {
  /** As for one message; `from` is the one of the batch for which it is published. */
  readonly publish: (
    from: JetStreamMessage,
    subject: string,
    data: Payload,
    options?: PublishOptions,
  ) => Promise<PublishedMessage>;
}

export interface HandlerOptions<S extends StandardSchemaV1 = StandardSchemaV1> {
  /** Handlers at once, 1 to 256. Default 16; `CONCURRENCY` in the environment wins. */
  readonly concurrency?: number;
  /**
   * Template of a group, `{subject.2}` or `{header.Name}`: messages of one group are handled one at a time, in stream
   * order, and a failed one holds its group. Default: no order.
   */
  readonly groupBy?: string;
  /** Any Standard Schema: the payload has to be JSON that fits, else the message is rejected with the issues. */
  readonly schema?: S;
  /**
   * Subjects this handler publishes to: at the start it is checked that a stream takes them, and that its duplicate window
   * is longer than the longest time before a message is handled again: a whole run, the longest pause after a failure, and
   * the wake interval. Default: none is checked before it is used.
   */
  readonly publishes?: readonly string[];
}

export interface BatchOptions<
  S extends StandardSchemaV1 = StandardSchemaV1,
> extends HandlerOptions<S> {
  /** Most messages of a batch, 1 to 10,000. Default 10; `BATCH_SIZE` in the environment wins. */
  readonly batchSize?: number;
}

type Returned<T> = T | Promise<T>;

export type MessageHandler<T = unknown> = (
  message: JetStreamMessage<T>,
  context: MessageContext,
) => Returned<Verdict | void>;

export type BatchHandler<T = unknown> = (
  messages: readonly JetStreamMessage<T>[],
  context: BatchContext,
) => Returned<readonly (Verdict | undefined)[] | void>;

export type HandlerDefinition =
  | { readonly kind: "one"; readonly handle: MessageHandler; readonly options: HandlerOptions }
  | { readonly kind: "batch"; readonly handle: BatchHandler; readonly options: BatchOptions };
