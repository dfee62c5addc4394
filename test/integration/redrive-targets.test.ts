// Dead letters straight to a bus and to a function: the entries that the bridge would send, deleted once they are taken.
import { afterAll, beforeAll, expect, test } from "vitest";
import { localBucket, type LocalStore } from "../support/dead-letters.ts";
import { startEvents } from "../support/event-bus.ts";
import { startFunctions } from "../support/function-endpoint.ts";
import { headers, message, utf8 } from "../support/messages.ts";
import { runCommand } from "../support/operator-command.ts";
import { type LocalSqs, startSqs } from "../support/sqs.ts";

let sqs: LocalSqs;

beforeAll(async () => {
  sqs = await startSqs();
});
afterAll(() => sqs.stop());

async function bucketOf(name: string, payloads: readonly string[]): Promise<LocalStore> {
  const store = await localBucket(sqs, name, "ORDERS");
  await store.bury(
    payloads.map((payload, at) => ({
      message: message({
        streamSequence: at + 1,
        data: utf8(payload),
        headers: headers({ kind: "order" }),
      }),
    })),
  );
  return store;
}

const BRIDGE = {
  NATS_URL: "nats://127.0.0.1:9", // never asked
  JETSTREAM_STREAM: "ORDERS",
  JETSTREAM_CONSUMER: "orders",
};

test("to a bus; what it answers with a failure stays", async () => {
  await using events = await startEvents();
  events.createBus("orders");
  const store = await bucketOf("to-bus", [`{"number":1}`, `{"number":2}`, `{"number":3}`]);
  events.script(({ number }) =>
    number === 0 ? { kind: "entries", codes: { 1: "InternalFailure" } } : undefined,
  );
  const args = ["redrive", ...store.args, "--to-target"];
  const environment = { ...sqs.environment, ...events.environment, ...BRIDGE };
  const missing = await runCommand(args, { ...environment, EVENT_BUS_NAME: "missing" });
  expect([missing.code, missing.lines.at(-1)]).toEqual([
    1,
    expect.stringMatching(/^unavailable \(missing: ResourceNotFound/) as string,
  ]);
  const first = await runCommand(args, { ...environment, EVENT_BUS_NAME: "orders" });
  expect([first.code, first.lines.at(-1)]).toEqual([
    1,
    "done: found 3, matched 3, sent 2, refused 0, failed 1, left 0",
  ]);
  expect(await store.count()).toBe(1);
  const second = await runCommand(args, { ...environment, EVENT_BUS_NAME: "orders" });
  expect(second.code).toBe(0);
  expect(await store.count()).toBe(0);
  const details = events.arrived.map(({ detail }) => JSON.parse(detail) as Detail);
  expect(details.map(({ number }) => number).toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  expect(details[0]!.nats).toMatchObject({
    id: "ORDERS/1/1700000000123456789",
    stream: "ORDERS",
    subject: "orders.eu.7",
    headers: { kind: ["order"] },
  });
});

interface Detail {
  readonly number: number;
  readonly nats: object;
}

test("to a function; one over which it throws stays", async () => {
  await using functions = await startFunctions();
  const arn = functions.deploy("ship", "plain.mjs");
  const store = await bucketOf("to-function", [
    `{"number":1,"items":1}`,
    `{"number":2,"items":0}`,
    `{"number":3,"items":1}`,
  ]);
  const environment = {
    ...sqs.environment,
    ...functions.environment,
    ...BRIDGE,
    FUNCTION_ARN: arn,
  };
  const ended = await runCommand(["redrive", ...store.args, "--to-target"], environment);
  expect([ended.code, ended.lines]).toEqual([
    1,
    [
      "ORDERS/2/1700000000123456789  failed: Error: order 2 has no items",
      "done: found 3, matched 3, sent 2, refused 0, failed 1, left 0",
    ],
  ]);
  expect(await store.count()).toBe(1);
  expect(functions.printed).toEqual(["shipped 1", "shipped 3"]);
});
