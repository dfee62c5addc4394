import { expect, test } from "vitest";
import { type Config, METRICS_NAMESPACE, OPTIONS } from "../../functions/bridge/config.ts";
import { type Environment, faultsOf, FIFO, LEAST, read } from "../support/read-config.ts";

const TARGET = "the URL of the target queue (or EVENT_BUS_NAME, or FUNCTION_ARN)";
const NAMESPACE =
  "1 to 255 letters, digits, spaces and . - _ / # : (not first), not beginning with AWS/; or off";

function configOf(changes: Environment = {}, base: Environment = LEAST): Config {
  const { config, faults } = read({ ...base, ...changes });
  expect(faults).toEqual([]);
  return config as Config;
}

test("with the least that has to be set, everything else has its default", () => {
  const { config, faults, secrets, warnings } = read(LEAST);
  expect({ faults, secrets, warnings }).toEqual({ faults: [], secrets: [], warnings: [] });
  expect(config).toEqual({
    nats: {
      servers: ["nats.example.com:4222"],
      credentials: {},
      timeoutMs: 3000,
      inboxPrefix: "_INBOX",
      apiPrefix: "$JS.API",
    },
    consumer: {
      stream: "ORDERS",
      consumer: "orders-to-sqs",
      filterSubjects: [],
      deliverPolicy: "all",
      ackWaitMs: 10_000,
      maxAckPending: 320,
      leastMaxAckPending: 160,
    },
    management: "create",
    origin: "ORDERS",
    target: { kind: "sqs", queueUrl: LEAST["SQS_QUEUE_URL"] },
    batchSize: 10,
    batchWindowMs: 0,
    concurrency: 16,
    maximumRetryAttempts: 5,
    onRejected: "bury",
    retryDelay: { minMs: 1000, maxMs: 120_000 },
    idleTimeoutMs: 1000,
    paused: false,
    healthPort: 8080,
    shutdownTimeoutMs: 25_000,
    receiptIntervalMs: 60_000,
    logLevel: "info",
    hasOwnSqsEndpoint: false,
    hasOwnS3Endpoint: false,
  });
});

test("in Lambda the consumer is only verified", () => {
  expect(read(LEAST, {}, "lambda").config?.management).toBe("verify");
});

test("a function publishes its metrics, and the service only where it is told to", () => {
  const namespaceOf = (runtime: "service" | "lambda", given = ""): string | undefined =>
    read({ ...LEAST, METRICS_NAMESPACE: given }, {}, runtime).config?.metricsNamespace;
  expect(namespaceOf("lambda")).toBe(METRICS_NAMESPACE);
  expect(namespaceOf("service")).toBeUndefined();
  expect(namespaceOf("lambda", "off")).toBeUndefined();
  for (const runtime of ["lambda", "service"] as const)
    expect(namespaceOf(runtime, "Orders/Bridge")).toBe("Orders/Bridge");
});

test("every fault is told at once, each in a line of its own", () => {
  expect(read({ BATCH_SIZE: "ten", PAUSED: "yes", SQS_QUEUE: "x" }).faults).toEqual([
    "NATS_URL: given nothing, expected nats://host:4222 or tls://host:4222, several with commas",
    'BATCH_SIZE: given "ten", expected a whole number from 1 to 10',
    "JETSTREAM_STREAM: given nothing, expected the name of a stream",
    "JETSTREAM_CONSUMER: given nothing, expected the name of a durable consumer",
    `SQS_QUEUE_URL: given nothing, expected ${TARGET}`,
    'PAUSED: given "yes", expected true or false',
    "SQS_QUEUE: given a value, expected none: there is no such setting; did you mean SQS_QUEUE_URL?",
  ]);
  expect(read({}).config).toBeUndefined();
});

test("an empty or blank value is the same as none", () => {
  const empty = Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, " \t"]));
  expect(configOf({ ...empty, ...LEAST })).toEqual(configOf());
  expect(read(empty).faults).toHaveLength(4);
});

test("blanks around a value do not count", () => {
  expect(configOf({ BATCH_SIZE: " 3\n", LOG_LEVEL: "\twarn " })).toMatchObject({
    batchSize: 3,
    logLevel: "warn",
  });
});

test.each<[string, string, object]>([
  ["ORIGIN_NAME", "PRIMARY", { origin: "PRIMARY" }],
  ["CONSUMER_MANAGEMENT", "none", { management: "none" }],
  ["BATCH_SIZE", "1", { batchSize: 1 }],
  ["BATCH_WINDOW", "5s", { batchWindowMs: 5000 }],
  ["CONCURRENCY", "256", { concurrency: 256 }],
  ["MAXIMUM_RETRY_ATTEMPTS", "-1", { maximumRetryAttempts: -1 }],
  ["MAXIMUM_RECORD_AGE", "36h", { maximumAgeMs: 129_600_000 }],
  ["ON_REJECTED", "hold", { onRejected: "hold" }],
  ["RETRY_DELAY_MIN", "250ms", { retryDelay: { minMs: 250, maxMs: 120_000 } }],
  ["RETRY_DELAY_MAX", "1h", { retryDelay: { minMs: 1000, maxMs: 3_600_000 } }],
  [
    "DEAD_LETTER_QUEUE_URL",
    "http://localhost:4566/0/dead",
    { deadLetterQueueUrl: "http://localhost:4566/0/dead" },
  ],
  ["DEAD_LETTER_BUCKET", "my.dead-letters", { deadLetterBucket: "my.dead-letters" }],
  ["IDLE_TIMEOUT", "20ms", { idleTimeoutMs: 20 }],
  ["PAUSED", "true", { paused: true }],
  ["HEALTH_PORT", "0", { healthPort: 0 }],
  ["HEALTH_PORT", "off", { healthPort: undefined }],
  ["SHUTDOWN_TIMEOUT", "1m30s", { shutdownTimeoutMs: 90_000 }],
  ["RECEIPT_INTERVAL", "100ms", { receiptIntervalMs: 100 }],
  ["LOG_LEVEL", "debug", { logLevel: "debug" }],
  ["AWS_ENDPOINT_URL", "http://localhost:4566", { hasOwnSqsEndpoint: true }],
  ["AWS_ENDPOINT_URL_SQS", "http://localhost:4566", { hasOwnSqsEndpoint: true }],
  ["AWS_ENDPOINT_URL_S3", "http://localhost:4566", { hasOwnS3Endpoint: true }],
])("%s=%s is taken", (name, value, expected) => {
  expect({ healthPort: undefined, ...configOf({ [name]: value }) }).toMatchObject(expected);
});

test.each([
  ["SQS_QUEUE_URL", "orders", TARGET],
  ["SQS_QUEUE_URL", "arn:aws:sqs:eu-west-1:123456789012:orders", TARGET],
  ["SQS_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/", TARGET],
  ["CONSUMER_MANAGEMENT", "CREATE", "create, verify or none"],
  ["BATCH_SIZE", "0", "a whole number from 1 to 10"],
  ["BATCH_SIZE", "11", "a whole number from 1 to 10"],
  ["BATCH_SIZE", "2.5", "a whole number from 1 to 10"],
  ["BATCH_WINDOW", "5001ms", "a duration from 0s to 5s, like 5s"],
  ["CONCURRENCY", "257", "a whole number from 1 to 256"],
  ["MAXIMUM_RETRY_ATTEMPTS", "-2", "a whole number from -1 to 1000"],
  ["MAXIMUM_RECORD_AGE", "0s", "a duration from 1s to 8760h, like 30s or 5m"],
  ["ON_REJECTED", "drop", "bury or hold"],
  ["RETRY_DELAY_MIN", "3m", "at most RETRY_DELAY_MAX (2m)"],
  ["RETRY_DELAY_MAX", "2", "a duration from 1ms to 24h, like 30s or 5m"],
  ["DEAD_LETTER_QUEUE_URL", "dead", "the URL of a queue"],
  ["DEAD_LETTER_BUCKET", "s3://dead", "the name of a bucket"],
  ["HEALTH_PORT", "65536", "a port from 0 to 65535, or off"],
  ["HEALTH_PORT", "http", "a port from 0 to 65535, or off"],
  ["SHUTDOWN_TIMEOUT", "500ms", "a duration from 1s to 15m, like 30s or 5m"],
  ["METRICS_NAMESPACE", "AWS/Lambda", NAMESPACE],
  ["METRICS_NAMESPACE", "a".repeat(256), NAMESPACE],
  ["LOG_LEVEL", "verbose", "debug, info, warn or error"],
  ["JETSTREAM_ACK_WAIT", "999ms", "a duration from 1s to 1h, like 30s or 5m"],
])("%s=%s is a fault that says what would be right", (name, value, expected) => {
  expect(faultsOf({ [name]: value })).toEqual([
    `${name}: given ${JSON.stringify(value)}, expected ${expected}`,
  ]);
});

test("the target queue is no place for dead letters", () => {
  expect(faultsOf({ DEAD_LETTER_QUEUE_URL: LEAST["SQS_QUEUE_URL"] })).toEqual([
    "DEAD_LETTER_QUEUE_URL: given the target queue itself, expected another queue than SQS_QUEUE_URL",
  ]);
});

test("on FIFO, ack wait and retry delay together stay below SQS's five minutes", () => {
  expect(
    configOf({ JETSTREAM_ACK_WAIT: "4m", RETRY_DELAY_MAX: "59s" }, FIFO).retryDelay.maxMs,
  ).toBe(59_000);
  expect(read({ ...FIFO, JETSTREAM_ACK_WAIT: "241s" }).faults).toEqual([
    'JETSTREAM_ACK_WAIT: given "241s", expected a duration from 1s to 4m, like 30s',
  ]);
  expect(read({ ...FIFO, RETRY_DELAY_MAX: "290s" }).faults).toEqual([
    'RETRY_DELAY_MAX: given "290s", expected a duration from 1ms to 4m49s, like 30s',
  ]);
});

test("on FIFO the longest retry delay makes room for the ack wait, also when it is not set", () => {
  expect(configOf({ JETSTREAM_ACK_WAIT: "4m" }, FIFO).retryDelay.maxMs).toBe(59_000);
});

test("a longest retry delay below the default of the first one is both", () => {
  expect(configOf({ RETRY_DELAY_MAX: "500ms" }).retryDelay).toEqual({ minMs: 500, maxMs: 500 });
});
