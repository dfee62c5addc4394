import fc from "fast-check";
import { expect, test } from "vitest";
import type { Outcome } from "../../../../functions/bridge/core/outcome.ts";
import {
  type EventResult,
  outcomesOf,
} from "../../../../functions/bridge/sinks/eventbridge/answer.ts";
import type { EventEntry } from "../../../../functions/bridge/sinks/eventbridge/entry.ts";

const entry: EventEntry = { source: "s", detailType: "d", detail: "{}", time: 0, bytes: 18 };

function outcomeOf(result: EventResult): Outcome | undefined {
  return outcomesOf([entry], { Entries: [result] })[0];
}

test("an entry with an id of its own is accepted, with it as receipt", () => {
  expect(outcomeOf({ EventId: "e-1" })).toEqual({ kind: "accepted", receipt: "e-1" });
});

test.each(["InternalFailure", "InternalException", "ThrottlingException", "NobodyHasHeardOfIt"])(
  "an entry that failed with %s may be tried again",
  (ErrorCode) => {
    expect(outcomeOf({ ErrorCode, ErrorMessage: "sorry" })).toEqual({
      kind: "failed",
      reason: `${ErrorCode}: sorry`,
    });
  },
);

test.each(["MalformedDetail", "InvalidArgument", "RedactionFailure"])(
  "an entry that failed with %s is rejected",
  (ErrorCode) => {
    expect(outcomeOf({ ErrorCode })).toEqual({ kind: "rejected", reason: ErrorCode });
  },
);

test.each([
  "AccessDeniedException",
  "InvalidAccountIdException",
  "NotAuthorizedForSourceException",
  "NotAuthorizedForDetailTypeException",
])("an entry that failed with %s says nothing about its message", (ErrorCode) => {
  expect(outcomeOf({ ErrorCode })).toEqual({ kind: "unknown", reason: ErrorCode });
});

test("an id beside an error does not make it accepted", () => {
  expect(outcomeOf({ EventId: "e-1", ErrorCode: "InternalFailure" })?.kind).toBe("failed");
});

test.each([
  ["no list", {}],
  ["an empty list", { Entries: [] }],
  ["a list that is too short", { Entries: [{ EventId: "e-1" }] }],
  ["a list that is too long", { Entries: [{ EventId: "1" }, { EventId: "2" }, { EventId: "3" }] }],
  ["results that say nothing", { Entries: [{}, { EventId: "", ErrorCode: "" }] }],
])("with %s for two entries both have failed, and may have been taken", (_what, answer) => {
  const missing = {
    kind: "failed",
    reason: "missing from EventBridge's answer",
    maybeTaken: true,
  };
  expect(outcomesOf([entry, entry], answer)).toEqual([missing, missing]);
});

test("each entry has the outcome that stands at its place, whatever stands at others", () => {
  const results: fc.Arbitrary<readonly [EventResult, Outcome["kind"]]> = fc.constantFrom(
    [{ EventId: "e" }, "accepted"],
    [{ ErrorCode: "InternalFailure" }, "failed"],
    [{ ErrorCode: "MalformedDetail" }, "rejected"],
    [{ ErrorCode: "AccessDeniedException" }, "unknown"],
    [{}, "failed"],
  );
  fc.assert(
    fc.property(fc.array(results, { minLength: 1, maxLength: 10 }), (given) => {
      const entries = given.map(() => entry);
      const answer = { Entries: given.map(([result]) => result) };
      expect(outcomesOf(entries, answer).map(({ kind }) => kind)).toEqual(
        given.map(([, kind]) => kind),
      );
    }),
  );
});
