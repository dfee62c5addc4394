import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  Rejection,
  thrown,
  thrownForAll,
} from "../../../../functions/bridge/sinks/handler/thrown.ts";
import { outcomeOf, reject, retry } from "../../../../functions/bridge/sinks/handler/verdict.ts";
import { anyThrown } from "../../../support/handled.ts";

const ID = "ORDERS/1/2";

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

  test("is no verdict where it looks like one, with a hint where it is one of ours", () => {
    const hint =
      "the handler threw what retry(…) or reject(…) gives, expected it returned: return reject(…)";
    for (const verdict of [reject("no"), retry({ after: "1s" })]) {
      expect(thrown(verdict, ID)).toEqual({ kind: "failed", reason: hint });
    }
    const error = Object.assign(new Error("boom"), reject("no"));
    expect(thrown(error, ID)).toEqual({ kind: "failed", reason: "Error: boom" });
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

  test("has its places beside it, for the log: the lines of the stack, and those of its cause", () => {
    const error = new TypeError("two\nlines", { cause: new Error("deeper") });
    const { stack } = outcomeOf(thrown(error, ID), ID) as { readonly stack?: string };
    const lines = stack?.split("\n") ?? [];
    expect(lines[0]).toMatch(/^at .*thrown\.test\.ts:\d+:\d+/);
    expect(lines[lines.indexOf("caused by") + 1]).toMatch(/^at .*thrown\.test\.ts:\d+:\d+/);
    expect(stack).not.toMatch(/two|lines|deeper/);
  });

  test("has no more of its stack logged than there is room for", () => {
    const error = new Error("boom");
    error.stack = `Error: boom\n${"    at anywhere (x.ts)\n".repeat(500)}`;
    const places = (one: Error): string | undefined => {
      const outcome = outcomeOf(thrown(one, ID), ID);
      return outcome.kind === "failed" ? outcome.stack : undefined;
    };
    expect(places(error)?.split("\n")).toEqual(Array(10).fill("at anywhere (x.ts)"));
    error.stack = `    at ${"x".repeat(1000)}`;
    expect(places(error)).toHaveLength(300);
    Object.assign(error, { stack: 7 });
    expect(places(error)).toBeUndefined();
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
