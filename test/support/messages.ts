/** Messages to test with: builders for the case in hand, generators for all others. */
import fc, { type Arbitrary } from "fast-check";
import type { Held, Message } from "../../functions/bridge/core/ports.ts";

export type Headers = ReadonlyMap<string, readonly string[]>;

/** A message like any other, but for what is given. */
export function message(given: Partial<Message> = {}): Message {
  return {
    stream: "ORDERS",
    consumer: "orders-to-sqs",
    subject: "orders.eu.7",
    streamSequence: 42,
    consumerSequence: 7,
    deliveryCount: 1,
    timestampNanos: 1_700_000_000_123_456_789n,
    data: utf8("hello"),
    headers: new Map(),
    ...given,
  };
}

export function held(streamSequence: number, leaseUntil: number = 30_000): Held {
  return { message: message({ streamSequence }), token: `token-${streamSequence}`, leaseUntil };
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** `headers({ A: "1", B: ["2", "3"] })` */
export function headers(given: Readonly<Record<string, string | readonly string[]>>): Headers {
  return new Map(
    Object.entries(given).map(([name, value]) => [
      name,
      typeof value === "string" ? [value] : value,
    ]),
  );
}

/** Any bytes, but more text, odd characters and broken UTF-8 than chance would bring. */
export function anyPayload(): Arbitrary<Uint8Array> {
  return fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    anyText().map(utf8),
    fc.json().map(utf8),
    fc.tuple(anyText(), fc.uint8Array({ maxLength: 3 })).map(([text, tail]) => {
      return Uint8Array.from([...utf8(text), ...tail]);
    }),
  );
}

/** Text of any characters at all, the ones that XML forbids more often than chance would bring. */
export function anyText(): Arbitrary<string> {
  const any = fc.integer({ min: 0, max: 0x10ffff - 0x800 });
  const character = fc.oneof(
    any.map((code) => String.fromCodePoint(code < 0xd800 ? code : code + 0x800)),
    fc.constantFrom(...Array.from('\0\u0001\t\n\u001F\u007F\uFEFF\uFFFE\uFFFF"\\ä .{')),
    fc.constantFrom("\u{1F980}", "\u{1FFFE}"),
    fc.constantFrom("a", "b", "c", "1"),
  );
  return fc.array(character, { maxLength: 12 }).map((characters) => characters.join(""));
}

const NAMES = [
  "traceparent",
  "Nats-Msg-Id",
  "nats-id",
  "Nats-Headers",
  "nats-encoding",
  "dead-letter-reason",
  "__proto__",
  "constructor",
  "AWS.x",
  "amazon.y",
  "a..b",
  ".a",
  "a.",
  "a b",
  "ü",
  "n".repeat(256),
  "n".repeat(257),
];

/** Header names as people choose them, as they should not, and as only a program would. */
function anyHeaderName(): Arbitrary<string> {
  return fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/),
    fc.constantFrom(...NAMES),
    anyText().filter((text) => text !== ""),
  );
}

/** Up to 15 headers, so that they often do not fit. */
export function anyHeaders(): Arbitrary<Headers> {
  const values = fc.oneof(
    { weight: 3, arbitrary: anyText().map((value) => [value]) },
    { weight: 1, arbitrary: fc.array(anyText(), { minLength: 1, maxLength: 3 }) },
  );
  return fc
    .uniqueArray(fc.tuple(anyHeaderName(), values), { maxLength: 15, selector: ([name]) => name })
    .map((entries) => new Map(entries));
}

function anySubject(): Arbitrary<string> {
  const token = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }),
  );
  return fc
    .array(
      token.map((text) => text.replace(/[\s.*>]/g, "_")),
      { minLength: 1, maxLength: 6 },
    )
    .map((tokens) => tokens.join("."));
}

export function anyMessage(): Arbitrary<Message> {
  return fc
    .record({ data: anyPayload(), headers: anyHeaders(), subject: anySubject() })
    .map((given) => message(given));
}
