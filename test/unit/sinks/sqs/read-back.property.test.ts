// What the documentation promises to receivers: the reader gives payload and headers back, whatever they were.
import fc from "fast-check";
import { expect, test } from "vitest";
import { sqsEntry } from "../../../../functions/bridge/sinks/sqs/entry.ts";
import { anyMessage, headers, message, utf8 } from "../../../support/messages.ts";
import { readSqsMessage, type ReceivedMessage } from "../../../support/read-sqs-message.ts";
import type { Letter, Message } from "../../../../functions/bridge/core/ports.ts";

/** As SQS hands it out. */
function received(given: Message, letter?: Letter): ReceivedMessage {
  const entry = sqsEntry(given, { origin: "ORDERS" }, letter);
  if ("rejected" in entry) throw new Error(entry.rejected);
  const attributes = [...entry.attributes].map(([name, value]) => [name, { StringValue: value }]);
  return { Body: entry.body, MessageAttributes: Object.fromEntries(attributes) };
}

test("payload and headers come back as they were published, whatever they were", () => {
  fc.assert(
    fc.property(anyMessage(), (given) => {
      const { data, headers: found } = readSqsMessage(received(given));
      expect(data).toEqual(Buffer.from(given.data));
      expect(found).toEqual(given.headers);
    }),
    { numRuns: 1000 },
  );
});

test("they come back from a dead letter as well", () => {
  const letter: Letter = { reason: "too old", evidence: "61000 ms old", tries: 0 };
  fc.assert(
    fc.property(anyMessage(), (given) => {
      const { data, headers: found } = readSqsMessage(received(given, letter));
      expect(data).toEqual(Buffer.from(given.data));
      expect(found).toEqual(given.headers);
    }),
  );
});

test.each([
  ["text", utf8("hello \u{1F980}")],
  ["nothing", new Uint8Array()],
  ["one space", utf8(" ")],
  ["bytes", Uint8Array.of(0, 255, 254)],
  ["text that looks like base64", utf8("AAAA")],
  ["a byte order mark", utf8("\uFEFFx")],
])("a payload of %s comes back", (_what, payload) => {
  expect(readSqsMessage(received(message({ data: payload }))).data).toEqual(Buffer.from(payload));
});

test("headers that look like ours do not deceive the reader", () => {
  const forged = headers({
    "nats-encoding": "base64",
    "nats-headers": '{"a":["b"]}',
    "nats-id": "forged",
    "dead-letter-reason": "forged",
  });
  const { data, headers: found } = readSqsMessage(received(message({ headers: forged })));
  expect(data.toString()).toBe("hello");
  expect(found).toEqual(forged);
});

test("a message without attributes is read as text without headers", () => {
  const { data, headers: found } = readSqsMessage({ Body: "plain" });
  expect([data.toString(), found]).toEqual(["plain", new Map()]);
});
