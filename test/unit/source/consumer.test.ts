import type { ConsumerConfig } from "@nats-io/jetstream";
import { describe, expect, test } from "vitest";
import type { ConsumerAnswer } from "../../../functions/bridge/source/api.ts";
import {
  consumerConfig,
  differences,
  ownDifferences,
  replayEndOf,
  surprises,
  type WantedConsumer,
} from "../../../functions/bridge/source/consumer.ts";

const wanted: WantedConsumer = {
  stream: "ORDERS",
  consumer: "orders-to-sqs",
  filterSubjects: ["orders.eu.>", "orders.us.*"],
  deliverPolicy: "all",
  ackWaitMs: 10_000,
  maxAckPending: 320,
  leastMaxAckPending: 160,
};

/** As the server gives back what the bridge has made. */
const fitting = consumerConfig(wanted);

function differing(
  change: Partial<ConsumerConfig>,
  wants: Partial<WantedConsumer> = {},
): readonly string[] {
  return differences({ ...fitting, ...change }, { ...wanted, ...wants });
}

test("a consumer is made durable, explicit, without a limit on deliveries", () => {
  expect(fitting).toEqual({
    durable_name: "orders-to-sqs",
    name: "orders-to-sqs",
    description: "made by jetstream-aws-bridge",
    ack_policy: "explicit",
    ack_wait: 10_000_000_000,
    deliver_policy: "all",
    filter_subjects: ["orders.eu.>", "orders.us.*"],
    max_ack_pending: 320,
    max_deliver: -1,
    replay_policy: "instant",
  });
});

test("a single filter is written as servers before 2.10 know it, and none is left out", () => {
  const single = consumerConfig({ ...wanted, filterSubjects: ["orders.>"] });
  expect(single.filter_subject).toBe("orders.>");
  expect(single).not.toHaveProperty("filter_subjects");
  const none = consumerConfig({ ...wanted, filterSubjects: [] });
  expect(Object.keys(none).filter((name) => name.startsWith("filter"))).toEqual([]);
});

test("a start is written only where one is given", () => {
  const startTime = "2026-11-21T13:00:00Z";
  const bySequence = { ...wanted, deliverPolicy: "by_start_sequence", startSequence: 7 } as const;
  const byTime = { ...wanted, deliverPolicy: "by_start_time", startTime } as const;
  expect(consumerConfig(bySequence)).toMatchObject({ opt_start_seq: 7 });
  expect(consumerConfig(byTime)).toMatchObject({ opt_start_time: startTime });
  expect(Object.keys(fitting).filter((name) => name.startsWith("opt_"))).toEqual([]);
});

describe("the consumer of a replay", () => {
  const temporary = { ...wanted, temporary: { inactiveMs: 60_000 } };

  test.each([0, 24, Number.MAX_SAFE_INTEGER])("keeps its end, %i, for every run of it", (end) => {
    const made = consumerConfig(temporary, end);
    expect(made).toMatchObject({ inactive_threshold: 60_000_000_000 });
    expect(made).not.toHaveProperty("durable_name");
    expect(replayEndOf(made)).toBe(end);
    expect(differences(made, temporary)).toEqual([]);
  });

  test.each([
    undefined,
    "",
    "made by jetstream-aws-bridge",
    "made by jetstream-aws-bridge for a replay up to ",
    "made by jetstream-aws-bridge for a replay up to 24 or so",
  ])("does not fit without an end: %j", (description) => {
    const { description: _, ...rest } = consumerConfig(temporary, 24);
    const found = { ...rest, ...(description !== undefined && { description }) };
    expect(replayEndOf(found)).toBeUndefined();
    expect(differences(found, temporary)).toEqual([
      `description is ${JSON.stringify(description)}, expected "made by jetstream-aws-bridge for a replay up to …": it was made for something else`,
    ]);
  });
});

test.each<[string, Partial<WantedConsumer>]>([
  ["several filters", {}],
  ["one filter", { filterSubjects: ["orders.>"] }],
  ["no filter", { filterSubjects: [] }],
  ["a filter for everything", { filterSubjects: [">"] }],
  ["a start by sequence", { deliverPolicy: "by_start_sequence", startSequence: 7 }],
  ["a start by time", { deliverPolicy: "by_start_time", startTime: "2026-11-21T13:00:00Z" }],
])("a consumer that the bridge made with %s fits the bridge", (_what, wants) => {
  const all = { ...wanted, ...wants };
  expect(differences(consumerConfig(all), all)).toEqual([]);
});

test.each<[string, Partial<ConsumerConfig>, string]>([
  [
    "a finite number of deliveries",
    { max_deliver: 5 },
    "max_deliver is 5, expected -1 (unlimited): a finite one strands messages silently",
  ],
  [
    "backoff",
    { backoff: [1e9, 2e9] },
    "backoff is [1000000000,2000000000], expected none: it changes the ack wait with each delivery",
  ],
  [
    "push",
    { deliver_subject: "to.me" },
    'deliver_subject is "to.me", expected none: a pull consumer',
  ],
  ["no acks", { ack_policy: "none" }, 'ack_policy is "none", expected "explicit"'],
  ["acks for all before", { ack_policy: "all" }, 'ack_policy is "all", expected "explicit"'],
  [
    "another filter",
    { filter_subjects: ["orders.eu.>"] },
    'filter is ["orders.eu.>"], expected ["orders.eu.>","orders.us.*"] (JETSTREAM_FILTER_SUBJECTS)',
  ],
  [
    "another start",
    { deliver_policy: "new" },
    'deliver_policy is "new", expected "all" (JETSTREAM_DELIVER_POLICY)',
  ],
  [
    "too few unsettled messages",
    { max_ack_pending: 159 },
    "max_ack_pending is 159, expected at least 160, or -1: so many are held at once",
  ],
  [
    "headers without payloads",
    { headers_only: true },
    "headers_only is true, expected false: payloads would be missing",
  ],
  [
    "the original pace",
    { replay_policy: "original" },
    'replay_policy is "original", expected "instant"',
  ],
  ["priorities", { priority_policy: "overflow" }, 'priority_policy is "overflow", expected "none"'],
])("a consumer with %s is refused for that alone", (_what, change, line) => {
  expect(differing(change)).toEqual([line]);
});

test("a consumer whose settings the server left out is told what it lacks", () => {
  const { ack_policy: _, ...without } = fitting;
  expect(differences(without, wanted)).toEqual(['ack_policy is "none", expected "explicit"']);
});

test("another start sequence or time is refused", () => {
  const startTime = "2026-11-21T13:00:00Z";
  const bySequence = { deliverPolicy: "by_start_sequence", startSequence: 7 } as const;
  const byTime = { deliverPolicy: "by_start_time", startTime } as const;
  expect(differing({ deliver_policy: "by_start_sequence", opt_start_seq: 8 }, bySequence)).toEqual([
    "opt_start_seq is 8, expected 7 (JETSTREAM_OPT_START_SEQ)",
  ]);
  const other = {
    deliver_policy: "by_start_time",
    opt_start_time: "2026-11-21T13:00:01Z",
  } as const;
  expect(differing(other, byTime)).toEqual([
    'opt_start_time is "2026-11-21T13:00:01Z", expected "2026-11-21T13:00:00Z" (JETSTREAM_OPT_START_TIME)',
  ]);
  const same = {
    deliver_policy: "by_start_time",
    opt_start_time: "2026-11-21T14:00:00.000+01:00",
  } as const;
  expect(differing(same, byTime)).toEqual([]);
});

test("every difference is told at once", () => {
  expect(differing({ max_deliver: 3, headers_only: true, deliver_policy: "last" })).toHaveLength(3);
});

test.each<[string, Partial<ConsumerConfig>]>([
  ["filters in another order", { filter_subjects: ["orders.us.*", "orders.eu.>"] }],
  ["no limit on unsettled messages", { max_ack_pending: -1 }],
  ["exactly as many unsettled messages as needed", { max_ack_pending: 160 }],
  ["deliveries without a limit, written as 0", { max_deliver: 0 }],
  ["an empty backoff", { backoff: [] }],
  ["a longer ack wait", { ack_wait: 60e9 }],
  ["the policy of no priorities", { priority_policy: "none" }],
])("a consumer with %s fits", (_what, change) => {
  expect(differing(change)).toEqual([]);
});

test("what may surprise is said, and nothing else", () => {
  const answer = (config: Partial<ConsumerConfig>): ConsumerAnswer =>
    ({ config: { ...fitting, ...config } }) as ConsumerAnswer;
  expect(surprises(answer({}), wanted)).toEqual([]);
  const said = surprises(answer({ ack_wait: 30e9, inactive_threshold: 5e9 }), wanted);
  expect(said[0]).toBe("ack_wait is 30000 ms and not 10000: the consumer's own value counts");
  expect(said[1]).toMatch(/^inactive_threshold is set: the server deletes the consumer/);
});

test("of our own making, what was set when it was made is compared as well", () => {
  const own = (change: Partial<ConsumerConfig>): readonly string[] =>
    ownDifferences({ ...fitting, ...change }, wanted);
  expect(own({})).toEqual([]);
  expect(own({ ack_wait: 20e9 })).toEqual([
    "ack_wait is 20000 ms, expected 10000 ms (JETSTREAM_ACK_WAIT)",
  ]);
  for (const max_ack_pending of [-1, 160, 1000]) {
    expect(own({ max_ack_pending })).toEqual([
      `max_ack_pending is ${max_ack_pending}, expected 320 (JETSTREAM_MAX_ACK_PENDING)`,
    ]);
  }
  // Too little for any bridge: `differences` tells.
  expect(own({ max_ack_pending: 159 })).toEqual([]);
});
