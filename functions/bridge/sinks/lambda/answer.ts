/** What a function answers → one outcome for each record: the rules of Lambda's event source mapping for SQS. */
import type { Outcome } from "../../core/outcome.ts";
import type { FunctionRecord } from "./record.ts";

/** The part of Lambda's answer that we read. */
export interface FunctionAnswer {
  /** Set when the function threw, timed out, or ended its process. */
  readonly FunctionError?: string | undefined;
  readonly Payload?: Uint8Array | undefined;
}

/** A dead letter has to carry it beside the message. */
const REASON_CHARACTERS = 1000;

/**
 * `null` or absent answer, `null` or empty `batchItemFailures`: all succeeded. An identifier that is empty, `null` or
 * unknown, or an answer that cannot be read: all failed. "Reporting batch item failures", Lambda Developer Guide.
 */
export function outcomesOf(
  records: readonly FunctionRecord[],
  answer: FunctionAnswer,
): readonly Outcome[] {
  const text = answer.Payload ? new TextDecoder().decode(answer.Payload) : "";
  if (answer.FunctionError)
    return all(records, { kind: "failed", reason: thrown(answer.FunctionError, text) });
  const failed = failedIds(text);
  if (failed === undefined) {
    return all(records, {
      kind: "failed",
      reason: "the function's answer cannot be read as batchItemFailures",
    });
  }
  const known = new Set(records.map(({ id }) => id));
  const stranger = failed.find((id) => !known.has(id));
  if (stranger !== undefined) {
    return all(records, {
      kind: "failed",
      reason: "batchItemFailures names no message of the batch",
    });
  }
  const failedSet = new Set(failed);
  return records.map(({ id }) =>
    failedSet.has(id)
      ? { kind: "failed", reason: "the function names it in batchItemFailures" }
      : { kind: "accepted", receipt: id },
  );
}

function all(records: readonly FunctionRecord[], outcome: Outcome): readonly Outcome[] {
  return records.map(() => outcome);
}

/** Undefined when the answer is none. An identifier that is no text is an empty one. */
function failedIds(text: string): readonly string[] | undefined {
  if (text.trim() === "") return [];
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof answer !== "object" || answer === null) return [];
  const failures: unknown = (answer as { batchItemFailures?: unknown }).batchItemFailures ?? [];
  if (!Array.isArray(failures)) return undefined;
  return failures.map((failure: unknown) => {
    const id = (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier;
    return typeof id === "string" ? id : "";
  });
}

function thrown(functionError: string, text: string): string {
  const { errorMessage, errorType } = errorOf(text);
  const reason = `${errorType ?? functionError}: ${errorMessage ?? "no message"}`;
  return reason.slice(0, REASON_CHARACTERS).toWellFormed();
}

interface ThrownError {
  readonly errorMessage?: string | null;
  readonly errorType?: string | null;
}

function errorOf(text: string): ThrownError {
  try {
    return (JSON.parse(text) as ThrownError | null) ?? {};
  } catch {
    return {};
  }
}
