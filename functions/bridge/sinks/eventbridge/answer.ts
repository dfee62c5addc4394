/** The answer to a PutEvents → one outcome for each entry. Entries are matched by position: there are no ids. */
import type { Outcome } from "../../core/outcome.ts";
import { outcomeOfCode } from "../failed-call.ts";
import { EVENTBRIDGE_CODES } from "./codes.ts";
import type { EventEntry } from "./entry.ts";

/** The part of EventBridge's answer that we read. */
export interface EventsAnswer {
  readonly Entries?: readonly EventResult[] | undefined;
}

export interface EventResult {
  readonly EventId?: string | undefined;
  readonly ErrorCode?: string | undefined;
  readonly ErrorMessage?: string | undefined;
}

/** An entry without a result of its own, or with one that says nothing, has failed. */
export function outcomesOf(
  entries: readonly EventEntry[],
  answer: EventsAnswer,
): readonly Outcome[] {
  const results = answer.Entries ?? [];
  // With another number of results, none can be told to belong to an entry.
  const isComplete = results.length === entries.length;
  return entries.map((_, position) => {
    const result = isComplete ? results[position] : undefined;
    if (result?.ErrorCode) {
      return outcomeOfCode(result.ErrorCode, result.ErrorMessage, EVENTBRIDGE_CODES);
    }
    if (result?.EventId) return { kind: "accepted", receipt: result.EventId };
    return { kind: "failed", reason: "missing from EventBridge's answer", maybeTaken: true };
  });
}
