/**
 * What the test of a handler imports, as `jetstream-aws-bridge/testing`: messages without NATS, and the handler run on
 * them as the bridge runs it.
 */
import { systemClock } from "./clock.ts";
import type { Message } from "./core/ports.ts";
import type { Handler } from "./handler.ts";
import { type HandlerLog, handlerLog } from "./sinks/handler/definition.ts";
import { handle } from "./sinks/handler/handle.ts";
import { incoming, type JetStreamMessage } from "./sinks/handler/incoming.ts";
import type { PublishedMessage } from "./sinks/handler/publishing.ts";
import { notEnded, tooLate } from "./sinks/handler/sink.ts";
import type { Verdict } from "./sinks/handler/verdict.ts";

export type { Verdict } from "./sinks/handler/verdict.ts";

/** What is not given has a value that makes a message: stream ORDERS, the first sequence, now, delivered once. */
export interface GivenMessage {
  /** Default `test`. */
  readonly subject?: string;
  /** The payload: one of the three; none is an empty one. */
  readonly json?: unknown;
  readonly text?: string;
  readonly data?: Uint8Array;
  /** By their names, or a `Map` or `Headers` of them. */
  readonly headers?:
    | Readonly<Record<string, HeaderValues>>
    | Iterable<readonly [name: string, values: HeaderValues]>;
  readonly streamSequence?: number;
  readonly timestamp?: Date;
  readonly deliveryCount?: number;
}

type HeaderValues = string | readonly string[];

export interface DeliverOptions {
  /**
   * Default: one that is never aborted. Once it is, a handler has a moment to end, as in the bridge; then it has failed.
   */
  readonly signal?: AbortSignal;
  /** Called for what the handler publishes; the id is the one that a stream would see. Default: all is stored. */
  readonly publish?: (published: {
    readonly subject: string;
    readonly data: Uint8Array;
    readonly id: string;
  }) => void | Promise<void>;
  /** Called for what the handler logs. Default: it goes nowhere. */
  readonly log?: (level: keyof HandlerLog, text: string, details?: object) => void;
}

const ORIGIN = "ORDERS";
const CONSUMER = "test";

/** A message as a handler gets it. */
export function message(given: GivenMessage = {}): JetStreamMessage {
  return incoming(messageOf(given), ORIGIN);
}

/**
 * Runs the handler on one message, given by its parts or made by `message()`, schema and all, and answers with its
 * verdict: `{ kind: "accepted" }`, what `retry` or `reject` gave, or `{ kind: "failed", reason }` where it threw.
 */
export async function deliver(
  handler: Handler,
  given: GivenMessage | JetStreamMessage,
  options: DeliverOptions = {},
): Promise<Verdict> {
  const [verdict] = await deliverAll(handler, [given], options);
  return verdict as Verdict;
}

/**
 * The same for several messages: a handler made by `onMessages` gets them as one batch. Those made by `message()` need a
 * `streamSequence` of their own each, since it makes their ids.
 */
export async function deliverAll(
  handler: Handler,
  given: readonly (GivenMessage | JetStreamMessage)[],
  options: DeliverOptions = {},
): Promise<readonly Verdict[]> {
  const { log = () => undefined, publish, signal = new AbortController().signal } = options;
  if ((handler as Handler | undefined)?.definition === undefined) {
    throw new TypeError(
      "deliver: given something else, expected what onMessage or onMessages gave",
    );
  }
  let count = 0;
  const startedAt = systemClock.now();
  const running = handle(
    handler.definition,
    given.map((one, index) => incoming(messageOf({ streamSequence: index + 1, ...one }), ORIGIN)),
    {
      signal,
      consumer: CONSUMER,
      log: () => handlerLog(log),
      publishTo: async (subject, data, id): Promise<PublishedMessage> => {
        await publish?.({ subject, data, id });
        return { stream: "TEST", sequence: (count += 1), duplicate: false };
      },
    },
  );
  const handled = await Promise.race([running, tooLate(systemClock, signal)]);
  if (!handled) return given.map(() => failed(notEnded(systemClock.now() - startedAt)));
  // Handled again without evidence against it, which is of no account here.
  return handled.map((one) => (one.kind === "unclear" ? failed(one.reason) : one));
}

function failed(reason: string): Verdict {
  return { kind: "failed", reason };
}

function messageOf(given: GivenMessage | JetStreamMessage): Message {
  const { deliveryCount = 1, headers = [], streamSequence = 1, subject = "test" } = given;
  const entries = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  return {
    stream: ORIGIN,
    consumer: CONSUMER,
    subject,
    streamSequence,
    consumerSequence: streamSequence,
    deliveryCount,
    timestampNanos: BigInt((given.timestamp ?? new Date()).getTime()) * 1_000_000n,
    data: dataOf(given),
    headers: new Map(entries.map(([name, values]) => [name, [values].flat()])),
  };
}

function dataOf(given: GivenMessage | JetStreamMessage): Uint8Array {
  if (given.data) return given.data;
  const { json, text } = given as GivenMessage;
  const content = json === undefined ? (text ?? "") : JSON.stringify(json);
  return new TextEncoder().encode(content);
}
