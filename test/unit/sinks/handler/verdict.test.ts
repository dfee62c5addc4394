import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ACCEPTED,
  type Handled,
  outcomeOf,
  reject,
  retry,
  type Verdict,
  verdictOf,
} from "../../../../functions/bridge/sinks/handler/verdict.ts";
import { thrown } from "../../../../functions/bridge/sinks/handler/thrown.ts";
import { anyReturned, anyThrown } from "../../../support/handled.ts";

const KINDS = ["accepted", "retry", "rejected", "failed"];
const OUTCOMES = {
  accepted: "accepted",
  retry: "postponed",
  rejected: "rejected",
  failed: "failed",
};
const ID = "ORDERS/1/2";
const EXPECTED = "expected nothing (undefined: an ack), retry(…) or reject(…)";

describe("retry", () => {
  test.each(["0", "500ms", "30s", "1m30s", "24h", "7d", "168h"])("takes %s", (after) => {
    expect(retry({ after })).toEqual({ kind: "retry", after });
  });

  test.each(["", "soon", "30", "-1s", "1w", " 1s", "8d", "7d1ns"])("refuses %j", (after) => {
    expect(() => retry({ after })).toThrow(
      new RangeError(
        `retry: after: given ${JSON.stringify(after)}, expected a duration up to 7d, like 30s or 10m`,
      ),
    );
  });

  test.each<[unknown, string]>([
    ["30s", 'given a string, expected an object, like { after: "30s" }'],
    [null, 'given null, expected an object, like { after: "30s" }'],
    [["30s"], 'given an array, expected an object, like { after: "30s" }'],
    [{ delay: "30s" }, "delay: given a value, expected none: there is after, reason"],
    [
      { aftr: "30s" },
      "aftr: given a value, expected none: there is after, reason; did you mean after?",
    ],
    [{ reason: new Error("busy") }, "reason: given an object, expected a text"],
  ])("refuses %o", (options, problem) => {
    expect(() => retry(options as never)).toThrow(new TypeError(`retry: ${problem}`));
  });

  test("refuses a number: of what?", () => {
    expect(() => retry({ after: 30 as never })).toThrow(
      new RangeError("retry: after: given a number, expected a duration up to 7d, like 30s or 10m"),
    );
  });

  test("has nothing but what it was given", () => {
    expect(retry()).toEqual({ kind: "retry" });
    expect(retry({ reason: "busy" })).toEqual({ kind: "retry", reason: "busy" });
  });
});

describe("reject", () => {
  test.each<[unknown, string]>([
    [undefined, "undefined"],
    [new Error("no"), "an object"],
    [7, "a number"],
  ])("refuses %o", (reason, given) => {
    expect(() => reject(reason as never)).toThrow(
      new TypeError(`reject: given ${given}, expected the reason, a text`),
    );
  });
});

describe("what a handler returns", () => {
  test("nothing is an ack, and a verdict is that verdict", () => {
    expect(verdictOf(undefined)).toEqual(ACCEPTED);
    for (const verdict of [ACCEPTED, retry({ after: "1s" }), retry(), reject("no")]) {
      expect(verdictOf(verdict)).toEqual(verdict);
    }
  });

  test.each<[unknown, string]>([
    [null, "null"],
    [true, "a boolean"],
    ["ack", "a string"],
    [{ statusCode: 200 }, "an object"],
    [[], "an array"],
    [["a secret of the payload"], "an array"],
    [{ kind: "done" }, "an object"],
    [{ kind: "rejected" }, "an object"],
    [{ kind: "unclear", reason: "no" }, "an object"],
    [{ kind: "retry", after: "soon" }, "an object"],
    [{ kind: "retry", after: 30 }, "an object"],
    [{ kind: "retry", reason: 5 }, "an object"],
    [retry, "a function"],
    [Symbol("ack"), "a symbol"],
    [1n, "a bigint"],
  ])("%o is no verdict, and no ack, and is told by its type alone", (returned, given) => {
    expect(verdictOf(returned)).toEqual({
      kind: "failed",
      reason: `the handler returned ${given}, ${EXPECTED}`,
    });
  });

  test("whatever it is, it is one verdict, and an ack only when it is nothing or one", () => {
    fc.assert(
      fc.property(anyReturned(), (returned) => {
        const { kind } = verdictOf(returned);
        expect(KINDS).toContain(kind);
        const isAck = returned === undefined || (returned as Verdict | null)?.kind === "accepted";
        expect(kind === "accepted").toBe(isAck);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the outcome of a verdict", () => {
  test.each<[Handled, object]>([
    [ACCEPTED, { kind: "accepted", receipt: "ORDERS/1/2" }],
    [reject("no total"), { kind: "rejected", reason: "no total" }],
    [
      { kind: "failed", reason: "Error: no" },
      { kind: "failed", reason: "Error: no" },
    ],
    [
      { kind: "unclear", reason: "publishing to a: no stream takes a" },
      { kind: "unknown", reason: "publishing to a: no stream takes a" },
    ],
    [retry(), { kind: "postponed", reason: "the handler wants it later" }],
    [
      retry({ after: "1m30s", reason: "busy" }),
      { kind: "postponed", reason: "busy", afterMs: 90_000 },
    ],
    [
      retry({ after: "0" }),
      { kind: "postponed", reason: "the handler wants it later", afterMs: 0 },
    ],
  ])("%o", (verdict, outcome) => {
    expect(outcomeOf(verdict, "ORDERS/1/2")).toStrictEqual(outcome);
  });

  test("is of its kind, whatever was returned, with a reason that a dead letter can carry", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyReturned().map(verdictOf),
          anyThrown().map((error) => thrown(error, ID)),
        ),
        (verdict) => {
          const outcome = outcomeOf(verdict, "id");
          expect(outcome.kind).toBe(OUTCOMES[verdict.kind]);
          const reason = outcome.kind === "accepted" ? "" : outcome.reason;
          expect(reason.length).toBeLessThanOrEqual(1000);
          expect(reason.isWellFormed()).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test.each<[string, (text: string) => Handled]>([
    ["rejected", reject],
    ["unclear", (reason) => ({ kind: "unclear", reason })],
    ["failed", (reason) => ({ kind: "failed", reason })],
    ["thrown", (text) => thrown(new Error(text), ID)],
    ["retry", (reason) => retry({ reason })],
  ])("%s keeps a thousand characters of its reason, and no half of one", (_kind, verdictWith) => {
    for (const text of ["\u{1F980}".repeat(2000), `x${"\u{1F980}".repeat(2000)}`]) {
      const outcome = outcomeOf(verdictWith(text), "id");
      const reason = outcome.kind === "accepted" ? "" : outcome.reason;
      expect(reason).toHaveLength(1000);
      expect(reason.isWellFormed()).toBe(true);
    }
  });
});
