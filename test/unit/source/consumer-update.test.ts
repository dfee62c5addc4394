import type { ConsumerConfig } from "@nats-io/jetstream";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  consumerConfig,
  differences,
  surprises,
} from "../../../functions/bridge/source/consumer.ts";
import type { ConsumerAnswer } from "../../../functions/bridge/source/api.ts";
import { updateOf, type UpdateWanted } from "../../../functions/bridge/source/consumer-update.ts";

const wanted: UpdateWanted = {
  stream: "ORDERS",
  consumer: "orders-to-sqs",
  filterSubjects: ["orders.eu.>"],
  deliverPolicy: "all",
  ackWaitMs: 10_000,
  mostAckWaitMs: 240_000,
  maxAckPending: 320,
  leastMaxAckPending: 160,
  named: { ackWait: false, maxAckPending: false },
  knowsTarget: false,
};

/** As the server gives back what the bridge has made. */
const fitting = consumerConfig(wanted);

function settings(found: Partial<ConsumerConfig>, wants: Partial<UpdateWanted> = {}): unknown[] {
  const { changes } = updateOf({ ...fitting, ...found }, { ...wanted, ...wants });
  return changes.map(({ after, before, setting }) => [setting, before, after]);
}

test("what the bridge has made is left as it is", () => {
  expect(updateOf(fitting, wanted)).toEqual({ changes: [], refused: [], config: fitting });
});

test.each<[string, Partial<ConsumerConfig>, unknown[]]>([
  ["max_deliver", { max_deliver: 5 }, [["max_deliver", 5, -1]]],
  [
    "backoff",
    { max_deliver: 5, backoff: [1e9, 90e9] },
    [
      ["max_deliver", 5, -1],
      ["backoff", ["1s", "1m30s"], null],
    ],
  ],
  ["too little room", { max_ack_pending: 159 }, [["max_ack_pending", 159, 320]]],
  ["room enough", { max_ack_pending: 160 }, []],
  ["room without end", { max_ack_pending: -1 }, []],
  ["a long ack wait", { ack_wait: 240_001e6 }, [["ack_wait", "240001ms", "10s"]]],
  ["one that is not too long", { ack_wait: 240_000e6 }, []],
  ["headers_only", { headers_only: true }, [["headers_only", true, null]]],
  ["inactive_threshold", { inactive_threshold: 60e9 }, [["inactive_threshold", "1m", null]]],
  [
    "priority groups",
    { priority_policy: "overflow", priority_groups: ["a"] },
    [
      ["priority_policy", "overflow", null],
      ["priority_groups", ["a"], null],
    ],
  ],
])("is changed where it has to be: %s", (_, found, expected) => {
  expect(settings(found)).toEqual(expected);
});

test("a setting that somebody has named replaces one that fits, a default does not", () => {
  const found = { ack_wait: 20e9, max_ack_pending: 1000 };
  expect(settings(found)).toEqual([]);
  expect(settings(found, { named: { ackWait: true, maxAckPending: true } })).toEqual([
    ["ack_wait", "20s", "10s"],
    ["max_ack_pending", 1000, 320],
  ]);
});

test("defaults that are known to be this bridge's count in a consumer of our own, and in no other", () => {
  const found = { ack_wait: 20e9, max_ack_pending: 1000 };
  expect(settings(found, { knowsTarget: true })).toEqual([
    ["ack_wait", "20s", "10s"],
    ["max_ack_pending", 1000, 320],
  ]);
  expect(settings({ ...found, description: "by hand" }, { knowsTarget: true })).toEqual([]);
});

test.each<[readonly string[], Partial<ConsumerConfig>]>([
  [[], {}],
  [["a.>"], { filter_subject: "a.>" }],
  [["a.>", "b"], { filter_subjects: ["a.>", "b"] }],
])("the filter becomes %j, in the one setting that is for it", (filterSubjects, expected) => {
  const { filter_subject: _, ...all } = fitting;
  for (const found of [{ filter_subject: "x" }, { filter_subjects: ["y", "z"] }]) {
    const { changes, config } = updateOf({ ...all, ...found }, { ...wanted, filterSubjects });
    expect(config).toEqual({ ...all, ...expected });
    expect(changes.map(({ after, setting }) => [setting, after])).toEqual([
      ["filter", filterSubjects],
    ]);
  }
});

test("the order of filters, and a filter for everything, are no difference", () => {
  const { filter_subject: _, ...all } = fitting;
  const several = { ...all, filter_subjects: ["b", "a"] };
  expect(updateOf(several, { ...wanted, filterSubjects: ["a", "b"] }).changes).toEqual([]);
  const everything = { ...all, filter_subject: ">" };
  expect(updateOf(everything, { ...wanted, filterSubjects: [] }).changes).toEqual([]);
});

const anyFound = fc.record(
  {
    ack_policy: fc.constantFrom("explicit", "all", "none"),
    ack_wait: fc.integer({ min: 1, max: 600 }).map((seconds) => seconds * 1e9),
    backoff: fc.constantFrom([], [1e9, 2e9]),
    deliver_policy: fc.constantFrom("all", "new"),
    deliver_subject: fc.constantFrom("push.here"),
    filter_subject: fc.constantFrom("a", ">", "orders.eu.>"),
    headers_only: fc.boolean(),
    inactive_threshold: fc.constantFrom(0, 60e9),
    max_ack_pending: fc.integer({ min: -1, max: 2000 }),
    max_batch: fc.constantFrom(5),
    max_deliver: fc.integer({ min: -1, max: 9 }),
    metadata: fc.constantFrom({ team: "orders" }),
    priority_policy: fc.constantFrom("none", "overflow"),
    replay_policy: fc.constantFrom("instant", "original"),
  },
  { requiredKeys: ["ack_wait"] },
) as fc.Arbitrary<Partial<ConsumerConfig>>;

const NEVER_CHANGED = /^(ack_policy|deliver_policy|deliver_subject|replay_policy) is /;

test("after it, nothing differs but what NATS cannot change, and all else is as it was", () => {
  fc.assert(
    fc.property(anyFound, fc.boolean(), fc.boolean(), (found, ackWait, maxAckPending) => {
      const wants = { ...wanted, named: { ackWait, maxAckPending } };
      const { changes, config, refused } = updateOf(found, wants);
      expect(differences(config, wants)).toEqual(refused);
      expect(refused.filter((one) => !NEVER_CHANGED.test(one))).toEqual([]);
      expect(surprises({ config } as ConsumerAnswer, wants).join()).not.toContain("inactive");
      // Twice is once.
      expect(updateOf(config, wants)).toEqual({ changes: [], config, refused });
      if (changes.length === 0) expect(config).toEqual(found);
      for (const name of ["metadata", "max_batch", "deliver_subject", "ack_policy"] as const) {
        expect(config[name]).toEqual(found[name]);
      }
    }),
  );
});
