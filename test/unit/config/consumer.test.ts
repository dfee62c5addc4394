import { expect, test } from "vitest";
import type { Config } from "../../../functions/bridge/config.ts";
import { type Environment, faultsOf, LEAST, read } from "../../support/read-config.ts";

function consumerOf(changes: Environment): Config["consumer"] {
  const { config, faults } = read({ ...LEAST, ...changes });
  expect(faults).toEqual([]);
  return (config as Config).consumer;
}

test("subjects, start and limits are taken", () => {
  const given = {
    JETSTREAM_FILTER_SUBJECTS: "orders.eu.>,orders.us.*",
    JETSTREAM_DELIVER_POLICY: "by_start_sequence",
    JETSTREAM_OPT_START_SEQ: "42",
    JETSTREAM_ACK_WAIT: "30s",
    JETSTREAM_MAX_ACK_PENDING: "1000",
  };
  expect(consumerOf(given)).toEqual({
    stream: "ORDERS",
    consumer: "orders-to-sqs",
    filterSubjects: ["orders.eu.>", "orders.us.*"],
    deliverPolicy: "by_start_sequence",
    startSequence: 42,
    ackWaitMs: 30_000,
    maxAckPending: 1000,
    leastMaxAckPending: 160,
  });
});

test("a start time is taken as it was written", () => {
  const startTime = "2026-11-21T13:00:00+01:00";
  const given = { JETSTREAM_DELIVER_POLICY: "by_start_time", JETSTREAM_OPT_START_TIME: startTime };
  expect(consumerOf(given)).toMatchObject({ deliverPolicy: "by_start_time", startTime });
});

test("the most unsettled messages follow from batch and concurrency", () => {
  expect(consumerOf({ BATCH_SIZE: "5", CONCURRENCY: "4" })).toMatchObject({
    maxAckPending: 40,
    leastMaxAckPending: 20,
  });
  expect(consumerOf({ JETSTREAM_MAX_ACK_PENDING: "7" })).toMatchObject({
    maxAckPending: 7,
    leastMaxAckPending: 7,
  });
});

const SEQUENCE = { JETSTREAM_OPT_START_SEQ: "42" };
const TIME = { JETSTREAM_OPT_START_TIME: "2026-11-21T13:00:00Z" };

test.each<[string, Environment, readonly string[]]>([
  [
    "a name with a dot",
    { JETSTREAM_STREAM: "a.b" },
    ['JETSTREAM_STREAM: given "a.b", expected the name of a stream'],
  ],
  [
    "a name with a space",
    { JETSTREAM_CONSUMER: "a b" },
    ['JETSTREAM_CONSUMER: given "a b", expected the name of a durable consumer'],
  ],
  [
    "subjects that are none",
    { JETSTREAM_FILTER_SUBJECTS: "a..b" },
    [
      'JETSTREAM_FILTER_SUBJECTS: given "a..b", expected subjects with commas, like orders.eu.>,orders.us.*',
    ],
  ],
  [
    "an unknown policy",
    { JETSTREAM_DELIVER_POLICY: "first" },
    [
      'JETSTREAM_DELIVER_POLICY: given "first", expected all, new, last, by_start_sequence or by_start_time',
    ],
  ],
  [
    "a sequence without its policy",
    SEQUENCE,
    [
      "JETSTREAM_OPT_START_SEQ: given 42, expected it only with JETSTREAM_DELIVER_POLICY=by_start_sequence",
    ],
  ],
  [
    "a time without its policy",
    TIME,
    [
      'JETSTREAM_OPT_START_TIME: given "2026-11-21T13:00:00Z", expected it only with JETSTREAM_DELIVER_POLICY=by_start_time',
    ],
  ],
  [
    "a policy without its sequence",
    { JETSTREAM_DELIVER_POLICY: "by_start_sequence" },
    [
      "JETSTREAM_OPT_START_SEQ: given nothing, expected it with JETSTREAM_DELIVER_POLICY=by_start_sequence",
    ],
  ],
  [
    "a policy without its time",
    { JETSTREAM_DELIVER_POLICY: "by_start_time" },
    [
      "JETSTREAM_OPT_START_TIME: given nothing, expected it with JETSTREAM_DELIVER_POLICY=by_start_time",
    ],
  ],
  [
    "a sequence that is none",
    { JETSTREAM_DELIVER_POLICY: "by_start_sequence", JETSTREAM_OPT_START_SEQ: "0" },
    ['JETSTREAM_OPT_START_SEQ: given "0", expected a whole number from 1 to 9007199254740991'],
  ],
  [
    "a time that is none",
    { JETSTREAM_DELIVER_POLICY: "by_start_time", JETSTREAM_OPT_START_TIME: "today" },
    ['JETSTREAM_OPT_START_TIME: given "today", expected a time like 2026-11-21T13:00:00Z'],
  ],
  [
    "no room at all",
    { JETSTREAM_MAX_ACK_PENDING: "0" },
    ['JETSTREAM_MAX_ACK_PENDING: given "0", expected a whole number from 1 to 1000000'],
  ],
])("%s is a fault", (_what, given, faults) => {
  expect(faultsOf(given)).toEqual(faults);
});
