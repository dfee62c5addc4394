/** From outcomes to verdicts. Pure and total: whatever a sink says, each message gets exactly one verdict. */
import type { Outcome } from "./outcome.ts";
import type { Held, Letter, Ms } from "./ports.ts";
import { type RetryDelay, retryDelayMs } from "./retry-delay.ts";

export type Verdict =
  | { readonly kind: "ack"; readonly held: Held }
  /** Given back, to be delivered again after `delayMs`. */
  | { readonly kind: "retry"; readonly held: Held; readonly delayMs: Ms }
  /** Given back untried, to be delivered again at once. */
  | { readonly kind: "release"; readonly held: Held };

/** What to do with a message now that it was sent. */
export type Decision =
  | { readonly kind: "ack" }
  /** Keep it, and send the same entry again not before `delayMs` from now. */
  | { readonly kind: "keep"; readonly delayMs: Ms }
  | { readonly kind: "retry"; readonly delayMs: Ms }
  /** To the dead letters; becomes an ack once it is stored there. */
  | { readonly kind: "bury"; readonly letter: Letter };

/** What this process knows about earlier tries of a message. The delivery count is not part of it, on purpose. */
export interface History {
  /** How often it was sent, this time included. */
  readonly tries: number;
  /** How often its own entry failed, this time included. */
  readonly failures: number;
  /**
   * How many of those failures speak of the message itself: another entry of the same call was accepted; or, where a
   * call with one message can tell, it was alone while the target did not fail for everybody.
   */
  readonly evidence: number;
}

export interface SettlementPolicy {
  /** The bridge keeps order: a failed message is kept, so that those behind it can wait for it. */
  readonly ordered: boolean;
  /** `hold` keeps a rejected message, and its group, instead of burying it. */
  readonly onRejected: "bury" | "hold";
  /** Own failures before the dead letter; -1 for never. */
  readonly maximumRetryAttempts: number;
  readonly retryDelay: RetryDelay;
  /** A delay up to this is waited out here; a longer one on the server. */
  readonly keepUpToMs: Ms;
}

/** Decides one message. `random` is in [0, 1) and spreads the delays. */
export function decide(
  outcome: Outcome,
  history: History,
  policy: SettlementPolicy,
  random: number,
): Decision {
  switch (outcome.kind) {
    case "accepted":
      return { kind: "ack" };
    case "rejected":
      return rejected(`rejected: ${outcome.reason}`, outcome, history, policy);
    case "failed":
      // With `hold` nothing is given up: what may succeed later is tried until it does.
      if (policy.onRejected === "bury" && hasFailedEnough(history, policy)) {
        const evidence = `failed ${history.failures} times, ${history.evidence} of them while the target accepted others, or alone in its call`;
        return rejected(evidence, outcome, history, policy);
      }
      return later(outcome.retryAfterMs ?? 0, history.failures, policy, random);
    case "postponed":
      return postponed(outcome.afterMs, history, policy, random);
    case "unknown":
      return later(0, history.tries, policy, random);
  }
}

/** Enough evidence, of the kind that counts. */
function hasFailedEnough(history: History, policy: SettlementPolicy): boolean {
  const limit = policy.maximumRetryAttempts;
  return limit >= 0 && history.evidence >= Math.max(1, limit);
}

function rejected(
  evidence: string,
  { reason, told }: { readonly reason: string; readonly told?: string },
  history: History,
  policy: SettlementPolicy,
): Decision {
  if (policy.onRejected === "bury") {
    const { tries } = history;
    return {
      kind: "bury",
      letter: { reason, evidence, tries, ...(told !== undefined && { told }) },
    };
  }
  // Held in its place while order is kept; otherwise out of the way on the server, for as long as allowed.
  if (policy.ordered) return { kind: "keep", delayMs: Number.POSITIVE_INFINITY };
  return { kind: "retry", delayMs: policy.retryDelay.maxMs };
}

/** As long as it was asked for, and not a jitter more: it is somebody's timer. */
function postponed(
  afterMs: Ms | undefined,
  history: History,
  policy: SettlementPolicy,
  random: number,
): Decision {
  if (afterMs === undefined) return later(0, history.tries, policy, random);
  return policy.ordered || afterMs <= policy.keepUpToMs
    ? { kind: "keep", delayMs: afterMs }
    : { kind: "retry", delayMs: afterMs };
}

function later(atLeastMs: Ms, tries: number, policy: SettlementPolicy, random: number): Decision {
  const delayMs = Math.max(atLeastMs, retryDelayMs(tries, policy.retryDelay, random));
  if (policy.ordered || delayMs <= policy.keepUpToMs) return { kind: "keep", delayMs };
  return { kind: "retry", delayMs };
}
