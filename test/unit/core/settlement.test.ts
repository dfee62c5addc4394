import { expect, test } from "vitest";
import type { Outcome } from "../../../functions/bridge/core/outcome.ts";
import {
  decide,
  type History,
  type SettlementPolicy,
} from "../../../functions/bridge/core/settlement.ts";

const policy: SettlementPolicy = {
  ordered: false,
  onRejected: "bury",
  maximumRetryAttempts: 5,
  retryDelay: { minMs: 1000, maxMs: 120_000 },
  keepUpToMs: 5000,
};
const ordered: SettlementPolicy = { ...policy, ordered: true };
const first: History = { tries: 1, failures: 1, evidence: 1 };
const failed: Outcome = { kind: "failed", reason: "InternalError" };
const rejected: Outcome = { kind: "rejected", reason: "InvalidMessageContents" };
const unknown: Outcome = { kind: "unknown", reason: "another MD5" };

test("an accepted message is acked", () => {
  expect(decide({ kind: "accepted", receipt: "id" }, first, policy, 0)).toEqual({ kind: "ack" });
});

test("a message that the target calls a duplicate is acked as well", () => {
  const outcome: Outcome = { kind: "accepted", receipt: "id", duplicate: true };
  expect(decide(outcome, first, policy, 0)).toEqual({ kind: "ack" });
});

test("a rejected message is buried with its reason and its tries", () => {
  expect(decide(rejected, { tries: 3, failures: 2, evidence: 0 }, policy, 0)).toEqual({
    kind: "bury",
    letter: {
      reason: "InvalidMessageContents",
      evidence: "rejected: InvalidMessageContents",
      tries: 3,
    },
  });
});

test("the letter of a rejected message has what may be logged in its place, where the outcome has", () => {
  const outcome: Outcome = { kind: "rejected", reason: "id: received 4711", told: "1 issues (id)" };
  expect(decide(outcome, first, policy, 0)).toStrictEqual({
    kind: "bury",
    letter: {
      reason: "id: received 4711",
      told: "1 issues (id)",
      evidence: "rejected: id: received 4711",
      tries: 1,
    },
  });
  const decision = decide(rejected, first, policy, 0);
  expect(decision.kind === "bury" && Object.keys(decision.letter)).not.toContain("told");
});

test("a failed message waits here while its delay is short", () => {
  expect(decide(failed, first, policy, 0)).toEqual({ kind: "keep", delayMs: 1000 });
});

test("a failed message waits on the server once its delay is long", () => {
  const history = { tries: 6, failures: 6, evidence: 0 };
  expect(decide(failed, history, policy, 0)).toEqual({ kind: "retry", delayMs: 16_000 });
});

test("a failed message of an ordered bridge waits here however long its delay is", () => {
  const history = { tries: 30, failures: 30, evidence: 0 };
  expect(decide(failed, history, ordered, 0)).toEqual({ kind: "keep", delayMs: 60_000 });
});

test("a failed message waits at least as long as the target asked for", () => {
  const outcome: Outcome = { kind: "failed", reason: "busy", retryAfterMs: 300_000 };
  expect(decide(outcome, first, policy, 0)).toEqual({ kind: "retry", delayMs: 300_000 });
});

test("a failed message is buried with the fifth failure that speaks of itself", () => {
  const history: History = { tries: 9, failures: 7, evidence: 5 };
  expect(decide(failed, history, policy, 0)).toEqual({
    kind: "bury",
    letter: {
      reason: "InternalError",
      evidence: "failed 7 times, 5 of them while the target accepted others, or alone in its call",
      tries: 9,
    },
  });
  expect(decide(failed, { ...history, evidence: 4 }, policy, 0).kind).toBe("retry");
});

test("with no retries allowed a failed message is buried only for a failure of its own", () => {
  const none: SettlementPolicy = { ...policy, maximumRetryAttempts: 0 };
  expect(decide(failed, { tries: 9, failures: 9, evidence: 0 }, none, 0).kind).toBe("retry");
  expect(decide(failed, { tries: 1, failures: 1, evidence: 1 }, none, 0).kind).toBe("bury");
});

test("with retries without end a failed message is never buried", () => {
  const endless: SettlementPolicy = { ...policy, maximumRetryAttempts: -1 };
  const history: History = { tries: 1000, failures: 1000, evidence: 1000 };
  expect(decide(failed, history, endless, 0).kind).toBe("retry");
});

test("a message of which nothing is known is sent again, whatever happened before", () => {
  const history: History = { tries: 1000, failures: 999, evidence: 999 };
  expect(decide(unknown, history, ordered, 0)).toEqual({ kind: "keep", delayMs: 60_000 });
  expect(decide(unknown, history, policy, 0)).toEqual({ kind: "retry", delayMs: 60_000 });
});

test("on hold a rejected message keeps its place in an ordered bridge", () => {
  const hold: SettlementPolicy = { ...ordered, onRejected: "hold" };
  const forever = { kind: "keep", delayMs: Number.POSITIVE_INFINITY };
  expect(decide(rejected, first, hold, 0)).toEqual(forever);
});

test("on hold a message that may succeed later is tried until it does", () => {
  const hold: SettlementPolicy = { ...ordered, onRejected: "hold" };
  const history: History = { tries: 50, failures: 50, evidence: 50 };
  expect(decide(failed, history, hold, 0)).toEqual({ kind: "keep", delayMs: 60_000 });
});

test("on hold a rejected message goes out of the way where there is no order", () => {
  const hold: SettlementPolicy = { ...policy, onRejected: "hold" };
  expect(decide(rejected, first, hold, 0)).toEqual({ kind: "retry", delayMs: 120_000 });
});
