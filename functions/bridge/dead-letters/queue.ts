/** Dead letters in an SQS queue: the same entry as a target's, and three attributes that say why it is here. */
import type { DeadLetters, Observe } from "../core/ports.ts";
import { parseTemplate } from "../map/template.ts";
import type { SqsQueue } from "../sinks/sqs/call.ts";
import type { SqsEntry } from "../sinks/sqs/entry.ts";
import { SQS_BATCH_ENTRIES, sqsSink } from "../sinks/sqs/sink.ts";

export function deadLetterQueue(
  queue: SqsQueue,
  origin: string,
  observe: Observe,
): DeadLetters<SqsEntry> {
  const fifo = { group: parseTemplate("{subject}"), deduplicationId: "message-id" } as const;
  const mapping = { origin, ...(queue.url.endsWith(".fifo") && { fifo }) };
  return sqsSink({ queue, mapping, batchSize: SQS_BATCH_ENTRIES, concurrency: 1, observe });
}
