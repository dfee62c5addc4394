// What the bridge stores as a dead letter is read back as it was, whatever was published.
import fc from "fast-check";
import { expect, test } from "vitest";
import { isUnreadable } from "../../../cli/redrive/dead-letter.ts";
import { readMessage } from "../../../cli/redrive/read-message.ts";
import { besideOf, isBeside, readObject } from "../../../cli/redrive/read-object.ts";
import type { Letter, Message } from "../../../functions/bridge/core/ports.ts";
import { deadLetterBucket } from "../../../functions/bridge/dead-letters/bucket.ts";
import { sqsEntry } from "../../../functions/bridge/sinks/sqs/entry.ts";
import { anyMessage } from "../../support/messages.ts";

const letter: Letter = { reason: "too large: 100 %, ünïcode", evidence: "rejected: x", tries: 3 };
const ORIGIN = "ORDERS/eu";

const expected = (message: Message): Record<string, unknown> => ({
  id: `${ORIGIN}/${message.streamSequence}/${message.timestampNanos}`,
  origin: ORIGIN,
  streamSequence: message.streamSequence,
  timestampNanos: message.timestampNanos,
  reason: letter.reason,
  tries: 3,
  subject: message.subject,
  bytes: message.data.length,
});

/** SQS has no place for such a character in a subject. */
const isPlain = ({ subject }: Message): boolean =>
  // oxlint-disable-next-line eslint/no-control-regex -- control characters are what this is about
  !/[\u0000-\u001F\uFFFE\uFFFF]|\\u(00[01]|fff)/.test(subject) && subject.isWellFormed();

test("from a queue", () => {
  fc.assert(
    fc.property(anyMessage().filter(isPlain), (message) => {
      const entry = sqsEntry(message, { origin: ORIGIN }, letter);
      if ("rejected" in entry) throw new Error(entry.rejected);
      const read = readMessage({
        Body: entry.body,
        MessageAttributes: Object.fromEntries(
          [...entry.attributes].map(([name, StringValue]) => [name, { StringValue }]),
        ),
      });
      if (isUnreadable(read)) throw new Error(read.unreadable);
      expect(read.letter).toEqual(expected(message));
      expect(Buffer.from(read.content.data)).toEqual(Buffer.from(message.data));
      expect(read.content.headers).toEqual(message.headers);
    }),
  );
});

test("from a bucket", () => {
  const store = deadLetterBucket({ name: "dead", put: () => Promise.resolve() }, ORIGIN);
  fc.assert(
    fc.property(anyMessage(), fc.constantFrom("", ".x".repeat(1200)), (given, tail) => {
      const message = { ...given, subject: `${given.subject}${tail}` };
      const object = store.prepare(message, letter);
      if ("rejected" in object) throw new Error(object.rejected);
      const keys = besideOf(object.key, object.metadata);
      const beside = {
        ...(keys.has("nats-headers") && { "nats-headers": object.headers! }),
        ...(keys.has("nats-subject") && { "nats-subject": object.subject! }),
      };
      const read = readObject(object.metadata, object.body.length, beside);
      if (isUnreadable(read)) throw new Error(read.unreadable);
      expect(read.letter).toEqual({ ...expected(message), stream: message.stream });
      expect(Buffer.from(object.body)).toEqual(Buffer.from(message.data));
      expect(read.headers).toEqual(message.headers);
      expect([...keys.values()].every(isBeside)).toBe(true);
      expect(isBeside(object.key)).toBe(false);
    }),
  );
});

test.each([
  [{ Body: "x", MessageAttributes: {} }, /nats-id is missing/],
  [{ Body: "x", MessageAttributes: { "nats-id": "O/1/2" } }, /nats-subject is missing/],
  [{ Body: "x", MessageAttributes: { ...own(), "nats-id": "O-1-2" } }, /"O-1-2"/],
  [
    { Body: "x", MessageAttributes: { "nats-id": "O/1/2", "nats-subject": "a" } },
    /dead-letter-reason is missing/,
  ],
  [{ Body: "?", MessageAttributes: { ...own(), "nats-encoding": "base64" } }, /no base64/],
  [{ Body: "x", MessageAttributes: { ...own(), "nats-encoding": "gzip" } }, /"gzip"/],
  [{ Body: "x", MessageAttributes: { ...own(), "nats-headers": "[]" } }, /headers/],
  [{ Body: "x", MessageAttributes: { ...own(), "nats-headers": `{"a":"b"}` } }, /headers/],
  [{ Body: "x", MessageAttributes: { ...own(), "nats-subject": "a\\u0001" } }, /control character/],
])("what is no dead letter of a bridge is not guessed at: %j", (given, reason) => {
  const attributes = Object.entries(given.MessageAttributes);
  const MessageAttributes = Object.fromEntries(
    attributes.map(([name, StringValue]) => [name, { StringValue }]),
  );
  expect(readMessage({ Body: given.Body, MessageAttributes })).toEqual({
    unreadable: expect.stringMatching(reason) as string,
  });
});

function own(): Record<string, string> {
  return { "nats-id": "O/1/2", "nats-subject": "a", "dead-letter-reason": "why" };
}

test("metadata that is not percent-encoded is not guessed at", () => {
  expect(readObject({ "nats-id": "O/1/2", "nats-subject": "100%" }, 1)).toHaveProperty(
    "unreadable",
  );
});
