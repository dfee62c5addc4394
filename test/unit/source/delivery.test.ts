import { expect, test } from "vitest";
import { isDelivery, messageOf } from "../../../functions/bridge/source/delivery.ts";
import type { WireMessage } from "../../../functions/bridge/source/wire.ts";
import { headers, utf8 } from "../../support/messages.ts";

function wire(reply: string): WireMessage {
  return {
    subject: "orders.eu.7",
    reply,
    status: 0,
    description: "",
    headers: headers({ A: "1" }),
    data: utf8("hello"),
  };
}

const expected = {
  stream: "ORDERS",
  consumer: "orders-to-sqs",
  subject: "orders.eu.7",
  streamSequence: 42,
  consumerSequence: 57,
  deliveryCount: 3,
  timestampNanos: 1_700_000_000_123_456_789n,
  data: utf8("hello"),
  headers: headers({ A: "1" }),
};

const NUMBERS = "3.42.57.1700000000123456789.1000";

test.each([
  ["the old form of nine tokens", `$JS.ACK.ORDERS.orders-to-sqs.${NUMBERS}`],
  ["the new form without a domain", `$JS.ACK._.ACCHASH.ORDERS.orders-to-sqs.${NUMBERS}`],
  ["the new form with a domain", `$JS.ACK.hub.ACCHASH.ORDERS.orders-to-sqs.${NUMBERS}`],
  ["the new form with a token more", `$JS.ACK.hub.ACCHASH.ORDERS.orders-to-sqs.${NUMBERS}.rnd`],
  ["the new form with two more", `$JS.ACK.hub.ACCHASH.ORDERS.orders-to-sqs.${NUMBERS}.rnd.new`],
])("%s tells all about a message", (_form, reply) => {
  expect(isDelivery(wire(reply))).toBe(true);
  expect(messageOf(wire(reply))).toEqual(expected);
});

test("a time in nanoseconds is kept exactly", () => {
  const late = wire("$JS.ACK.S.C.1.9007199254740991.1.9223372036854775807.0");
  expect(messageOf(late)).toMatchObject({
    streamSequence: Number.MAX_SAFE_INTEGER,
    timestampNanos: 9_223_372_036_854_775_807n,
  });
});

test.each(["", "_INBOX.abc.1", "$JS.API.CONSUMER.INFO.S.C", "$JS.ACKNOWLEDGED.x"])(
  "a message with the reply '%s' is no delivery",
  (reply) => {
    expect(isDelivery(wire(reply))).toBe(false);
  },
);
