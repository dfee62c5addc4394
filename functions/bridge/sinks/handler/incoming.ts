/** A message as a handler sees it. */
import type { Message } from "../../core/ports.ts";
import { messageId } from "../../map/message-id.ts";
import { decodeUtf8 } from "../../map/text.ts";
import { Rejection } from "./verdict.ts";

/** `T`: what `json()` gives, where the handler has a schema. */
export interface JetStreamMessage<T = unknown> {
  /**
   * `<stream>/<stream sequence>/<time in ns>`: the same on every redelivery, different for every stored message. What has
   * been done under this id must not be done again.
   */
  readonly id: string;
  readonly subject: string;
  readonly data: Uint8Array;
  /** Name → all its values; names as they were published, upper and lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly streamSequence: number;
  /** When the stream stored it, cut to milliseconds; `id` has the nanoseconds. */
  readonly timestamp: Date;
  /** How often it was delivered, this time included. Releases and crashes count, so it says nothing about the message. */
  readonly deliveryCount: number;
  /** The payload as text. One that is not UTF-8 throws, and where that ends the handler this message is rejected. */
  text(): string;
  /**
   * The payload's JSON; with a schema, what that made of it. One that is not JSON throws, and where that ends the handler
   * this message is rejected: of a batch it alone, the others are handled again.
   */
  json<U = T>(): U;
}

export function incoming(message: Message, origin: string): JetStreamMessage {
  const { data, deliveryCount, headers, streamSequence, subject, timestampNanos } = message;
  const id = messageId(origin, message);
  const text = (): string => {
    const decoded = decodeUtf8(data);
    if (decoded === undefined) throw new Rejection(id, "the payload is not UTF-8 text");
    return decoded;
  };
  return {
    id,
    subject,
    data,
    headers,
    streamSequence,
    timestamp: new Date(Number(timestampNanos / 1_000_000n)),
    deliveryCount,
    text,
    json: <U>() => parsed(id, text()) as U,
  };
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
