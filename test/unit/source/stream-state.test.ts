import type { ConsumerConfig } from "@nats-io/jetstream";
import { describe, expect, test } from "vitest";
import type { StreamAnswer } from "../../../functions/bridge/source/api.ts";
import { streamStateOf } from "../../../functions/bridge/source/stream-state.ts";

const STATE = {
  messages: 5,
  bytes: 500,
  first_seq: 6,
  last_seq: 10,
  first_ts: "2026-11-21T12:00:00.5Z",
};

/** As a server answers for a stream without limits, but for what is given. */
function answer(config: object, state: object = {}): StreamAnswer {
  const unlimited = { retention: "limits", discard: "old", max_age: 0, max_bytes: -1 };
  return {
    config: { ...unlimited, max_msgs: -1, max_msgs_per_subject: -1, ...config },
    state: { ...STATE, ...state },
  } as unknown as StreamAnswer;
}

test("what it keeps, and since when", () => {
  expect(streamStateOf(answer({}), {})).toEqual({
    first: 6,
    last: 10,
    messages: 5,
    bytes: 500,
    firstStoredAt: Date.parse("2026-11-21T12:00:00.500Z"),
    most: {},
    gapIsLoss: false,
  });
});

test("an empty stream has no oldest message, whatever time it gives", () => {
  const empty = { messages: 0, first_ts: "0001-01-01T00:00:00Z" };
  expect(streamStateOf(answer({}, empty), {})).not.toHaveProperty("firstStoredAt");
});

test.each<[string, object, object]>([
  ["messages", { max_msgs: 9 }, { messages: 9 }],
  ["bytes", { max_bytes: 900 }, { bytes: 900 }],
  ["age", { max_age: 2e9 }, { ageMs: 2000 }],
  [
    "age alone, where what is new is refused when it is full",
    { max_msgs: 9, max_bytes: 900, max_age: 2e9, discard: "new" },
    { ageMs: 2000 },
  ],
])("it is limited by %s", (_name, config, most) => {
  expect(streamStateOf(answer(config), {}).most).toEqual(most);
});

describe("a gap is a loss", () => {
  test.each<[string, object, Partial<ConsumerConfig>]>([
    ["with a limit", { max_age: 1e9 }, {}],
    ["with a filter for everything", { max_msgs: 5 }, { filter_subject: ">" }],
    ["where each message may have a time to live", { allow_msg_ttl: true }, {}],
  ])("%s", (_name, config, consumer) => {
    expect(streamStateOf(answer(config), consumer).gapIsLoss).toBe(true);
  });

  test.each<[string, object, Partial<ConsumerConfig>]>([
    ["without limits", {}, {}],
    ["where what is new is refused", { max_msgs: 5, discard: "new" }, {}],
    ["in a work queue", { max_age: 1e9, retention: "workqueue" }, {}],
    ["with retention by interest", { max_age: 1e9, retention: "interest" }, {}],
    ["where messages are replaced", { max_age: 1e9, max_msgs_per_subject: 1 }, {}],
    ["with a filter", { max_age: 1e9 }, { filter_subject: "a.>" }],
    ["with several", { max_age: 1e9 }, { filter_subjects: ["a", "b"] }],
  ])("but not %s", (_name, config, consumer) => {
    expect(streamStateOf(answer(config), consumer).gapIsLoss).toBe(false);
  });
});
