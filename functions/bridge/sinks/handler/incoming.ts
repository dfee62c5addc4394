/** A message as a handler sees it. */
import type { Message } from "../../core/ports.ts";
import { messageId } from "../../map/message-id.ts";
import { decodeUtf8 } from "../../map/text.ts";
import { Rejection } from "./thrown.ts";

/** `T`: what `json()` gives, where the handler has a schema. */
export interface JetStreamMessage<T = unknown> {
  /**
   * `<stream>/<stream sequence>/<time in ns>`: the same on every redelivery, different for every stored message. What has
   * been done under this id must not be done again.
   */
  readonly id: string;
  readonly subject: string;
  /** The payload's bytes: a copy of its own for each try, made when it is first asked for. Yours to change. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** Name → all its values; names as they were published, upper and lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly streamSequence: number;
  /** When the stream stored it, cut to milliseconds; `id` has the nanoseconds. */
  readonly timestamp: Date;
  /** How often it was delivered, this time included. Releases and crashes count, so it says nothing about the message. */
  readonly deliveryCount: number;
  /** The payload as it was published, as text. One that is not UTF-8 throws, and where that ends the handler this message is rejected. */
  text(): string;
  /**
   * The payload's JSON; with a schema, what that made of it. One that is not JSON throws, and where that ends the handler
   * this message is rejected: of a batch it alone, the others are handled again.
   */
  json<U = T>(): U;
}

/** As one try sees it. */
export function incoming(message: Message, origin: string): JetStreamMessage {
  const { data, deliveryCount, headers, streamSequence, subject, timestampNanos } = message;
  const id = messageId(origin, message);
  let copy: Uint8Array<ArrayBuffer> | undefined;
  const text = (): string => {
    const decoded = decodeUtf8(data);
    if (decoded === undefined) throw new Rejection(id, "the payload is not UTF-8 text");
    return decoded;
  };
  return {
    id,
    subject,
    get data() {
      // As it arrived it is a window on the socket's memory, beside the payloads of others.
      return (copy ??= new Uint8Array(data));
    },
    headers,
    streamSequence,
    timestamp: new Date(Number(timestampNanos / 1_000_000n)),
    deliveryCount,
    text,
    json: <U>() => parsed(id, text()) as U,
  };
}

/** The same message with other JSON; its bytes are not copied for that. */
export function withJson(message: JetStreamMessage, value: unknown): JetStreamMessage {
  const same = Object.defineProperties({}, Object.getOwnPropertyDescriptors(message));
  return Object.assign(same as JetStreamMessage, { json: <U>() => value as U });
}

/** Of the payload only the place is told: it may be secret. */
function parsed(id: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const place = / at position \d+/.exec((error as Error).message)?.[0] ?? "";
    throw new Rejection(
      id,
      `the payload is not JSON (${text.length} characters${place && `, wrong${place}`})`,
    );
  }
}
