/** What a handler can say about a message. */
import { parseDuration } from "../../core/duration.ts";
import type { Outcome } from "../../core/outcome.ts";
import { isObject, kindOf, unknownFaults } from "./checks.ts";

export type Verdict =
  /** It is done with: acknowledged. What a handler that returns nothing says. */
  | { readonly kind: "accepted" }
  /** It is to be handled again, after so long (`30s`, `10m`); without `after`, after a delay that grows with each try. */
  | { readonly kind: "retry"; readonly after?: string; readonly reason?: string }
  /** It will never be handled: it goes to the dead letters with this reason. */
  | { readonly kind: "rejected"; readonly reason: string }
  /** The handler threw: it is handled again, after a delay that grows; in the end it goes to the dead letters. */
  | { readonly kind: "failed"; readonly reason: string };

/** The same, or nobody knows, and that is not its fault: what has to be stored for it is not, or it was interrupted. */
export type Handled = Verdict | { readonly kind: "unclear"; readonly reason: string };

export const ACCEPTED: Verdict = { kind: "accepted" };

/** A delay that somebody asks for is a timer, and no longer one than this. */
const LONGEST_AFTER_MS = 7 * 86_400_000;

/** A dead letter has to carry it beside the message. */
const REASON_CHARACTERS = 1000;

/**
 * Handle the message again later. That is no failure, and never leads to the dead letters; `MAXIMUM_RECORD_AGE` bounds it.
 *
 * @param options.after how long from now, as NATS writes durations: `500ms`, `30s`, `10m`, `24h`; at most `7d`. Default:
 * a delay that grows with each try, from `RETRY_DELAY_MIN` to `RETRY_DELAY_MAX`. While it lasts the message occupies one
 * place of max ack pending. Where order is kept, its group waits for it, at most until the end of the run.
 * @param options.reason for the log.
 * @throws TypeError when it is given anything else, RangeError when `after` is no duration: thrown in a handler, its message
 * has failed.
 */
export function retry(
  options: { readonly after?: string; readonly reason?: string } = {},
): Verdict {
  checkRetry(options);
  const { after, reason } = options;
  return {
    kind: "retry",
    ...(after !== undefined && { after }),
    ...(reason !== undefined && { reason }),
  };
}

/**
 * This message will never be handled: it goes to the dead letters, with the reason, and is acknowledged when it is stored
 * there. Without dead letters the bridge stops as `blocked`.
 *
 * @param reason at most 1,000 characters of it are kept.
 * @throws TypeError when it is no text.
 */
export function reject(reason: string): Verdict {
  if (typeof (reason as unknown) !== "string") {
    throw new TypeError(`reject: given ${kindOf(reason)}, expected the reason, a text`);
  }
  return { kind: "rejected", reason };
}

/** What a handler has returned, read strictly: a result that was forgotten there must not become an ack. */
export function verdictOf(returned: unknown): Verdict {
  if (returned === undefined) return ACCEPTED;
  if (isVerdict(returned)) return returned;
  // Not the value: it may be of the payload, and reasons are logged.
  return {
    kind: "failed",
    reason: `the handler returned ${kindOf(returned)}, expected nothing (undefined: an ack), retry(…) or reject(…)`,
  };
}

/** What is for the log. */
interface ForLog {
  /** In place of the reason. */
  readonly told?: string | undefined;
  readonly stack?: string | undefined;
}

/** It stands beside the verdict, and is no part of it. */
const forLogOf = new WeakMap<object, ForLog>();

export function withLog(verdict: Verdict, forLog: ForLog): Verdict {
  forLogOf.set(verdict, forLog);
  return verdict;
}

export function outcomeOf(verdict: Handled, id: string): Outcome {
  switch (verdict.kind) {
    case "unclear":
      return { kind: "unknown", reason: short(verdict.reason) };
    case "accepted":
      return { kind: "accepted", receipt: id };
    case "rejected": {
      const { told } = forLogOf.get(verdict) ?? {};
      return {
        kind: "rejected",
        reason: short(verdict.reason),
        ...(told !== undefined && { told }),
      };
    }
    case "failed": {
      const { stack } = forLogOf.get(verdict) ?? {};
      return {
        kind: "failed",
        reason: short(verdict.reason),
        ...(stack !== undefined && { stack }),
      };
    }
    case "retry": {
      const { after, reason = "the handler wants it later" } = verdict;
      const afterMs = after === undefined ? undefined : delayMsOf(after);
      return {
        kind: "postponed",
        reason: short(reason),
        ...(afterMs !== undefined && { afterMs }),
      };
    }
  }
}

export function isVerdict(value: unknown): value is Verdict {
  if (typeof value !== "object" || value === null) return false;
  const { kind, reason, after } = value as Record<string, unknown>;
  switch (kind) {
    case "accepted":
      return true;
    case "rejected":
    case "failed":
      return typeof reason === "string";
    case "retry":
      return isTextOrNothing(reason) && isTextOrNothing(after) && isDelay(after ?? "0");
    default:
      return false;
  }
}

function checkRetry(options: unknown): void {
  if (!isObject(options)) {
    throw new TypeError(
      `retry: given ${kindOf(options)}, expected an object, like { after: "30s" }`,
    );
  }
  const [fault] = unknownFaults(options, ["after", "reason"]);
  if (fault !== undefined) throw new TypeError(`retry: ${fault}`);
  const { after, reason } = options;
  if (after !== undefined) delayMsOf(after);
  if (isTextOrNothing(reason)) return;
  throw new TypeError(`retry: reason: given ${kindOf(reason)}, expected a text`);
}

function isTextOrNothing(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}

function isDelay(text: string): boolean {
  const milliseconds = parseDuration(text);
  return milliseconds !== undefined && milliseconds <= LONGEST_AFTER_MS;
}

function delayMsOf(after: unknown): number {
  if (typeof after === "string" && isDelay(after)) return parseDuration(after) ?? 0;
  const given = typeof after === "string" ? JSON.stringify(after) : kindOf(after);
  throw new RangeError(
    `retry: after: given ${given}, expected a duration up to 7d, like 30s or 10m`,
  );
}

export function short(text: string): string {
  return text.slice(0, REASON_CHARACTERS).toWellFormed();
}
