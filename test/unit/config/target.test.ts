import { expect, test } from "vitest";
import type { Config } from "../../../functions/bridge/config.ts";
import { parseTemplate } from "../../../functions/bridge/map/template.ts";
import { type Environment, faultsOf, FIFO, LEAST, read } from "../../support/read-config.ts";

const ARN = "arn:aws:lambda:eu-west-1:123456789012:function:ship-order";
const BUS: Environment = { ...LEAST, SQS_QUEUE_URL: undefined, EVENT_BUS_NAME: "orders" };
const FUNCTION: Environment = { ...LEAST, SQS_QUEUE_URL: undefined, FUNCTION_ARN: ARN };

function configOf(environment: Environment): Config {
  const { config, faults } = read(environment);
  expect(faults).toEqual([]);
  return config as Config;
}

test("without a target, all that could be one are named", () => {
  expect(faultsOf({ SQS_QUEUE_URL: "" })).toEqual([
    "SQS_QUEUE_URL: given nothing, expected the URL of the target queue (or EVENT_BUS_NAME, or FUNCTION_ARN)",
  ]);
});

test.each<[string, Environment, string]>([
  [
    "a bus beside a queue",
    { EVENT_BUS_NAME: "orders" },
    "EVENT_BUS_NAME: given a second target, expected only one: SQS_QUEUE_URL and EVENT_BUS_NAME are set",
  ],
  [
    "a function beside a queue",
    { FUNCTION_ARN: ARN },
    "FUNCTION_ARN: given a second target, expected only one: SQS_QUEUE_URL and FUNCTION_ARN are set",
  ],
  [
    "all three",
    { EVENT_BUS_NAME: "orders", FUNCTION_ARN: ARN },
    "EVENT_BUS_NAME: given a second target, expected only one: SQS_QUEUE_URL and EVENT_BUS_NAME and FUNCTION_ARN are set",
  ],
  [
    "a setting of a bus without one",
    { EVENT_SOURCE: "x" },
    'EVENT_SOURCE: given "x", expected it only with EVENT_BUS_NAME',
  ],
  [
    "a setting of a function without one",
    { BISECT_ON_ERROR: "true" },
    'BISECT_ON_ERROR: given "true", expected it only with FUNCTION_ARN',
  ],
])("%s is a fault", (_what, given, fault) => {
  expect(faultsOf(given)).toEqual([fault]);
});

test("a setting of a queue is a fault where there is none", () => {
  expect(read({ ...BUS, SQS_MESSAGE_GROUP_ID: "all" }).faults).toEqual([
    'SQS_MESSAGE_GROUP_ID: given "all", expected it only with SQS_QUEUE_URL',
  ]);
});

test("a queue named .fifo makes the bridge ordered, by subject unless told otherwise", () => {
  const byDefault = configOf(FIFO);
  expect(byDefault.target).toEqual({
    kind: "sqs",
    queueUrl: FIFO["SQS_QUEUE_URL"],
    fifo: { group: parseTemplate("{subject}"), deduplicationId: "message-id" },
  });
  expect(byDefault.consumer.maxAckPending).toBe(160);
  const given = {
    SQS_MESSAGE_GROUP_ID: "{subject.2}",
    SQS_MESSAGE_DEDUPLICATION_ID: "nats-msg-id",
  };
  expect(configOf({ ...FIFO, ...given }).target).toMatchObject({
    fifo: { group: parseTemplate("{subject.2}"), deduplicationId: "nats-msg-id" },
  });
});

test("only a queue named .fifo has groups and deduplication", () => {
  const given = { SQS_MESSAGE_GROUP_ID: "all", SQS_MESSAGE_DEDUPLICATION_ID: "message-id" };
  const expected = "expected it only when SQS_QUEUE_URL names a .fifo queue";
  expect(faultsOf(given)).toEqual([
    `SQS_MESSAGE_GROUP_ID: given "all", ${expected}`,
    `SQS_MESSAGE_DEDUPLICATION_ID: given "message-id", ${expected}`,
  ]);
});

test("a group that the filter can never give is refused before anything connects", () => {
  const given = { SQS_MESSAGE_GROUP_ID: "{subject.3}", JETSTREAM_FILTER_SUBJECTS: "a.>,b.*" };
  expect(read({ ...FIFO, ...given }).faults).toEqual([
    'SQS_MESSAGE_GROUP_ID: given "{subject.3}", expected no {subject.3}: subjects of the filter b.* have 2 tokens',
  ]);
});

test("a template that is none is told in its own words", () => {
  const [fault] = read({ ...FIFO, SQS_MESSAGE_GROUP_ID: "{tenant}" }).faults;
  expect(fault).toMatch(/^SQS_MESSAGE_GROUP_ID: given "\{tenant\}", expected .*not \{tenant\}$/);
});

test("a bus has a source, a type and a size by default", () => {
  expect(configOf(BUS).target).toEqual({
    kind: "eventbridge",
    bus: "orders",
    source: parseTemplate("nats.{stream}"),
    detailType: parseTemplate("{subject}"),
    maxSize: 262_144,
  });
  const given = { EVENT_SOURCE: "shop", EVENT_DETAIL_TYPE: "{subject.2}", EVENT_MAX_SIZE: "1MiB" };
  expect(configOf({ ...BUS, ...given }).target).toMatchObject({
    source: parseTemplate("shop"),
    detailType: parseTemplate("{subject.2}"),
    maxSize: 1_048_576,
  });
});

test.each([
  ["EVENT_SOURCE", "aws.shop", "one that does not start with aws., which is reserved"],
  ["EVENT_MAX_SIZE", "1023", "a size from 1KiB to 1MiB, like 256KiB"],
  ["EVENT_MAX_SIZE", "2MiB", "a size from 1KiB to 1MiB, like 256KiB"],
  ["BATCH_SIZE", "11", "a whole number from 1 to 10"],
])("on a bus %s=%s is a fault", (name, value, expected) => {
  expect(read({ ...BUS, [name]: value }).faults).toEqual([
    `${name}: given "${value}", expected ${expected}`,
  ]);
});

test.each(["orders", "default", "a/b.c_d-E1", "arn:aws:events:eu-west-1:123456789012:event-bus/o"])(
  "%s is a bus",
  (name) => {
    expect(configOf({ ...BUS, EVENT_BUS_NAME: name }).target).toMatchObject({ bus: name });
  },
);

test.each(["or ders", "arn:aws:events:eu-west-1:123456789012:rule/o", ARN, "b".repeat(257)])(
  "%s is no bus",
  (name) => {
    expect(read({ ...BUS, EVENT_BUS_NAME: name }).faults).toEqual([
      `EVENT_BUS_NAME: given "${name}", expected the name or the ARN of an event bus`,
    ]);
  },
);

test("a source that every message would start with aws. is refused at the start", () => {
  const stream = { JETSTREAM_STREAM: "aws" };
  expect(read({ ...BUS, ...stream, EVENT_SOURCE: "{stream}.{subject}" }).faults).toEqual([
    'EVENT_SOURCE: given "{stream}.{subject}", expected one that does not start with aws., which is reserved',
  ]);
  for (const EVENT_SOURCE of ["{stream}{subject}", "{subject}aws.", "awsome.{stream}"]) {
    expect(read({ ...BUS, ...stream, EVENT_SOURCE }).faults).toEqual([]);
  }
});

test.each([
  ["EVENT_SOURCE", 256],
  ["EVENT_DETAIL_TYPE", 128],
])("%s of more than %i characters for every message is refused at the start", (name, most) => {
  // Six for the stream, at least one for the subject.
  const fits = `{stream}{subject}${"x".repeat(most - 7)}`;
  expect(read({ ...BUS, [name]: fits }).faults).toEqual([]);
  expect(read({ ...BUS, [name]: `${fits}x` }).faults).toEqual([
    `${name}: given "${fits}x", expected at most ${most} characters, and this makes ${most + 1} or more`,
  ]);
});

test("a place that no subject of the filter can fill is refused on a bus, too", () => {
  const given = { JETSTREAM_FILTER_SUBJECTS: "orders.*", EVENT_DETAIL_TYPE: "{subject.3}" };
  expect(read({ ...BUS, ...given }).faults).toEqual([
    'EVENT_DETAIL_TYPE: given "{subject.3}", expected no {subject.3}: subjects of the filter orders.* have 2 tokens',
  ]);
});

test("a function takes larger batches, and halves them when told to", () => {
  expect(configOf(FUNCTION).target).toEqual({ kind: "function", arn: ARN, bisectOnError: false });
  const config = configOf({
    ...FUNCTION,
    BATCH_SIZE: "10000",
    CONCURRENCY: "1",
    BISECT_ON_ERROR: "true",
  });
  expect(config).toMatchObject({ batchSize: 10_000, target: { bisectOnError: true } });
});

test("a function is named by its ARN", () => {
  expect(read({ ...FUNCTION, FUNCTION_ARN: "ship-order" }).faults).toEqual([
    'FUNCTION_ARN: given "ship-order", expected the ARN of a function',
  ]);
});
