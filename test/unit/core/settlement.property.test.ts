// Laws 1, 2 and 3, for every outcome, history and policy there can be.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Outcome } from "../../../functions/bridge/core/outcome.ts";
import {
  decide,
  type Decision,
  type History,
  type SettlementPolicy,
} from "../../../functions/bridge/core/settlement.ts";

const reason = fc.string();
const accepted = fc.record(
  { kind: fc.constant("accepted" as const), receipt: fc.string(), duplicate: fc.boolean() },
  { requiredKeys: ["kind", "receipt"] },
);
const failed = fc.record(
  { kind: fc.constant("failed" as const), reason, retryAfterMs: fc.nat(600_000) },
  { requiredKeys: ["kind", "reason"] },
);
const rejected = fc.record({ kind: fc.constant("rejected" as const), reason });
const unknown = fc.record({ kind: fc.constant("unknown" as const), reason });
const anyOutcome: fc.Arbitrary<Outcome> = fc.oneof(accepted, failed, rejected, unknown);

const anyHistory: fc.Arbitrary<History> = fc
  .tuple(fc.nat(12), fc.nat(12), fc.nat(12))
  .map(([evidence, others, unanswered]) => {
    const failures = evidence + others;
    return { evidence, failures, tries: Math.max(1, failures + unanswered) };
  });

const anyPolicy: fc.Arbitrary<SettlementPolicy> = fc.record({
  ordered: fc.boolean(),
  onRejected: fc.constantFrom("bury", "hold"),
  maximumRetryAttempts: fc.integer({ min: -1, max: 10 }),
  retryDelay: fc
    .tuple(fc.integer({ min: 1, max: 10_000 }), fc.nat(600_000))
    .map(([minMs, more]) => ({ minMs, maxMs: minMs + more })),
  keepUpToMs: fc.nat(20_000),
});

const anyChance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** What shows that a failure is the message's own fault. */
function hasEvidence({ evidence }: History, { maximumRetryAttempts }: SettlementPolicy): boolean {
  return maximumRetryAttempts >= 0 && evidence >= 1 && evidence >= maximumRetryAttempts;
}

type Law = (
  decision: Decision,
  policy: SettlementPolicy,
  history: History,
  outcome: Outcome,
) => void;

function always(outcomes: fc.Arbitrary<Outcome>, law: Law): void {
  fc.assert(
    fc.property(outcomes, anyHistory, anyPolicy, anyChance, (outcome, history, policy, random) => {
      law(decide(outcome, history, policy, random), policy, history, outcome);
    }),
    { numRuns: 1000 },
  );
}

test("every message gets exactly one decision, the same each time", () => {
  fc.assert(
    fc.property(anyOutcome, anyHistory, anyPolicy, anyChance, (...given) => {
      const decision = decide(...given);
      expect(["ack", "keep", "retry", "bury"]).toContain(decision.kind);
      expect(decide(...given)).toEqual(decision);
    }),
  );
});

test("only what was accepted is acked, and it always is", () => {
  always(anyOutcome, (decision, _policy, _history, outcome) => {
    expect(decision.kind === "ack").toBe(outcome.kind === "accepted");
  });
});

test("a failed message is buried only with as much evidence as asked for", () => {
  always(failed, (decision, { maximumRetryAttempts, onRejected }, { evidence }) => {
    const enough = maximumRetryAttempts >= 0 && evidence >= 1 && evidence >= maximumRetryAttempts;
    expect(decision.kind === "bury").toBe(enough && onRejected === "bury");
  });
});

test("a failure without evidence never buries", () => {
  fc.assert(
    fc.property(failed, anyHistory, anyPolicy, anyChance, (outcome, history, policy, random) => {
      const innocent = { ...history, evidence: 0 };
      expect(decide(outcome, innocent, policy, random).kind).not.toBe("bury");
    }),
  );
});

test("what is not known never buries", () => {
  always(unknown, (decision) => expect(["keep", "retry"]).toContain(decision.kind));
});

test("on hold nothing is buried, and an ordered bridge gives nothing back", () => {
  always(anyOutcome, (decision, policy) => {
    expect(policy.onRejected === "hold" && decision.kind === "bury").toBe(false);
    expect(policy.ordered && decision.kind === "retry").toBe(false);
  });
});

test("every delay lies between what the policy allows, unless the target asked for a longer one", () => {
  always(fc.oneof(failed, unknown), (decision, policy, history, outcome) => {
    if (decision.kind !== "keep" && decision.kind !== "retry") return;
    if (outcome.kind === "failed" && hasEvidence(history, policy)) return;
    const asked = outcome.kind === "failed" ? (outcome.retryAfterMs ?? 0) : 0;
    const { minMs, maxMs } = policy.retryDelay;
    expect(decision.delayMs).toBeGreaterThanOrEqual(Math.max(minMs, asked));
    expect(decision.delayMs).toBeLessThanOrEqual(Math.max(maxMs, asked));
  });
});

test("what is held waits for ever in an ordered bridge, and as long as allowed in others", () => {
  always(rejected, (decision, policy) => {
    if (policy.onRejected === "bury") return;
    expect(decision).toEqual(
      policy.ordered
        ? { kind: "keep", delayMs: Number.POSITIVE_INFINITY }
        : { kind: "retry", delayMs: policy.retryDelay.maxMs },
    );
  });
});

test("on hold nothing is given up that may succeed later", () => {
  always(failed, (decision, policy) => {
    if (policy.onRejected === "bury") return;
    const { delayMs } = decision as { readonly delayMs: number };
    expect(delayMs).toBeLessThan(Number.POSITIVE_INFINITY);
  });
});

test("a letter says why, and how often the message was sent", () => {
  always(anyOutcome, (decision, _policy, history, outcome) => {
    if (decision.kind !== "bury" || outcome.kind === "accepted") return;
    expect(decision.letter.reason).toBe(outcome.reason);
    expect(decision.letter.tries).toBe(history.tries);
    expect(decision.letter.evidence).not.toBe("");
  });
});
