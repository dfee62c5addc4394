/** What a handler can say about a message. */
import { parseDuration } from "../../core/duration.ts";
import type { Outcome } from "../../core/outcome.ts";

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
 * @throws RangeError when `after` is no duration.
 */
export function retry(
  options: { readonly after?: string; readonly reason?: string } = {},
): Verdict {
  const { after, reason } = options;
  if (after !== undefined) delayMsOf(after);
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
 */
export function reject(reason: string): Verdict {
  return { kind: "rejected", reason };
}

/**
 * Thrown within a handler, the message with this id is rejected with its text, and no other. `told`: what may be logged in
 * place of it.
 */
export class Rejection extends Error {
  override readonly name = "Rejection";
  readonly id: string;
  readonly told: string | undefined;

  constructor(id: string, message: string, told?: string) {
    super(message);
    this.id = id;
    this.told = told;
  }
}

/** What a handler has returned, read strictly: a result that was forgotten there must not become an ack. */
export function verdictOf(returned: unknown): Verdict {
  if (returned === undefined) return ACCEPTED;
  if (isVerdict(returned)) return returned;
  // Not the value: it may be of the payload, and reasons are logged.
  const given = Array.isArray(returned) ? "an array" : `something (${typeof returned})`;
  return {
    kind: "failed",
    reason: `the handler returned ${given}, expected nothing (ack), retry(…) or reject(…)`,
  };
}

/** What it means for the message with this id. Anything can be thrown, even what can neither be asked nor written down. */
export function thrown(error: unknown, id: string): Verdict {
  try {
    const rejection = rejectionIn(error);
    if (rejection?.id === id) return rejectedFor(rejection);
    return { kind: "failed", reason: short(`${String(error)}${becauseOf(error)}`) };
  } catch {
    return { kind: "failed", reason: "the handler threw something without a text" };
  }
}

/**
 * What it means for each message of a batch. A rejection is about its own message alone: the others were interrupted, and
 * nothing is known of them.
 */
export function thrownForAll(error: unknown, ids: readonly string[]): readonly Handled[] {
  const rejected = rejectedId(error);
  return ids.map((id) => {
    const isInterrupted = rejected !== undefined && rejected !== id && ids.includes(rejected);
    if (!isInterrupted) return thrown(error, id);
    return {
      kind: "unclear",
      reason: `interrupted: the handler ended with the rejection of ${rejected}`,
    };
  });
}

function rejectedId(error: unknown): string | undefined {
  try {
    return rejectionIn(error)?.id;
  } catch {
    return undefined;
  }
}

/** An error round a rejection makes the payload no better. */
const MOST_CAUSES = 10;

function rejectionIn(error: unknown): Rejection | undefined {
  let cause = error;
  for (let depth = 0; depth < MOST_CAUSES; depth += 1) {
    if (cause instanceof Rejection) return cause;
    if (!(cause instanceof Error)) return undefined;
    ({ cause } = cause);
  }
  return undefined;
}

/** What a call over the network failed for stands in the cause alone: the error itself says `fetch failed`. */
function becauseOf(error: unknown): string {
  if (!(error instanceof Error) || !(error.cause instanceof Error)) return "";
  const { code, message, name } = error.cause as Error & { readonly code?: string };
  const said = message === "" ? (code ?? "") : message;
  return said === "" ? "" : ` (${name}: ${said})`;
}

/** What may be logged stands beside the verdict, and is no part of it. */
const toldOf = new WeakMap<object, string>();

function rejectedFor({ message, told }: Rejection): Verdict {
  const verdict = reject(message);
  if (told !== undefined) toldOf.set(verdict, told);
  return verdict;
}

export function outcomeOf(verdict: Handled, id: string): Outcome {
  switch (verdict.kind) {
    case "unclear":
      return { kind: "unknown", reason: short(verdict.reason) };
    case "accepted":
      return { kind: "accepted", receipt: id };
    case "rejected": {
      const told = toldOf.get(verdict);
      return {
        kind: "rejected",
        reason: short(verdict.reason),
        ...(told !== undefined && { told }),
      };
    }
    case "failed":
      return { kind: "failed", reason: short(verdict.reason) };
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

function isVerdict(value: unknown): value is Verdict {
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

function isTextOrNothing(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}

function isDelay(text: string): boolean {
  const milliseconds = parseDuration(text);
  return milliseconds !== undefined && milliseconds <= LONGEST_AFTER_MS;
}

function delayMsOf(after: string): number {
  if (isDelay(after)) return parseDuration(after) ?? 0;
  const given = JSON.stringify(after);
  throw new RangeError(
    `retry: after: given ${given}, expected a duration up to 7d, like 30s or 10m`,
  );
}

function short(text: string): string {
  return text.slice(0, REASON_CHARACTERS).toWellFormed();
}
