import { expect, test } from "vitest";
import type { Message, Rejected } from "../../../../functions/bridge/core/ports.ts";
import { parseTemplate } from "../../../../functions/bridge/map/template.ts";
import {
  eventEntry,
  type EventEntry,
} from "../../../../functions/bridge/sinks/eventbridge/entry.ts";
import { headers, message, utf8 } from "../../../support/messages.ts";

function entryOf(
  given: Partial<Message>,
  templates: { source?: string; detailType?: string } = {},
): EventEntry | Rejected {
  const { detailType = "{subject}", source = "nats.{stream}" } = templates;
  return eventEntry(message(given), {
    origin: "ORDERS",
    source: parseTemplate(source),
    detailType: parseTemplate(detailType),
  });
}

test("source and detail type are filled in from the message", () => {
  const given = { headers: headers({ Kind: "shipped" }) };
  expect(entryOf(given)).toMatchObject({ source: "nats.ORDERS", detailType: "orders.eu.7" });
  const templates = { source: "shop.{subject.2}", detailType: "order-{header.Kind}" };
  expect(entryOf(given, templates)).toMatchObject({
    source: "shop.eu",
    detailType: "order-shipped",
  });
});

test("a message that lacks what a template asks for is rejected, and the reason names it", () => {
  expect(entryOf({}, { source: "{subject.4}" })).toEqual({
    rejected: "the template asks for subject token 4, and the subject has 3",
  });
  expect(entryOf({}, { detailType: "{header.Kind}" })).toEqual({
    rejected: "the template asks for the header Kind, which is missing or empty",
  });
});

test("a source of 256 characters is taken, one more is rejected", () => {
  const source = "{header.S}";
  const taken = headers({ S: "ü".repeat(256) });
  expect(entryOf({ headers: taken }, { source })).toHaveProperty("source", "ü".repeat(256));
  expect(entryOf({ headers: headers({ S: "s".repeat(257) }) }, { source })).toEqual({
    rejected: "the source has 257 characters, EventBridge takes 256",
  });
});

test("a source that starts with aws. is rejected, others with aws in them are not", () => {
  const source = "{header.S}";
  expect(entryOf({ headers: headers({ S: "aws.orders" }) }, { source })).toEqual({
    rejected: "the source aws.orders starts with aws., which is reserved",
  });
  for (const S of ["aws", "awsome", "AWS.orders", "x.aws."]) {
    expect(entryOf({ headers: headers({ S }) }, { source })).toHaveProperty("source", S);
  }
});

test("a detail type of 128 characters is taken, one more is rejected", () => {
  const most = `orders.${"x".repeat(121)}`;
  expect(entryOf({ subject: most })).toHaveProperty("detailType", most);
  expect(entryOf({ subject: `${most}x` })).toEqual({
    rejected: "the detail type has 129 characters, EventBridge takes 128",
  });
});

test("the time is the message's own, to the millisecond", () => {
  expect(entryOf({ timestampNanos: 1_700_000_000_999_999_999n })).toHaveProperty(
    "time",
    1_700_000_000_999,
  );
});

test("a traceparent becomes a trace header, and something else does not", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  expect(entryOf({ headers: headers({ traceparent }) })).toHaveProperty(
    "trace",
    "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1",
  );
  expect(entryOf({ headers: headers({ traceparent: "mine" }) })).not.toHaveProperty("trace");
});

test("an entry's size is 14 bytes for the time, and source, detail type and detail in UTF-8", () => {
  const given = { subject: "größe.x", data: utf8(`{"crab":"🦀"}`) };
  const entry = entryOf(given, { source: "ü" }) as EventEntry;
  expect(entry.bytes).toBe(14 + 2 + 9 + Buffer.byteLength(entry.detail));
});

test("the same message gives the same entry", () => {
  const given = { headers: headers({ a: "1", b: ["2", "3"] }) };
  expect(entryOf(given)).toEqual(entryOf(given));
});
