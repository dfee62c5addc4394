import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Outcome } from "../../../../functions/bridge/core/outcome.ts";
import { outcomesOf, type SqsAnswer } from "../../../../functions/bridge/sinks/sqs/answer.ts";
import type { SqsEntry } from "../../../../functions/bridge/sinks/sqs/entry.ts";

const md5 = (text: string): string => createHash("md5").update(text, "utf8").digest("hex");

function entry(body: string): SqsEntry {
  return { body, attributes: new Map(), bytes: body.length };
}

const a = entry("a ü");
const b = entry("b");

/** The outcome of the only entry. */
function outcomeOf(answer: SqsAnswer): Outcome | undefined {
  return outcomesOf([a], answer)[0];
}

test("an entry that SQS names as sent is accepted, with SQS's id as receipt", () => {
  const sent = { Id: "0", MessageId: "m-1", MD5OfMessageBody: md5(a.body) };
  expect(outcomeOf({ Successful: [sent] })).toEqual({ kind: "accepted", receipt: "m-1" });
});

test("an answer without digest or id is accepted as well", () => {
  expect(outcomeOf({ Successful: [{ Id: "0" }] })).toEqual({ kind: "accepted", receipt: "" });
});

test("the digest of another body leaves it unknown what SQS has", () => {
  const sent = { Id: "0", MessageId: "m-1", MD5OfMessageBody: md5("other") };
  expect(outcomeOf({ Successful: [sent] })).toEqual({
    kind: "unknown",
    reason: "SQS answers with the MD5 of another body",
  });
});

test.each([
  ["InternalError", false],
  ["ServiceUnavailable", undefined],
  ["RequestThrottled", true],
  ["ThrottlingException", true],
  ["KMS.ThrottlingException", true],
  ["SomethingNobodyHasHeardOf", true],
  ["SomethingNobodyHasHeardOf", false],
])("an entry that failed with %s (SenderFault %s) may be tried again", (Code, SenderFault) => {
  expect(outcomeOf({ Failed: [{ Id: "0", Code, SenderFault, Message: "sorry" }] })).toEqual({
    kind: "failed",
    reason: `${Code}: sorry`,
  });
});

test.each([
  ["InvalidMessageContents", true],
  ["InvalidParameterValue", true],
  ["MissingParameter", true],
  ["InvalidMessageContents", false],
])("an entry that failed with %s (SenderFault %s) is rejected", (Code, SenderFault) => {
  expect(outcomeOf({ Failed: [{ Id: "0", Code, SenderFault }] })).toEqual({
    kind: "rejected",
    reason: Code,
  });
});

test.each(["AccessDenied", "KMS.AccessDeniedException", "AWS.SimpleQueueService.NonExistentQueue"])(
  "an entry that failed with %s says nothing about its message",
  (Code) => {
    expect(outcomeOf({ Failed: [{ Id: "0", Code, SenderFault: true }] })?.kind).toBe("unknown");
  },
);

test("an entry that failed without a code may be tried again", () => {
  expect(outcomeOf({ Failed: [{ Id: "0" }] })).toEqual({ kind: "failed", reason: "no code" });
});

test.each([
  ["an empty answer", {}],
  [
    "an answer about others",
    { Successful: [{ Id: "1" }, { Id: "00" }, {}], Failed: [{ Id: "7" }] },
  ],
])("an entry that is missing from %s has failed", (_what, answer) => {
  expect(outcomeOf(answer)).toEqual({
    kind: "failed",
    reason: "missing from SQS's answer",
    maybeTaken: true,
  });
});

test("an entry that SQS names as sent and as failed is not known", () => {
  const both = { Successful: [{ Id: "0" }], Failed: [{ Id: "0", Code: "InternalError" }] };
  expect(outcomeOf(both)?.kind).toBe("unknown");
});

test("an answer in another order is read by id", () => {
  const outcomes = outcomesOf([a, b], {
    Successful: [
      { Id: "1", MessageId: "of b", MD5OfMessageBody: md5(b.body) },
      { Id: "0", MessageId: "of a", MD5OfMessageBody: md5(a.body) },
    ],
  });
  expect(outcomes.map((outcome) => outcome.kind === "accepted" && outcome.receipt)).toEqual([
    "of a",
    "of b",
  ]);
});

test("every entry gets one outcome, accepted only when its own id is among the sent ones and no others", () => {
  const ids = fc.uniqueArray(fc.nat(14), { maxLength: 12 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 }), ids, ids, (count, sent, failed) => {
      const outcomes = outcomesOf(
        Array.from({ length: count }, (_, at) => entry(`body ${at}`)),
        {
          Successful: sent.map((id) => ({ Id: String(id), MD5OfMessageBody: md5(`body ${id}`) })),
          Failed: failed.map((id) => ({ Id: String(id), Code: "InternalError" })),
        },
      );
      expect(outcomes).toHaveLength(count);
      for (const [at, { kind }] of outcomes.entries()) {
        const expected = sent.includes(at) ? "accepted" : "failed";
        expect(kind).toBe(sent.includes(at) && failed.includes(at) ? "unknown" : expected);
      }
    }),
  );
});
