import { expect, test } from "vitest";
import { mapMessage } from "../../../functions/bridge/map/mapped-message.ts";
import { headers, message, utf8 } from "../../support/messages.ts";

function attributesOf(...given: Parameters<typeof mapMessage>): Record<string, string> {
  return Object.fromEntries(mapMessage(...given).attributes);
}

test("a message becomes its text, its id and its subject", () => {
  expect(mapMessage(message(), "ORIGIN")).toEqual({
    id: "ORIGIN/42/1700000000123456789",
    body: "hello",
    attributes: new Map([
      ["nats-id", "ORIGIN/42/1700000000123456789"],
      ["nats-subject", "orders.eu.7"],
    ]),
  });
});

test.each([
  ["base64", Uint8Array.from([255])],
  ["empty", utf8("")],
])("a payload that is no text of SQS says so: %s", (encoding, data) => {
  expect(attributesOf(message({ data }), "O")["nats-encoding"]).toBe(encoding);
});

test("a traceparent becomes a trace, and stays an attribute", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
  const mapped = mapMessage(message({ headers: headers({ traceparent }) }), "O");
  expect(mapped.trace).toBe(
    "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=0",
  );
  expect(mapped.attributes.get("traceparent")).toBe(traceparent);
});

test("characters that SQS does not take are written as escapes in id and subject", () => {
  const mapped = attributesOf(message({ subject: "a\u0001b" }), "o\uFFFF");
  expect(mapped["nats-subject"]).toBe(String.raw`a\u0001b`);
  expect(mapped["nats-id"]).toBe(String.raw`o\uffff/42/1700000000123456789`);
});

test("a dead letter says why it is one, and never with an empty attribute", () => {
  const letter = { reason: "Error: \u0000", evidence: "alone 5 times", tries: 6 };
  expect(attributesOf(message(), "O", letter)).toMatchObject({
    "dead-letter-reason": String.raw`Error: \u0000`,
    "dead-letter-evidence": "alone 5 times",
    "dead-letter-tries": "6",
  });
  expect(attributesOf(message(), "O", { reason: "", evidence: "", tries: 0 })).toMatchObject({
    "dead-letter-reason": "unknown",
    "dead-letter-evidence": "none",
    "dead-letter-tries": "0",
  });
});

test("a dead letter with all its attributes and many headers still has ten at most", () => {
  const many = Array.from({ length: 20 }, (_, i) => [`h${i}`, "v"] as const);
  const given = message({ data: utf8(""), headers: headers(Object.fromEntries(many)) });
  const letter = { reason: "r", evidence: "e", tries: 1 };
  const attributes = attributesOf(given, "O", letter);
  expect(Object.keys(attributes)).toHaveLength(10);
  expect(Object.keys(JSON.parse(attributes["nats-headers"] ?? "") as object)).toHaveLength(17);
});
