// As the test of a handler of your own could be: a DynamoDB in this process, and the handler as it is deployed.
import { DynamoDBClient, ThrottlingException } from "@aws-sdk/client-dynamodb";
import type { Handler } from "jetstream-aws-bridge/handler";
import { deliver, type GivenMessage, message } from "jetstream-aws-bridge/testing";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type LocalDynamodb, startDynamodb } from "../../support/dynamodb.ts";

let dynamodb: LocalDynamodb;
let handler: Handler;

// The handler reads the environment when it is loaded.
beforeAll(async () => {
  dynamodb = await startDynamodb();
  await dynamodb.createTable("orders", "messageId");
  for (const [name, value] of Object.entries({ ...dynamodb.environment, TABLE_NAME: "orders" })) {
    vi.stubEnv(name, value);
  }
  ({ handler } = await import("../../../functions/handlers/orders-to-table.ts"));
});

afterEach(() => vi.restoreAllMocks());

afterAll(async () => {
  vi.unstubAllEnvs();
  await dynamodb[Symbol.asyncDispose]();
});

let sequence = 0;

/** A message of its own each time, stored at a time that does not change. */
function order(json: unknown): GivenMessage {
  sequence += 1;
  return { json, streamSequence: sequence, timestamp: new Date(1e12) };
}

/** The item of this message; undefined: it has none. */
async function itemOf(given: GivenMessage): Promise<unknown> {
  const items = await dynamodb.items("orders");
  return items.find(({ messageId }) => messageId?.["S"] === message(given).id);
}

test("an order becomes an item under the id of its message", async () => {
  const given = order({ id: "o-1", total: 12.5, note: "to the neighbours" });
  expect(await deliver(handler, given)).toEqual({ kind: "accepted" });
  expect(await itemOf(given)).toEqual({
    messageId: { S: message(given).id },
    order: { S: "o-1" },
    total: { N: "12.5" },
    note: { S: "to the neighbours" },
  });
});

test("delivered again it is acknowledged, and what is there stays as it is", async () => {
  const given = order({ id: "o-2", total: 1 });
  await deliver(handler, given);
  const before = await itemOf(given);
  const logged: string[] = [];
  const again = { ...given, json: { id: "o-2", total: 2 }, deliveryCount: 2 };
  const verdict = await deliver(handler, again, { log: (_level, text) => logged.push(text) });
  expect(verdict).toEqual({ kind: "accepted" });
  expect(await itemOf(given)).toEqual(before);
  expect(logged).toEqual([]);
});

test.each([
  ["no total", { id: "o-3" }, /^the payload does not fit: total: /],
  ["a negative total", { id: "o-3", total: -1 }, /total: .*>=0/],
  ["a number for an id", { id: 3, total: 1 }, /id: /],
  ["no object", "o-3", /^the payload does not fit: /],
])(
  "an order with %s is rejected with the issue, and nothing is written",
  async (_what, json, reason) => {
    const calls = dynamodb.calls.length;
    const verdict = await deliver(handler, order(json));
    expect(verdict).toEqual({ kind: "rejected", reason: expect.stringMatching(reason) });
    expect(dynamodb.calls).toHaveLength(calls);
  },
);

test("an order that no item can hold is rejected", async () => {
  const given = order({ id: "o-4", total: 1, note: "x".repeat(400 * 1024) });
  expect(await deliver(handler, given)).toEqual({
    kind: "rejected",
    reason: "order o-4 is larger than an item may be",
  });
  expect(await itemOf(given)).toBeUndefined();
});

test("a table that is throttled is tried again later", async () => {
  const throttled = new ThrottlingException({ message: "slow down", $metadata: {} });
  vi.spyOn(DynamoDBClient.prototype, "send").mockImplementation(() => {
    throw throttled;
  });
  expect(await deliver(handler, order({ id: "o-5", total: 1 }))).toEqual({
    kind: "failed",
    reason: "ThrottlingException: slow down",
  });
});

test("when the time of the run is up, the call ends, and the order comes again", async () => {
  const signal = AbortSignal.abort();
  const given = order({ id: "o-6", total: 1 });
  expect(await deliver(handler, given, { signal })).toMatchObject({ kind: "failed" });
  expect(await itemOf(given)).toBeUndefined();
});

test("without the name of its table it is not loaded", async () => {
  vi.stubEnv("TABLE_NAME", "");
  // A module of its own: the other one is loaded already.
  const again = new URL("../../../functions/handlers/orders-to-table.ts?again", import.meta.url);
  await expect(import(again.href)).rejects.toThrow(
    "TABLE_NAME: given nothing, expected the name of a table",
  );
});
