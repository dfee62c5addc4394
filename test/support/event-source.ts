// An event source mapping of Lambda, on a local queue: takes messages, hands them to a function one batch at a time, and
// deletes what the function has not named as failed. What it has named comes again after its visibility timeout.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  DeleteMessageBatchCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { SqsQueue } from "../../node_modules/fauxqs/dist/sqs/sqsStore.js";
import type { Invoked, RunningFunction } from "./runtime-api.ts";
import type { LocalSqs } from "./sqs.ts";

/** A queue in front of a function, with its dead-letter queue. */
export interface EventQueue {
  readonly url: string;
  readonly arn: string;
  readonly deadLetterUrl: string;
  /** `group`: of a FIFO queue. Answers with the message's id. */
  send(
    body: string,
    attributes?: Readonly<Record<string, string>>,
    group?: string,
  ): Promise<string>;
  /** At once, and at most ten at a time; of a group in order. */
  receive(most: number): Promise<readonly Message[]>;
  remove(messages: readonly Message[]): Promise<void>;
}

export interface EventQueueOptions {
  readonly visibilitySeconds: number;
  readonly maxReceiveCount: number;
}

/** A name that ends in `.fifo` makes a FIFO queue, without content-based deduplication. */
export async function eventQueue(
  sqs: LocalSqs,
  name: string,
  { visibilitySeconds, maxReceiveCount }: EventQueueOptions,
): Promise<EventQueue> {
  const isFifo = name.endsWith(".fifo");
  const deadName = isFifo ? name.replace(/\.fifo$/, "-dead.fifo") : `${name}-dead`;
  const deadLetterUrl = await sqs.createQueue(deadName);
  const deadLetterTargetArn = arnOf(deadName);
  const url = await sqs.createQueue(name, {
    VisibilityTimeout: String(visibilitySeconds),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }),
  });
  const client = new SQSClient({
    endpoint: sqs.endpoint,
    useQueueUrlAsEndpoint: false,
    region: REGION,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  return {
    url,
    arn: arnOf(name),
    deadLetterUrl,
    async send(MessageBody, attributes = {}, group = "ring") {
      const command = new SendMessageCommand({
        QueueUrl: url,
        MessageBody,
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes).map(([key, StringValue]) => [
            key,
            { DataType: "String", StringValue },
          ]),
        ),
        ...(isFifo && { MessageGroupId: group, MessageDeduplicationId: randomUUID() }),
      });
      return (await client.send(command)).MessageId as string;
    },
    async receive(MaxNumberOfMessages) {
      const command = new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages,
        MessageAttributeNames: ["All"],
        MessageSystemAttributeNames: ["All"],
      });
      return (await client.send(command)).Messages ?? [];
    },
    async remove(messages) {
      if (messages.length === 0) return;
      const Entries = messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
    },
  };
}

/** One batch, after its invocation. */
interface Delivery {
  readonly records: readonly LambdaRecord[];
  readonly invoked: Invoked;
  /** Ids of those that are not deleted. */
  readonly failed: readonly string[];
}

export interface EventSource extends AsyncDisposable {
  /** Oldest first. */
  readonly deliveries: readonly Delivery[];
  /** The next so many batches are handled and not deleted, as happens when Lambda's own calls are lost. */
  loseDeletions(batches: number): void;
  /** Waits for the invocation under way, and starts no other. */
  stop(): Promise<void>;
}

export interface EventSourceOptions {
  /** At most ten for a FIFO queue. */
  readonly batchSize?: number;
}

/** Between two looks at an empty queue: no long poll, since fauxqs hands messages to pollers that have gone. */
const POLL_MS = 50;

export function startEventSource(
  queue: EventQueue,
  fn: RunningFunction,
  { batchSize = 10 }: EventSourceOptions = {},
): EventSource {
  if (queue.arn.endsWith(".fifo") && batchSize > 10) {
    throw new Error(`batchSize: given ${batchSize}, expected at most 10 for a FIFO queue`);
  }
  const deliveries: Delivery[] = [];
  const stopped = new AbortController();
  let deletionsToLose = 0;

  async function deliver(messages: readonly Message[]): Promise<void> {
    const records = messages.map((message) => recordOf(message, queue.arn));
    const invoked = await fn.invoke({ Records: records });
    const failed = failedOf(
      invoked,
      records.map(({ messageId }) => messageId),
    );
    const isLost = deletionsToLose > 0;
    if (isLost) deletionsToLose -= 1;
    else await removeAll(messages.filter(({ MessageId = "" }) => !failed.includes(MessageId)));
    deliveries.push({ records, invoked, failed });
  }

  async function removeAll(messages: readonly Message[]): Promise<void> {
    for (let at = 0; at < messages.length; at += 10)
      await queue.remove(messages.slice(at, at + 10));
  }

  const polling = (async () => {
    while (!stopped.signal.aborted) {
      const messages = await batchOf(queue, batchSize);
      if (messages.length > 0) await deliver(messages);
      else await sleep(POLL_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })();
  // Whoever stops it is told.
  polling.catch(() => undefined);

  const stop = async (): Promise<void> => {
    stopped.abort();
    await polling;
  };

  return {
    deliveries,
    loseDeletions(batches) {
      deletionsToLose = batches;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function batchOf(queue: EventQueue, size: number): Promise<readonly Message[]> {
  const messages: Message[] = [];
  while (messages.length < size) {
    const more = await queue.receive(Math.min(10, size - messages.length));
    messages.push(...more);
    if (more.length === 0) break;
  }
  return messages;
}

interface LambdaRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<Record<string, LambdaAttribute>>;
  readonly md5OfBody: string;
  readonly md5OfMessageAttributes?: string;
  readonly eventSource: "aws:sqs";
  readonly eventSourceARN: string;
  readonly awsRegion: string;
}

interface LambdaAttribute {
  readonly stringValue?: string;
  /** Base64. */
  readonly binaryValue?: string;
  readonly stringListValues: readonly string[];
  readonly binaryListValues: readonly string[];
  readonly dataType: string;
}

/** "Using Lambda with Amazon SQS", its example of an event. */
function recordOf(message: Message, eventSourceARN: string): LambdaRecord {
  const { Attributes = {}, MD5OfMessageAttributes, MessageAttributes = {} } = message;
  const given = Object.entries(MessageAttributes);
  return {
    messageId: message.MessageId as string,
    receiptHandle: message.ReceiptHandle as string,
    body: message.Body as string,
    attributes: Attributes,
    messageAttributes: Object.fromEntries(given.map(([name, one]) => [name, attributeOf(one)])),
    md5OfBody: message.MD5OfBody as string,
    ...(MD5OfMessageAttributes !== undefined && { md5OfMessageAttributes: MD5OfMessageAttributes }),
    eventSource: "aws:sqs",
    eventSourceARN,
    awsRegion: REGION,
  };
}

function attributeOf(value: MessageAttributeValue): LambdaAttribute {
  const { BinaryValue, DataType = "String", StringValue } = value;
  return {
    ...(StringValue !== undefined && { stringValue: StringValue }),
    ...(BinaryValue && { binaryValue: Buffer.from(BinaryValue).toString("base64") }),
    stringListValues: [],
    binaryListValues: [],
    dataType: DataType,
  };
}

/**
 * What ReportBatchItemFailures makes of an answer: nothing named, all succeeded; a name that is none of the batch's, or an
 * answer that cannot be read, all failed. So they have where nothing was answered.
 */
function failedOf(invoked: Invoked, ids: readonly string[]): readonly string[] {
  if (invoked.kind !== "returned") return ids;
  const { value } = invoked;
  if (value === null || value === undefined) return [];
  if (typeof value !== "object") return ids;
  const failures: unknown = (value as { batchItemFailures?: unknown }).batchItemFailures ?? [];
  if (!Array.isArray(failures)) return ids;
  const named = failures.map((one: { itemIdentifier?: unknown } | null) => one?.itemIdentifier);
  const isKnown = (name: unknown): name is string => ids.includes(name as string);
  return named.every(isKnown) ? named : ids;
}

const REGION = "us-east-1";

function arnOf(name: string): string {
  return `arn:aws:sqs:${REGION}:000000000000:${name}`;
}

// fauxqs gives out one message of a group at a time, and turns the order round of those that come back together. SQS gives
// as many of a group as were asked for, in order, and none while one of them is in flight.
const dequeue: (
  this: SqsQueue,
  ...given: Parameters<SqsQueue["dequeue"]>
) => ReturnType<SqsQueue["dequeue"]> = Reflect.get(SqsQueue.prototype, "dequeue");
SqsQueue.prototype.dequeue = function dequeueInGroups(most, ...more) {
  if (!this.isFifo()) return dequeue.call(this, most, ...more);
  this.processTimers();
  for (const waiting of this.fifoMessages.values()) {
    waiting.sort((a, b) => Number(a.sequenceNumber) - Number(b.sequenceNumber));
  }
  const taken: ReturnType<typeof dequeue> = [];
  const locks = new Map<string, number>();
  while (taken.length < most) {
    const [next] = dequeue.call(this, 1, ...more);
    if (!next) break;
    taken.push(next);
    const group = this.inflightMessages.get(next.ReceiptHandle)?.message.messageGroupId ?? "";
    locks.set(group, (locks.get(group) ?? 0) + 1);
    this.fifoLockedGroups.delete(group);
  }
  for (const [group, count] of locks) this.fifoLockedGroups.set(group, count);
  return taken;
};
