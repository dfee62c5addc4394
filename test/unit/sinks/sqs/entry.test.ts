import fc from "fast-check";
import { expect, test } from "vitest";
import { parseTemplate } from "../../../../functions/bridge/map/template.ts";
import {
  sqsEntry,
  type SqsEntry,
  type SqsMapping,
} from "../../../../functions/bridge/sinks/sqs/entry.ts";
import type { Letter, Message } from "../../../../functions/bridge/core/ports.ts";
import { anyMessage, headers, message, utf8 } from "../../../support/messages.ts";
import { isLegalFifoId, isLegalName, isLegalText } from "../../../support/sqs-rules.ts";

const standard: SqsMapping = { origin: "ORDERS" };

function fifo(
  group: string,
  deduplicationId: "message-id" | "nats-msg-id" = "message-id",
): SqsMapping {
  return { origin: "ORDERS", fifo: { group: parseTemplate(group), deduplicationId } };
}

function entry(given: Message, mapping: SqsMapping = standard, letter?: Letter): SqsEntry {
  const made = sqsEntry(given, mapping, letter);
  if ("rejected" in made) throw new Error(made.rejected);
  return made;
}

test("an entry is body and attributes, and nothing that only FIFO queues take", () => {
  expect(entry(message({ headers: headers({ Tenant: "acme" }) }))).toEqual({
    body: "hello",
    attributes: new Map([
      ["nats-id", "ORDERS/42/1700000000123456789"],
      ["nats-subject", "orders.eu.7"],
      ["Tenant", "acme"],
    ]),
    bytes: 5 + (7 + 6 + 29) + (12 + 6 + 11) + (6 + 6 + 4),
  });
});

test.each([
  ["base64", Uint8Array.of(0), "AA=="],
  ["empty", new Uint8Array(), " "],
])("a body that is not the payload's text says so: %s", (encoding, data, body) => {
  const made = entry(message({ data }));
  expect(made.body).toBe(body);
  expect(made.attributes.get("nats-encoding")).toBe(encoding);
});

test("the size counts UTF-8 bytes of the body, and of each attribute name, type and value", () => {
  const plain = entry(message({ data: utf8("x") })).bytes;
  expect(entry(message({ data: utf8("\u{1F980}") })).bytes).toBe(plain + 3);
  const given = message({ data: utf8("x"), headers: headers({ Name: "ü\u{1F980}" }) });
  expect(entry(given).bytes).toBe(plain + "Name".length + "String".length + 2 + 4);
});

test("base64 counts as what it has become", () => {
  const empty = entry(message({ data: new Uint8Array() })).bytes;
  const binary = entry(message({ data: new Uint8Array(300) })).bytes;
  expect(binary).toBe(empty - " ".length - "empty".length + 400 + "base64".length);
});

test("a trace is passed on, and does not count towards the size", () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const traced = entry(message({ headers: headers({ traceparent }) }));
  const other = entry(
    message({ headers: headers({ traceparent: traceparent.replace("00", "xx") }) }),
  );
  expect(traced.trace).toBe(
    "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1",
  );
  expect(other.trace).toBeUndefined();
  expect(traced.bytes).toBe(other.bytes);
  expect(traced.attributes.get("traceparent")).toBe(traceparent);
});

test("on a FIFO queue an entry has its group, and its id for deduplication", () => {
  const made = entry(message(), fifo("{subject.2}"));
  expect(made.group).toBe("eu");
  expect(made.deduplication).toBe("ORDERS/42/1700000000123456789");
});

test("a group or an id that SQS does not take is hashed", () => {
  const made = entry(message({ subject: "bücher" }), { ...fifo("{subject}"), origin: "ÖRDERS" });
  expect(made.group).toMatch(/^[0-9a-f]{64}$/);
  expect(made.deduplication).toMatch(/^[0-9a-f]{64}$/);
  expect(made.attributes.get("nats-id")).toBe("ÖRDERS/42/1700000000123456789");
});

test("a message without what its group needs is rejected", () => {
  expect(sqsEntry(message({ subject: "orders" }), fifo("{subject.2}"))).toEqual({
    rejected: "the template asks for subject token 2, and the subject has 1",
  });
});

test("the publisher's own id deduplicates where that is asked for and there is one", () => {
  const mapping = fifo("all", "nats-msg-id");
  const withId = message({ headers: headers({ "Nats-Msg-Id": "mine" }) });
  expect(entry(withId, mapping).deduplication).toBe("mine");
  expect(entry(withId, fifo("all")).deduplication).toBe("ORDERS/42/1700000000123456789");
  for (const none of [message(), message({ headers: headers({ "Nats-Msg-Id": "" }) })]) {
    expect(entry(none, mapping).deduplication).toBe("ORDERS/42/1700000000123456789");
  }
});

test("a dead letter is the same entry with its letter", () => {
  const letter: Letter = {
    reason: "InvalidMessageContents: \u0001",
    evidence: "rejected",
    tries: 3,
  };
  const made = entry(message(), standard, letter);
  expect(Object.fromEntries(made.attributes)).toEqual({
    "nats-id": "ORDERS/42/1700000000123456789",
    "nats-subject": "orders.eu.7",
    "dead-letter-reason": "InvalidMessageContents: \\u0001",
    "dead-letter-evidence": "rejected",
    "dead-letter-tries": "3",
  });
  expect(made.body).toBe(entry(message()).body);
});

test("a letter without words still has attributes that SQS takes", () => {
  const made = entry(message(), standard, { reason: "", evidence: "", tries: 0 });
  expect(made.attributes.get("dead-letter-reason")).toBe("unknown");
  expect(made.attributes.get("dead-letter-evidence")).toBe("none");
});

test("with a letter and an encoding three headers find a place beside nats-headers", () => {
  const given = new Map(Array.from({ length: 12 }, (_, at) => [`h${at}`, ["v"]]));
  const letter: Letter = { reason: "r", evidence: "e", tries: 1 };
  const made = entry(message({ data: Uint8Array.of(0), headers: given }), standard, letter);
  expect(made.attributes.size).toBe(10);
  expect(Object.keys(JSON.parse(made.attributes.get("nats-headers") ?? ""))).toHaveLength(9);
});

test("whatever the message, SQS takes its entry, and the same message gives the same entry", () => {
  const letter: Letter = { reason: "r\0", evidence: "e", tries: 1 };
  const anyLetter = fc.option(fc.constant(letter), { nil: undefined });
  fc.assert(
    fc.property(anyMessage(), anyLetter, (given, maybeLetter) => {
      const made = entry(given, fifo("{subject}"), maybeLetter);
      expect(isLegalText(made.body)).toBe(true);
      expect(made.attributes.size).toBeLessThanOrEqual(10);
      for (const [name, value] of made.attributes) {
        expect([name, isLegalName(name), isLegalText(value)]).toEqual([name, true, true]);
      }
      expect(isLegalFifoId(made.group ?? "")).toBe(true);
      expect(isLegalFifoId(made.deduplication ?? "")).toBe(true);
      expect(entry(given, fifo("{subject}"), maybeLetter)).toEqual(made);
    }),
    { numRuns: 300 },
  );
});
