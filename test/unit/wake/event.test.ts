import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  HOPS_ATTRIBUTE,
  readEvent,
  REPLAY_ATTRIBUTE,
} from "../../../functions/bridge/wake/event.ts";
import { anyCommand, READ_AT, SERVED } from "../../support/doorbell.ts";

const REPLAY = '{"version":1,"kind":"replay","startSequence":7}';

const RING = { kind: "direct", command: { kind: "ring" } };

const read = (event: unknown): unknown => readEvent(event, SERVED, READ_AT);

const expected =
  'a tick of EventBridge Scheduler or of a rule with a schedule, messages of an SQS queue, {} or {"version":1,"kind":"ring"}, or {"version":1,"kind":"replay","startSequence":1}';

/** As Lambda hands over a message of a queue. */
function record(more: object = {}): Readonly<Record<string, unknown>> {
  return {
    messageId: "m-1",
    receiptHandle: "r",
    body: '{"version":1,"kind":"ring"}',
    attributes: { ApproximateReceiveCount: "1", SentTimestamp: "1700000000000" },
    messageAttributes: {},
    md5OfBody: "x",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-west-1:123456789012:doorbell",
    awsRegion: "eu-west-1",
    ...more,
  };
}

describe("a ring of its own", () => {
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["an empty text", ""],
    ["an empty object", {}],
    ["a ring", { version: 1, kind: "ring" }],
    [
      "a tick of EventBridge Scheduler",
      {
        version: "0",
        id: "d32c5kddcf5bb8c3",
        "detail-type": "Scheduled Event",
        source: "aws.scheduler",
        time: "2026-11-21T13:00:00Z",
        region: "eu-west-1",
        resources: ["arn:aws:scheduler:eu-west-1:123456789012:schedule/default/wake"],
        detail: "{}",
      },
    ],
    [
      "a tick of a rule",
      { version: "0", "detail-type": "Scheduled Event", source: "aws.events", detail: {} },
    ],
  ])("is %s", (_what, event) => {
    expect(read(event)).toEqual(RING);
  });
});

test("a replay is what it says", () => {
  const replay = { version: 1, kind: "replay", startSequence: 7 };
  expect(read(replay)).toEqual({
    kind: "direct",
    command: { kind: "replay", startSequence: 7 },
  });
});

describe("messages of the doorbell", () => {
  test("have an id, a time, hops and a command each", () => {
    const hops = { [HOPS_ATTRIBUTE]: { stringValue: "3", dataType: "String" } };
    const event = {
      Records: [
        record(),
        record({ messageId: "m-2", body: "", messageAttributes: hops }),
        record({ messageId: "m-3", body: REPLAY }),
        record({
          messageId: "m-4",
          body: REPLAY,
          messageAttributes: {
            [HOPS_ATTRIBUTE]: { stringValue: "1" },
            [REPLAY_ATTRIBUTE]: { stringValue: "m-3" },
          },
        }),
      ],
    };
    const replay = { kind: "replay", startSequence: 7 };
    const sentAt = 1_700_000_000_000;
    expect(read(event)).toEqual({
      kind: "doorbell",
      records: [
        { id: "m-1", sentAt, hops: 0, replayId: "m-1", command: { kind: "ring" } },
        { id: "m-2", sentAt, hops: 3, replayId: "m-2", command: { kind: "ring" } },
        { id: "m-3", sentAt, hops: 0, replayId: "m-3", command: replay },
        { id: "m-4", sentAt, hops: 1, replayId: "m-3", command: replay },
      ],
    });
  });

  test("of which one is refused are read all the same", () => {
    const event = { Records: [record({ body: "hello" }), record({ messageId: "m-2" })] };
    expect(read(event)).toMatchObject({
      kind: "doorbell",
      records: [
        { id: "m-1", command: { refused: expect.stringMatching(/^given "hello", which is not/) } },
        { id: "m-2", command: { kind: "ring" } },
      ],
    });
  });

  test.each<[string, object]>([
    ["without attributes", { attributes: undefined }],
    ["with attributes that are null", { attributes: null, messageAttributes: null }],
    ["without a time", { attributes: {} }],
    ["with a time that is none", { attributes: { SentTimestamp: "today" } }],
    ["with the time 0", { attributes: { SentTimestamp: "0" } }],
    ["with an object for a time", { attributes: { SentTimestamp: { toString: 1 } } }],
  ])("%s have no time", (_what, more) => {
    expect(read({ Records: [record(more)] })).toEqual({
      kind: "doorbell",
      records: [
        { id: "m-1", sentAt: undefined, hops: 0, replayId: "m-1", command: { kind: "ring" } },
      ],
    });
  });

  test.each(["-1", "1.5", "many", "", "1e400", undefined, null, { valueOf: 1, toString: 1 }])(
    "with hops of %j have none",
    (stringValue) => {
      const messageAttributes = { [HOPS_ATTRIBUTE]: { stringValue } };
      expect(read({ Records: [record({ messageAttributes })] })).toMatchObject({
        records: [{ hops: 0 }],
      });
    },
  );
});

test.each(["", 7, undefined, null, { toString: 1 }])(
  "a replay that goes on with one called %j is one of its own",
  (stringValue) => {
    const messageAttributes = { [REPLAY_ATTRIBUTE]: { stringValue } };
    expect(read({ Records: [record({ body: REPLAY, messageAttributes })] })).toMatchObject({
      records: [{ replayId: "m-1" }],
    });
  },
);

describe("an event that is none of ours is refused, with what it looks like", () => {
  test.each<[unknown, string]>([
    ["wake up", "string"],
    [7, "number"],
    [true, "boolean"],
    [[], "object"],
    [[record()], "object"],
    [{ action: "wake" }, "an event with action"],
    [{ a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 }, "an event with a, b, c, d, e, …"],
    [{ source: "aws.s3", "detail-type": "Object Created" }, "an event with source, detail-type"],
    [{ source: "aws.events", "detail-type": "Other" }, "an event with source, detail-type"],
    [{ Records: [] }, "no records"],
    [{ Records: "none" }, "an event with Records"],
    [{ Records: [{ eventSource: "aws:s3" }] }, "a record 0 that is not of an SQS queue"],
    [
      { Records: [record(), record({ eventSource: "aws:sns" })] },
      "a record 1 that is not of an SQS queue",
    ],
    [{ Records: [record({ messageId: undefined })] }, "a record 0 that is not of an SQS queue"],
    [{ Records: [null] }, "a record 0 that is not of an SQS queue"],
    [{ Records: ["x"] }, "a record 0 that is not of an SQS queue"],
  ])("%j", (event, given) => {
    expect(read(event)).toEqual({
      kind: "unknown",
      problem: `event: given ${given}, expected ${expected}`,
    });
  });

  test("a command that is wrong is told as such", () => {
    expect(read({ kind: "replay", version: 1 })).toEqual({
      kind: "unknown",
      problem: "event: given no start, expected one of startSequence and startTime",
    });
  });
});

test("whatever the event, it is a wake, the doorbell, or refused in words", () => {
  const attribute = fc.oneof(fc.jsonValue(), fc.record({ stringValue: fc.jsonValue() }));
  const records = fc.array(
    fc.oneof(
      fc.jsonValue(),
      fc
        .record({
          body: fc.oneof(
            fc.jsonValue(),
            anyCommand().map((one) => JSON.stringify(one)),
          ),
          attributes: fc.oneof(fc.jsonValue(), fc.record({ SentTimestamp: fc.jsonValue() })),
          messageAttributes: fc.record({
            [HOPS_ATTRIBUTE]: attribute,
            [REPLAY_ATTRIBUTE]: attribute,
          }),
        })
        .map(record),
    ),
    { maxLength: 3 },
  );
  const anyEvent = fc.oneof(fc.jsonValue(), anyCommand(), fc.record({ Records: records }));
  fc.assert(
    fc.property(anyEvent, (event) => {
      const wake = readEvent(event, SERVED, READ_AT);
      if (wake.kind === "unknown") expect(wake.problem).toMatch(/^event: given .+, expected /s);
      if (wake.kind !== "doorbell") return;
      const given = (event as { readonly Records: readonly unknown[] }).Records;
      expect(wake.records).toHaveLength(given.length);
      for (const { hops, replayId, sentAt } of wake.records) {
        expect(replayId).toMatch(/./);
        expect(Number.isSafeInteger(hops) && hops >= 0).toBe(true);
        expect(sentAt === undefined || sentAt > 0).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
});
