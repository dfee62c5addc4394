/** SQS as a target: prepares entries, sends them in batches, says what became of each. */
import type { Delivery } from "../../core/outcome.ts";
import type { DeadLetters, Letter, Message, Observe, Rejected, Sink } from "../../core/ports.ts";
import { answered, deliverOrHalve } from "../failed-call.ts";
import { readiness } from "../ready.ts";
import { outcomesOf } from "./answer.ts";
import type { SqsQueue } from "./call.ts";
import { SQS_CODES } from "./codes.ts";
import { sqsEntry, type SqsEntry, type SqsMapping } from "./entry.ts";

/** Most entries of one SendMessageBatch. SQS API Reference. */
export const SQS_BATCH_ENTRIES = 10;

/** Most bytes of one message and of all entries of a batch together. "Amazon SQS message quotas". */
const SQS_MAX_BYTES = 1_048_576;

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
  const limits = {
    entries: Math.min(options.batchSize, SQS_BATCH_ENTRIES),
    bytes: SQS_MAX_BYTES,
    concurrency: options.concurrency,
  };

  return {
    limits,
    ready: readiness({
      async ask(signal) {
        const { MaximumMessageSize } = await queue.attributes(signal);
        largest = Math.min(Number(MaximumMessageSize) || SQS_MAX_BYTES, SQS_MAX_BYTES);
      },
      target: queue.url,
      codes: SQS_CODES,
      notReadable: (reason) =>
        observe("queue-not-readable", {
          queue: queue.url,
          reason,
          consequence: `its size limit is taken to be ${SQS_MAX_BYTES} bytes`,
          advice: "allow sqs:GetQueueAttributes",
        }),
    }),
    prepare(message: Message, letter?: Letter): SqsEntry | Rejected {
      const entry = sqsEntry(message, mapping, letter);
      if ("rejected" in entry || entry.bytes <= largest) return entry;
      return { rejected: `${entry.bytes} bytes with attributes, and the queue takes ${largest}` };
    },
    size: (entry) => entry.bytes,
    deliver(batch, signal, isOver = () => signal.aborted) {
      const send = async (entries: readonly SqsEntry[]): Promise<Delivery> =>
        answered(read(entries, await queue.send(entries, signal)), SQS_CODES);
      return deliverOrHalve(batch, { send, target: queue.url, codes: SQS_CODES, isOver });
    },
  };
}
