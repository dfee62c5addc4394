/** What a sink can say about a message. */
import type { Ms } from "./ports.ts";

export type Outcome = OutcomeKind & {
  /** Set where a batch took several calls: equal for those that shared one. Evidence comes from one's own call alone. */
  readonly call?: object;
};

type OutcomeKind =
  /** The target has it. `receipt` is the target's own id for it; `duplicate` when the target says it had it before. */
  | { readonly kind: "accepted"; readonly receipt: string; readonly duplicate?: boolean }
  /**
   * Its own entry failed and may succeed later: a retryable or unlisted code, or missing from the answer. Of a missing
   * one the target may know more than it says: `maybeTaken`.
   */
  | {
      readonly kind: "failed";
      readonly reason: string;
      readonly retryAfterMs?: Ms;
      readonly maybeTaken?: boolean;
      /** It had not ended when its time was up. */
      readonly overran?: boolean;
      /** For the log: where in the user's code it happened. */
      readonly stack?: string;
    }
  /** The receiver wants it later, which is no failure. `afterMs` undefined: with a growing delay. */
  | { readonly kind: "postponed"; readonly reason: string; readonly afterMs?: Ms }
  /** Its own entry failed and always will. */
  | {
      readonly kind: "rejected";
      readonly reason: string;
      /** What may be logged, where the reason has parts of the payload. */
      readonly told?: string;
    }
  /** It may or may not have been taken. */
  | { readonly kind: "unknown"; readonly reason: string };

export type Delivery =
  /**
   * One outcome for each entry sent, in the same order. `stop`: some were refused for access or configuration, which is
   * no fault of theirs, and goes on until somebody changes it.
   */
  | { readonly kind: "answered"; readonly outcomes: readonly Outcome[]; readonly stop?: string }
  /**
   * The call as a whole failed, which says nothing about any message. `stop`: access or configuration, retrying is
   * pointless until somebody changes it. `maybeTaken`: the target may have taken the entries all the same.
   */
  | {
      readonly kind: "unavailable";
      readonly reason: string;
      readonly stop: boolean;
      readonly maybeTaken: boolean;
    };
