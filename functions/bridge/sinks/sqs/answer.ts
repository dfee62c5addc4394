/** The answer to a SendMessageBatch → one outcome for each entry, by position. */
import { hash } from "node:crypto";
import type { Outcome } from "../../core/outcome.ts";
import { outcomeOfCode } from "../failed-call.ts";
import { SQS_CODES } from "./codes.ts";
import type { SqsEntry } from "./entry.ts";

/** The part of SQS's answer that we read. Entry ids are positions in the request: "0", "1", … */
export interface SqsAnswer {
  readonly Successful?: readonly SqsSuccess[] | undefined;
  readonly Failed?: readonly SqsFailure[] | undefined;
}

export interface SqsSuccess {
  readonly Id?: string | undefined;
  readonly MessageId?: string | undefined;
  readonly MD5OfMessageBody?: string | undefined;
}

export interface SqsFailure {
  readonly Id?: string | undefined;
  readonly Code?: string | undefined;
  readonly Message?: string | undefined;
  readonly SenderFault?: boolean | undefined;
}

/** Evidence is an entry's own: an id in neither list has failed, and what stands in both is not known. */
export function outcomesOf(entries: readonly SqsEntry[], answer: SqsAnswer): readonly Outcome[] {
  const successes = new Map((answer.Successful ?? []).map((success) => [success.Id, success]));
  const failures = new Map((answer.Failed ?? []).map((failure) => [failure.Id, failure]));
  return entries.map((entry, position) => {
    const id = String(position);
    const success = successes.get(id);
    const failure = failures.get(id);
    if (success && failure)
      return { kind: "unknown", reason: "SQS names the entry as sent and as failed" };
    if (success) return outcomeOfSuccess(entry, success);
    if (failure) return outcomeOfFailure(failure);
    return { kind: "failed", reason: "missing from SQS's answer", maybeTaken: true };
  });
}

/**
 * SQS answers with the MD5 of the body that it stored. Checked here and not by the SDK, which throws the whole answer
 * away when one digest differs.
 */
function outcomeOfSuccess(entry: SqsEntry, success: SqsSuccess): Outcome {
  const stored = success.MD5OfMessageBody;
  if (stored !== undefined && md5 && stored !== md5(entry.body)) {
    return { kind: "unknown", reason: "SQS answers with the MD5 of another body" };
  }
  return { kind: "accepted", receipt: success.MessageId ?? "" };
}

function outcomeOfFailure(failure: SqsFailure): Outcome {
  return outcomeOfCode(failure.Code ?? "no code", failure.Message, SQS_CODES);
}

/** Undefined where MD5 is not to be had (FIPS). */
const md5: ((text: string) => string) | undefined = (() => {
  try {
    hash("md5", "");
    return (text: string) => hash("md5", text);
  } catch {
    return undefined;
  }
})();
