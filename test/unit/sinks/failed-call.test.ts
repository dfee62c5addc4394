import { expect, test } from "vitest";
import type { Delivery } from "../../../functions/bridge/core/outcome.ts";
import {
  answered,
  codeOf,
  type Codes,
  deliverOrHalve,
  halves,
  outcomeOfCode,
  reasonOf,
  unavailable,
} from "../../../functions/bridge/sinks/failed-call.ts";
import { awsError } from "../../support/fake-queue.ts";

const codes: Codes = {
  isPermanent: (code) => code === "Malformed",
  isConfiguration: (code) => code === "Denied",
  isNotTaken: (code) => code === "Throttled",
};
const never = (): boolean => false;

function accepted(batch: readonly string[]): Delivery {
  return {
    kind: "answered",
    outcomes: batch.map((receipt) => ({ kind: "accepted", receipt })),
  };
}

test.each([
  ["Malformed", "rejected"],
  ["Denied", "unknown"],
  ["Throttled", "failed"],
  ["NeverHeardOfIt", "failed"],
])("an entry with the code %s is %s", (code, kind) => {
  expect(outcomeOfCode(code, "because", codes)).toEqual({ kind, reason: `${code}: because` });
  expect(outcomeOfCode(code, undefined, codes)).toEqual({ kind, reason: code });
});

test.each([
  ["Denied", true, false],
  ["Throttled", false, false],
  ["Malformed", false, true],
  ["NeverHeardOfIt", false, true],
])("a call that failed with %s: stop %s, may have been taken %s", (code, stop, maybeTaken) => {
  expect(unavailable(awsError(code, "no"), "target", codes)).toEqual({
    kind: "unavailable",
    reason: `target: ${code}: no`,
    stop,
    maybeTaken,
  });
});

test("only an entry that is unknown for want of access stops the bridge", () => {
  const lost = { kind: "unknown", reason: "no answer" } as const;
  const denied = { kind: "unknown", reason: "Denied: no" } as const;
  const named = { kind: "failed", reason: "Denied: in other words" } as const;
  expect(answered([lost, named], codes)).toEqual({ kind: "answered", outcomes: [lost, named] });
  expect(answered([lost, denied], codes)).toEqual({
    kind: "answered",
    outcomes: [lost, denied],
    stop: "Denied: no",
  });
});

test("what was thrown and is no error has no code, and a reason all the same", () => {
  expect(codeOf("boom")).toBe("");
  expect(reasonOf("boom")).toBe("boom");
});

test("the reason of an error tells status and code, where there are any", () => {
  const error = awsError("E", "m", { $metadata: { httpStatusCode: 500 }, code: "EPIPE" });
  expect(reasonOf(error)).toBe("E: m (HTTP 500, EPIPE)");
  expect(reasonOf(awsError("E", "m", { $metadata: {}, code: 7 }))).toBe("E: m");
});

test("each outcome knows those that shared its call, and only those", async () => {
  const send = async (batch: readonly string[]): Promise<Delivery> => {
    if (batch.includes("bad")) throw awsError("Malformed");
    if (batch.includes("a")) return accepted(batch);
    return { kind: "answered", outcomes: batch.map(() => ({ kind: "failed", reason: "busy" })) };
  };
  const sending = { send, target: "t", codes, isOver: never };
  const delivery = await deliverOrHalve(["a", "bad", "c", "d"], sending);
  expect(delivery).toMatchObject({
    outcomes: [
      { kind: "accepted" },
      { kind: "rejected" },
      { kind: "failed", reason: "busy" },
      { kind: "failed", reason: "busy" },
    ],
  });
  const [a, bad, c, d] = (delivery as Delivery & { kind: "answered" }).outcomes;
  expect(new Set([a?.call, bad?.call, c?.call]).size).toBe(3);
  expect(c?.call).toBe(d?.call);
});

test("halves are sent one after the other, the larger first, and answered in order", async () => {
  const sent: (readonly string[])[] = [];
  const delivery = await halves(["a", "b", "c"], never, async (half) => {
    sent.push(half);
    return accepted(half);
  });
  expect(sent).toEqual([["a", "b"], ["c"]]);
  expect(delivery).toMatchObject(accepted(["a", "b", "c"]));
});

test("a half for which it is too late is not sent, and unknown", async () => {
  let asked = 0;
  const isOver = (): boolean => (asked += 1) > 1;
  const delivery = await halves(["a", "b"], isOver, async (half) => accepted(half));
  expect(delivery).toMatchObject({
    kind: "answered",
    outcomes: [
      { kind: "accepted", receipt: "a" },
      { kind: "unknown", reason: "not sent: out of time" },
    ],
  });
});

test("a half that stops the bridge stops it for the whole", async () => {
  const delivery = await halves(["a", "b"], never, async (half) =>
    half.includes("b") ? unavailable(awsError("Denied", "no"), "t", codes) : accepted(half),
  );
  expect(delivery).toMatchObject({
    outcomes: [{ kind: "accepted" }, { kind: "unknown" }],
    stop: "t: Denied: no",
  });
});
