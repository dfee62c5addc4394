/**
 * The one narrow seam to SQS: entries in, answer out, or an error. Behind it is the SDK's client; a leaner one can take
 * its place without anything else noticing.
 */
import {
  GetQueueAttributesCommand,
  type MessageAttributeValue,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { clientSettings } from "../client-settings.ts";
import type { SqsAnswer } from "./answer.ts";
import type { SqsEntry } from "./entry.ts";

export interface SqsQueue {
  readonly url: string;
  send(entries: readonly SqsEntry[], signal: AbortSignal): Promise<SqsAnswer>;
  /** Attributes of the queue by name. */
  attributes(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
}

export interface SqsQueueOptions {
  readonly url: string;
  /** Overall time of one call, milliseconds. */
  readonly timeoutMs: number;
  /** Calls at once. */
  readonly concurrency: number;
  /** `AWS_ENDPOINT_URL_SQS` or `AWS_ENDPOINT_URL` is set: the queue's URL must not replace it. */
  readonly hasOwnEndpoint: boolean;
}

export function sqsQueue(options: SqsQueueOptions): SqsQueue {
  const { url } = options;
  const client = new SQSClient({
    ...clientSettings(regionOf(url), options),
    ...(options.hasOwnEndpoint && { useQueueUrlAsEndpoint: false }),
    // Checked per entry in answer.ts.
    md5: false,
  });
  return {
    url,
    async send(entries, signal) {
      const command = new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: entries.map(requestEntry),
      });
      return client.send(command, { abortSignal: signal });
    },
    async attributes(signal) {
      const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] });
      return (await client.send(command, { abortSignal: signal })).Attributes ?? {};
    },
  };
}

function requestEntry(entry: SqsEntry, position: number): SendMessageBatchRequestEntry {
  const attributes: Record<string, MessageAttributeValue> = {};
  for (const [name, value] of entry.attributes) {
    attributes[name] = { DataType: "String", StringValue: value };
  }
  return {
    Id: String(position),
    MessageBody: entry.body,
    MessageAttributes: attributes,
    ...(entry.group !== undefined && { MessageGroupId: entry.group }),
    ...(entry.deduplication !== undefined && { MessageDeduplicationId: entry.deduplication }),
    ...(entry.trace !== undefined && {
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: entry.trace } },
    }),
  };
}

/** The region that stands in a queue's URL, or undefined: then the SDK looks for one as it always does. */
export function regionOf(url: string): string | undefined {
  const host = new URL(url).hostname;
  if (host === "queue.amazonaws.com") return "us-east-1";
  return /^(?:vpce-[a-z0-9-]+\.)?(?:sqs(?:-fips)?\.)?([a-z]{2,}(?:-[a-z]+)+-\d+)\./.exec(host)?.[1];
}
