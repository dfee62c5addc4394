import fc from "fast-check";
import { expect, test } from "vitest";
import type { Outcome } from "../../../../functions/bridge/core/outcome.ts";
import { outcomesOf } from "../../../../functions/bridge/sinks/lambda/answer.ts";
import type { FunctionRecord } from "../../../../functions/bridge/sinks/lambda/record.ts";
import { returned, threw } from "../../../support/fake-targets.ts";
import { utf8 } from "../../../support/messages.ts";

const record = (id: string): FunctionRecord => ({ id, json: "{}", bytes: 3 });
const records = [record("O/1/1"), record("O/2/2"), record("O/3/3")];

/** What became of each of the three. */
function kindsOf(value: unknown): readonly Outcome["kind"][] {
  return outcomesOf(records, returned(value)).map(({ kind }) => kind);
}

const ALL_ACCEPTED = ["accepted", "accepted", "accepted"];
const ALL_FAILED = ["failed", "failed", "failed"];

test.each([
  ["null", null],
  ["an empty object", {}],
  ["an object about something else", { statusCode: 200 }],
  ["text", "Successfully processed 3 messages."],
  ["null failures", { batchItemFailures: null }],
  ["no failures", { batchItemFailures: [] }],
])("a function that returns %s has succeeded with all", (_what, value) => {
  expect(kindsOf(value)).toEqual(ALL_ACCEPTED);
});

test.each([
  ["no payload", {}],
  ["an empty payload", { Payload: utf8("") }],
  ["a blank one", { Payload: utf8(" \n") }],
])("a function whose answer has %s has succeeded with all", (_what, answer) => {
  expect(outcomesOf(records, answer)).toEqual(
    records.map(({ id }) => ({ kind: "accepted", receipt: id })),
  );
});

test("those that the function names have failed, the others are accepted", () => {
  const named = { batchItemFailures: [{ itemIdentifier: "O/2/2" }] };
  expect(outcomesOf(records, returned(named))).toEqual([
    { kind: "accepted", receipt: "O/1/1" },
    { kind: "failed", reason: "the function names it in batchItemFailures" },
    { kind: "accepted", receipt: "O/3/3" },
  ]);
});

test("one that is named twice has failed once, and the others are accepted", () => {
  const twice = [{ itemIdentifier: "O/1/1" }, { itemIdentifier: "O/1/1" }];
  expect(kindsOf({ batchItemFailures: twice })).toEqual(["failed", "accepted", "accepted"]);
});

test.each([
  ["an empty identifier", { itemIdentifier: "" }],
  ["a null identifier", { itemIdentifier: null }],
  ["an identifier that is no text", { itemIdentifier: 1 }],
  ["a misspelled key", { itemidentifier: "O/1/1" }],
  ["an unknown identifier", { itemIdentifier: "O/4/4" }],
  ["null in the list", null],
  ["text in the list", "O/1/1"],
])("%s means that all have failed", (_what, failure) => {
  const named = { batchItemFailures: [{ itemIdentifier: "O/1/1" }, failure] };
  expect(kindsOf(named)).toEqual(ALL_FAILED);
});

test.each([
  ["failures that are no list", returned({ batchItemFailures: "O/1/1" })],
  ["failures that are an object", returned({ batchItemFailures: { itemIdentifier: "O/1/1" } })],
  ["an answer that is no JSON", { Payload: utf8("{") }],
])("%s means that all have failed", (_what, answer) => {
  expect(outcomesOf(records, answer)).toEqual(
    records.map(() => ({
      kind: "failed",
      reason: "the function's answer cannot be read as batchItemFailures",
    })),
  );
});

test("a function that threw has failed with all, and what it threw is the reason", () => {
  expect(outcomesOf(records, threw("no such order", "OrderError"))).toEqual(
    records.map(() => ({ kind: "failed", reason: "OrderError: no such order" })),
  );
});

test.each([
  [undefined, "Unhandled: no message"],
  ["", "Unhandled: no message"],
  ["null", "Unhandled: no message"],
  ["not JSON", "Unhandled: no message"],
  [`"text"`, "Unhandled: no message"],
  [`{"errorMessage":"timed out"}`, "Unhandled: timed out"],
  [`{"errorType":"E","errorMessage":null}`, "E: no message"],
  [`{"batchItemFailures":[]}`, "Unhandled: no message"],
])("a function that failed and says %o has failed with all", (text, reason) => {
  const answer = {
    FunctionError: "Unhandled",
    ...(text !== undefined && { Payload: utf8(text) }),
  };
  expect(outcomesOf([record("O/1/1")], answer)).toEqual([{ kind: "failed", reason }]);
});

test("a reason is cut, so that a dead letter can carry it beside its message", () => {
  const [outcome] = outcomesOf([record("O/1/1")], threw("🦀".repeat(100_000)));
  const { reason = "" } = outcome as { reason?: string };
  expect(reason.length).toBe(1000);
  expect(reason.isWellFormed()).toBe(true);
});

test("exactly those named have failed, whoever they are; with a stranger among them, all", () => {
  const ids = fc.uniqueArray(fc.constantFrom("O/1/1", "O/2/2", "O/3/3", "stranger"));
  fc.assert(
    fc.property(ids, (named) => {
      const batchItemFailures = named.map((itemIdentifier) => ({ itemIdentifier }));
      const all = named.includes("stranger");
      const isNamed = (id: string): boolean => named.some((one) => one === id);
      expect(kindsOf({ batchItemFailures })).toEqual(
        records.map(({ id }) => (all || isNamed(id) ? "failed" : "accepted")),
      );
    }),
  );
});
