// The test of that handler, as its author runs it: `node --test handler-check.ts`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deliver, message } from "jetstream-aws-bridge/testing";
import { handler } from "./ship-order.ts";

void test("an order without total goes to the dead letters", async () => {
  const verdict = await deliver(handler, { subject: "orders.new", json: { id: "1", total: 0 } });
  assert.deepEqual(verdict, { kind: "rejected", reason: "order 1 has no total" });
});

void test("a message without NATS has what one with NATS has", () => {
  assert.match(message({ streamSequence: 7 }).id, /^ORDERS\/7\/\d+$/);
});
