import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ACCEPTED,
  type Handled,
  outcomeOf,
  reject,
  Rejection,
  retry,
  thrown,
  thrownForAll,
  type Verdict,
  verdictOf,
} from "../../../../functions/bridge/sinks/handler/verdict.ts";
import { anyReturned, anyThrown } from "../../../support/handled.ts";

const KINDS = ["accepted", "retry", "rejected", "failed"];
const OUTCOMES = {
  accepted: "accepted",
  retry: "postponed",
  rejected: "rejected",
  failed: "failed",
};
const ID = "ORDERS/1/2";
const EXPECTED = "expected nothing (ack), retry(…) or reject(…)";

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

  test("has nothing but what it was given", () => {
    expect(retry()).toEqual({ kind: "retry" });
    expect(retry({ reason: "busy" })).toEqual({ kind: "retry", reason: "busy" });
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
    [null, "something (object)"],
    [true, "something (boolean)"],
    ["ack", "something (string)"],
    [{ statusCode: 200 }, "something (object)"],
    [[], "an array"],
    [["a secret of the payload"], "an array"],
    [{ kind: "done" }, "something (object)"],
    [{ kind: "rejected" }, "something (object)"],
    [{ kind: "unclear", reason: "no" }, "something (object)"],
    [{ kind: "retry", after: "soon" }, "something (object)"],
    [{ kind: "retry", after: 30 }, "something (object)"],
    [{ kind: "retry", reason: 5 }, "something (object)"],
    [retry, "something (function)"],
    [Symbol("ack"), "something (symbol)"],
    [1n, "something (bigint)"],
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

describe("what a handler throws", () => {
  test.each([
    [new Error("getaddrinfo ENOTFOUND carrier"), " (Error: getaddrinfo ENOTFOUND carrier)"],
    [
      Object.assign(new AggregateError([]), { code: "ECONNREFUSED" }),
      " (AggregateError: ECONNREFUSED)",
    ],
    [new Error(""), ""],
    ["no error", ""],
  ])("has its cause told, where it has one: %s", (cause, told) => {
    const error = new TypeError("fetch failed", { cause });
    expect(thrown(error, ID)).toEqual({ kind: "failed", reason: `TypeError: fetch failed${told}` });
  });

  test("is a failure with its text", () => {
    expect(thrown(new TypeError("no total"), ID)).toEqual({
      kind: "failed",
      reason: "TypeError: no total",
    });
    expect(thrown("boom", ID)).toEqual({ kind: "failed", reason: "boom" });
    expect(thrown(undefined, ID)).toEqual({ kind: "failed", reason: "undefined" });
  });

  test("is a rejection where the bridge itself has thrown it", () => {
    expect(thrown(new Rejection(ID, "not JSON"), ID)).toEqual(reject("not JSON"));
  });

  test("is that rejection, too, where it is the cause of another error", () => {
    const rejection = new Rejection(ID, "not JSON");
    const once = new Error("could not ship", { cause: rejection });
    const twice = new Error("order 7", { cause: once });
    for (const error of [once, twice]) expect(thrown(error, ID)).toEqual(reject("not JSON"));
    const endless = new Error("I");
    endless.cause = endless;
    expect(thrown(endless, ID)).toMatchObject({ kind: "failed" });
  });

  test("is a failure where the rejection is about another message", () => {
    const reason = "Rejection: not JSON";
    expect(thrown(new Rejection("ORDERS/9/9", "not JSON"), ID)).toEqual({ kind: "failed", reason });
  });

  test("is the same rejection with words for the log beside it, which are no part of it", () => {
    const verdict = thrown(new Rejection(ID, "id: received 4711", "1 issues (id)"), ID);
    expect(verdict).toStrictEqual(reject("id: received 4711"));
    expect(JSON.stringify(verdict)).not.toContain("issues");
    expect(outcomeOf(verdict, "ORDERS/1/2")).toStrictEqual({
      kind: "rejected",
      reason: "id: received 4711",
      told: "1 issues (id)",
    });
  });

  test("may have no text at all, and not even a class", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const reason = "the handler threw something without a text";
    expect(thrown(Object.create(null), ID)).toEqual({ kind: "failed", reason });
    expect(thrown(proxy, ID)).toEqual({ kind: "failed", reason });
  });

  test("whatever it is, it is no ack", () => {
    fc.assert(
      fc.property(anyThrown(), (error) => {
        expect(["rejected", "failed"]).toContain(thrown(error, ID).kind);
      }),
    );
  });
});

describe("what a handler of a batch throws", () => {
  const ids = [ID, "ORDERS/2/2", "ORDERS/3/2"];
  const interrupted = {
    kind: "unclear",
    reason: "interrupted: the handler ended with the rejection of ORDERS/2/2",
  };

  test.each<[string, (rejection: Rejection) => unknown]>([
    ["as it is", (rejection) => rejection],
    ["as a cause", (cause) => new Error("could not ship", { cause })],
  ])("rejects the one that it is about, %s, and says nothing about the others", (_how, wrap) => {
    const error = wrap(new Rejection("ORDERS/2/2", "not JSON"));
    expect(thrownForAll(error, ids)).toEqual([interrupted, reject("not JSON"), interrupted]);
  });

  test("is a failure of all where no message of the batch is to blame", () => {
    for (const error of [new Error("boom"), new Rejection("ORDERS/9/9", "boom")]) {
      const kinds = thrownForAll(error, ids).map(({ kind }) => kind);
      expect(kinds).toEqual(["failed", "failed", "failed"]);
    }
  });

  test("whatever it is, it is one verdict for each, and no ack", () => {
    fc.assert(
      fc.property(anyThrown(), (error) => {
        const kinds = thrownForAll(error, ids).map(({ kind }) => kind);
        expect(kinds).toEqual(["failed", "failed", "failed"]);
      }),
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
