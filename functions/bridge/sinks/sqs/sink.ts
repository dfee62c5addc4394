/** SQS as a target: prepares entries, sends them in batches, says what became of each. */
import type { Delivery, Outcome } from "../../core/outcome.ts";
import type { DeadLetters, Letter, Message, Observe, Rejected, Sink } from "../../core/ports.ts";
import { outcomesOf } from "./answer.ts";
import type { SqsQueue } from "./call.ts";
import { isConfiguration, isNotTaken, isPermanent } from "./codes.ts";
import { sqsEntry, type SqsEntry, type SqsMapping } from "./entry.ts";

/** Most entries of one SendMessageBatch. SQS API Reference. */
export const SQS_BATCH_ENTRIES = 10;

/** Most bytes of one message and of all entries of a batch together. "Amazon SQS message quotas". */
export const SQS_MAX_BYTES = 1_048_576;

export interface SqsSinkOptions {
  readonly queue: SqsQueue;
  readonly mapping: SqsMapping;
  /** Entries of one call, at most 10. */
  readonly batchSize: number;
  /** Calls at once. */
  readonly concurrency: number;
  readonly observe: Observe;
  /** How an answer is read; the simulator plants its bugs here. */
  readonly read?: typeof outcomesOf;
}

/** A target, and a store for dead letters: the same in all but the letter. */
export type SqsSink = Sink<SqsEntry> & DeadLetters<SqsEntry>;

export function sqsSink(options: SqsSinkOptions): SqsSink {
  const { queue, mapping, observe, read = outcomesOf } = options;
  let largest = SQS_MAX_BYTES;
  let toldUnreadable = false;
  const limits = {
    entries: Math.min(options.batchSize, SQS_BATCH_ENTRIES),
    bytes: SQS_MAX_BYTES,
    concurrency: options.concurrency,
  };

  async function deliver(batch: readonly SqsEntry[], signal: AbortSignal): Promise<Delivery> {
    try {
      return judge(read(batch, await queue.send(batch, signal)));
    } catch (error) {
      if (!isPermanent(codeOf(error))) return unavailable(error, queue.url);
      return blame(batch, error, signal);
    }
  }

  /** SQS refuses the whole call for what one entry has: halve it until the culprit is alone. */
  async function blame(
    batch: readonly SqsEntry[],
    error: unknown,
    signal: AbortSignal,
  ): Promise<Delivery> {
    if (batch.length === 1) {
      return { kind: "answered", outcomes: [{ kind: "rejected", reason: reasonOf(error) }] };
    }
    const middle = Math.ceil(batch.length / 2);
    const outcomes: Outcome[] = [];
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      const delivery = await deliver(half, signal);
      if (delivery.kind === "answered") outcomes.push(...delivery.outcomes);
      else
        outcomes.push(...half.map((): Outcome => ({ kind: "unknown", reason: delivery.reason })));
    }
    return { kind: "answered", outcomes };
  }

  return {
    limits,
    async ready(signal) {
      try {
        const attributes = await queue.attributes(signal);
        largest = Math.min(
          Number(attributes["MaximumMessageSize"]) || SQS_MAX_BYTES,
          SQS_MAX_BYTES,
        );
        return undefined;
      } catch (error) {
        if (!codeOf(error).startsWith("AccessDenied")) return unavailable(error, queue.url);
        if (!toldUnreadable)
          observe("queue-not-readable", {
            queue: queue.url,
            reason: reasonOf(error),
            consequence: `its size limit is taken to be ${SQS_MAX_BYTES} bytes`,
            advice: "allow sqs:GetQueueAttributes",
          });
        toldUnreadable = true;
        return undefined;
      }
    },
    prepare(message: Message, letter?: Letter): SqsEntry | Rejected {
      const entry = sqsEntry(message, mapping, letter);
      if ("rejected" in entry || entry.bytes <= largest) return entry;
      return { rejected: `${entry.bytes} bytes with attributes, and the queue takes ${largest}` };
    },
    size: (entry) => entry.bytes,
    deliver,
  };
}

/** Answered, unless all there is are access or configuration faults: then the call as a whole says no. */
function judge(outcomes: readonly Outcome[]): Delivery {
  const reasons = outcomes.map((outcome) => (outcome.kind === "unknown" ? outcome.reason : ""));
  const [first = ""] = reasons;
  if (
    outcomes.length > 0 &&
    reasons.every((reason) => isConfiguration(reason.split(":", 1)[0] ?? ""))
  ) {
    return { kind: "unavailable", reason: first, stop: true, maybeTaken: false };
  }
  return { kind: "answered", outcomes };
}

function unavailable(error: unknown, url: string): Delivery {
  const code = codeOf(error);
  const stop = isConfiguration(code);
  return {
    kind: "unavailable",
    reason: `${url}: ${reasonOf(error)}`,
    stop,
    maybeTaken: !stop && !isNotTaken(code),
  };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return error.name;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  const code = (error as { code?: unknown }).code;
  const detail = [status && `HTTP ${status}`, typeof code === "string" && code].filter(Boolean);
  return `${error.name}: ${error.message}${detail.length > 0 ? ` (${detail.join(", ")})` : ""}`;
}
