/** An SQS queue, as a target or for dead letters: there, large enough, and open to this role as far as SQS tells. */
import { reasonOf } from "../sinks/failed-call.ts";
import type { SqsQueue } from "../sinks/sqs/call.ts";
import type { Passed } from "./checklist.ts";
import { type Asking, askPatiently, isAccessDenied } from "./patience.ts";

export interface FoundQueue {
  /** Bytes; undefined where the queue may not be looked at. */
  readonly largest: number | undefined;
}

/** Throws when it is missing, or may not be sent to. `setting` names it. */
export async function checkQueue(
  queue: SqsQueue,
  setting: string,
  asking: Asking & { readonly check: { warn(text: string): void } },
): Promise<Passed<FoundQueue>> {
  await checkSending(queue, setting, asking);
  try {
    const attributes = await askPatiently((signal) => queue.attributes(signal), asking);
    const largest = Number(attributes["MaximumMessageSize"]) || undefined;
    return { value: { largest }, text: describe(queue.url, attributes) };
  } catch (error) {
    if (!isAccessDenied(error)) throw failed(queue, setting, error);
    asking.check.warn(
      `${queue.url} may not be looked at (${reasonOf(error)}): allow sqs:GetQueueAttributes to have its size limit known`,
    );
    return { value: { largest: undefined }, text: `${queue.url} may not be looked at` };
  }
}

/** A batch without entries: no queue takes it, and whoever may not send is told so instead. */
async function checkSending(queue: SqsQueue, setting: string, asking: Asking): Promise<void> {
  try {
    await askPatiently((signal) => queue.send([], signal), asking);
  } catch (error) {
    if (isAccessDenied(error)) throw failed(queue, setting, error, "allow sqs:SendMessage");
  }
}

function failed(queue: SqsQueue, setting: string, error: unknown, advice?: string): Error {
  const where = advice ?? `look at ${setting}, and at the region in it`;
  return new Error(`${queue.url} cannot be used: ${reasonOf(error)}; ${where}`, { cause: error });
}

function describe(url: string, attributes: Readonly<Record<string, string>>): string {
  const key = attributes["KmsMasterKeyId"];
  const kind = attributes["FifoQueue"] === "true" ? "FIFO queue" : "standard queue";
  const encrypted =
    key === undefined
      ? ""
      : `, encrypted with ${key}: whether this role may use the key shows with the first message`;
  return `${url} is a ${kind} for messages up to ${attributes["MaximumMessageSize"]} bytes${encrypted}`;
}
