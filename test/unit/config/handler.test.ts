// The target is a handler of the user's: what stands in its code, and what in the environment.
import { describe, expect, test } from "vitest";
import { type Config, readConfig, type ReadConfig } from "../../../functions/bridge/config.ts";
import type { HandlerSettings } from "../../../functions/bridge/config/target.ts";
import { parseTemplate } from "../../../functions/bridge/map/template.ts";
import { credentialsFault } from "../../../functions/bridge/source/credentials.ts";
import { type Environment, LEAST } from "../../support/read-config.ts";

const ONE: HandlerSettings = { kind: "one" };
const BATCH: HandlerSettings = { kind: "batch" };
const URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/doorbell";

function read(handler: HandlerSettings, changes: Environment = {}): ReadConfig {
  const environment = { ...LEAST, SQS_QUEUE_URL: undefined, ...changes };
  const readFile = (path: string): never => {
    throw new Error(`no file ${path}`);
  };
  return readConfig(environment, "lambda", { credentialsFault, readFile, handler });
}

function configOf(handler: HandlerSettings, changes: Environment = {}): Config {
  const { config, faults } = read(handler, changes);
  expect(faults).toEqual([]);
  return config as Config;
}

test("a handler is the target, without a setting more", () => {
  expect(configOf(ONE)).toMatchObject({
    target: { kind: "handler" },
    batchSize: 1,
    concurrency: 16,
    management: "verify",
  });
  expect(configOf(BATCH)).toMatchObject({ target: { kind: "handler" }, batchSize: 10 });
});

test("for each handler one more message is held, so that none waits for the next pull", () => {
  expect(configOf(ONE).consumer.leastMaxAckPending).toBe(32);
  expect(configOf({ ...BATCH, batchSize: 5, concurrency: 2 }).consumer.leastMaxAckPending).toBe(20);
});

test("there is room for what a handler puts off, too", () => {
  expect(configOf(ONE).consumer.maxAckPending).toBe(1000);
  expect(configOf({ ...BATCH, batchSize: 100 }).consumer.maxAckPending).toBe(6400);
});

describe("what stands in the code", () => {
  test("counts, and what stands in the environment wins", () => {
    const handler = { ...BATCH, batchSize: 100, concurrency: 4 };
    expect(configOf(handler)).toMatchObject({ batchSize: 100, concurrency: 4 });
    expect(configOf(handler, { BATCH_SIZE: "7", CONCURRENCY: "2" })).toMatchObject({
      batchSize: 7,
      concurrency: 2,
    });
    expect(configOf({ ...ONE, concurrency: 4 }, { CONCURRENCY: "3" }).concurrency).toBe(3);
  });

  test.each<[string, HandlerSettings, string]>([
    [
      "concurrency",
      { ...ONE, concurrency: 0 },
      "concurrency: given 0, expected a whole number from 1 to 256",
    ],
    [
      "concurrency",
      { ...ONE, concurrency: 257 },
      "concurrency: given 257, expected a whole number from 1 to 256",
    ],
    [
      "concurrency",
      { ...BATCH, concurrency: 1.5 },
      "concurrency: given 1.5, expected a whole number from 1 to 256",
    ],
    [
      "batchSize",
      { ...BATCH, batchSize: 0 },
      "batchSize: given 0, expected a whole number from 1 to 10000",
    ],
    [
      "batchSize",
      { ...BATCH, batchSize: 10_001 },
      "batchSize: given 10001, expected a whole number from 1 to 10000",
    ],
    [
      "batchSize",
      { ...BATCH, batchSize: Number.NaN },
      "batchSize: given NaN, expected a whole number from 1 to 10000",
    ],
  ])("is checked: %s of %o", (_name, handler, fault) => {
    expect(read(handler).faults).toEqual([fault]);
  });

  test("may be as large as allowed", () => {
    const handler = { ...BATCH, batchSize: 10_000, concurrency: 1 };
    expect(configOf(handler).batchSize).toBe(10_000);
    expect(configOf({ ...ONE, concurrency: 256 }).concurrency).toBe(256);
  });
});

describe("BATCH_SIZE", () => {
  test("is refused where messages are handled one at a time", () => {
    expect(read(ONE, { BATCH_SIZE: "1" }).faults).toEqual([
      'BATCH_SIZE: given "1", expected it unset: onMessage takes one message at a time, onMessages a batch',
    ]);
  });

  test("is checked where they are handled in batches", () => {
    expect(configOf(BATCH, { BATCH_SIZE: "10000", CONCURRENCY: "1" }).batchSize).toBe(10_000);
    expect(read(BATCH, { BATCH_SIZE: "10001" }).faults).toEqual([
      'BATCH_SIZE: given "10001", expected a whole number from 1 to 10000',
    ]);
  });
});

describe("groupBy", () => {
  test("makes the bridge keep order, with no more unsettled than it can hold", () => {
    const config = configOf({ ...ONE, groupBy: "{subject.2}" });
    expect(config.target).toEqual({ kind: "handler", group: parseTemplate("{subject.2}") });
    expect(config.consumer).toMatchObject({ leastMaxAckPending: 32, maxAckPending: 32 });
  });

  test("does not shorten the ack wait, as a FIFO queue does", () => {
    const changes = { JETSTREAM_ACK_WAIT: "1h" };
    const { consumer } = configOf({ ...ONE, groupBy: "{subject}" }, changes);
    expect(consumer.ackWaitMs).toBe(3_600_000);
    expect(consumer).not.toHaveProperty("mostAckWaitMs");
  });

  test.each<[string, string, RegExp]>([
    ["is no template", "{tenant}", /^groupBy: given "\{tenant\}", expected .*not \{tenant\}$/],
    ["is empty", "", /^groupBy: given "", expected text with /],
    [
      "asks for a token that no subject has",
      "{subject.3}",
      /^groupBy: given "\{subject\.3\}", expected no \{subject\.3\}: subjects of the filter orders\.\* have 2 tokens$/,
    ],
  ])("is refused when it %s", (_why, groupBy, fault) => {
    const { config, faults } = read({ ...ONE, groupBy }, { JETSTREAM_FILTER_SUBJECTS: "orders.*" });
    expect(config).toBeUndefined();
    expect(faults).toEqual([expect.stringMatching(fault)]);
  });
});

test.each([
  ["SQS_QUEUE_URL", URL],
  ["SQS_MESSAGE_GROUP_ID", "{subject}"],
  ["SQS_MESSAGE_DEDUPLICATION_ID", "message-id"],
  ["EVENT_BUS_NAME", "orders"],
  ["EVENT_SOURCE", "shop"],
  ["EVENT_DETAIL_TYPE", "order"],
  ["EVENT_MAX_SIZE", "1MiB"],
  ["FUNCTION_ARN", "arn:aws:lambda:eu-west-1:123456789012:function:ship-order"],
  ["BISECT_ON_ERROR", "true"],
])("%s is refused: there is a target already", (name, value) => {
  expect(read(ONE, { [name]: value }).faults).toEqual([
    `${name}: given "${value}", expected it unset: the target of this function is its handler`,
  ]);
});

describe("what wakes it", () => {
  test("is not known unless it is said", () => {
    const config = configOf(ONE);
    expect(config).not.toHaveProperty("wakeIntervalMs");
    expect(config).not.toHaveProperty("doorbellQueueUrl");
  });

  test("may be said", () => {
    expect(configOf(ONE, { WAKE_INTERVAL: "5m", DOORBELL_QUEUE_URL: URL })).toMatchObject({
      wakeIntervalMs: 300_000,
      doorbellQueueUrl: URL,
    });
    expect(configOf(ONE, { WAKE_INTERVAL: "8760h" }).wakeIntervalMs).toBe(31_536_000_000);
  });

  test.each([
    ["WAKE_INTERVAL", "500ms", "a duration from 1s to 8760h, like 30s or 5m"],
    ["WAKE_INTERVAL", "8761h", "a duration from 1s to 8760h, like 30s or 5m"],
    ["WAKE_INTERVAL", "rate(5 minutes)", "a duration from 1s to 8760h, like 30s or 5m"],
    ["DOORBELL_QUEUE_URL", "doorbell", "the URL of a queue"],
  ])("is checked: %s=%s", (name, value, expected) => {
    expect(read(ONE, { [name]: value }).faults).toEqual([
      `${name}: given "${value}", expected ${expected}`,
    ]);
  });
});

test("all that is wrong is told at once, in code and environment", () => {
  const handler = { ...ONE, concurrency: 0, groupBy: "{tenant}" };
  const { config, faults } = read(handler, { BATCH_SIZE: "2", EVENT_BUS_NAME: "orders" });
  expect(config).toBeUndefined();
  expect(faults.map((fault) => fault.split(":")[0])).toEqual([
    "EVENT_BUS_NAME",
    "BATCH_SIZE",
    "concurrency",
    "groupBy",
  ]);
});
