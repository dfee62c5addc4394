// A local SQS on loopback, in this process: queues, and what has arrived in them.
import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { buildApp } from "fauxqs";

export interface Received {
  readonly id: string;
  readonly body: string;
  /** Name → value, of message attributes. */
  readonly attributes: Readonly<Record<string, string>>;
  /** FIFO only, as are the next two. */
  readonly group: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly sequenceNumber: string | undefined;
  /** As SQS gave it: what a reader of messages takes. */
  readonly raw: SqsMessage;
}

export interface SqsMessage {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue?: string }>>;
}

interface ReceiveOptions {
  /** Waits until so many have arrived; without it, takes what is there. */
  readonly expected?: number;
  /** Then it answers with what it has got. */
  readonly timeoutMs?: number;
}

export interface LocalSqs extends AsyncDisposable {
  readonly endpoint: string;
  /** What a client needs to find it. */
  readonly environment: Readonly<Record<string, string>>;
  /** A name that ends in `.fifo` makes a FIFO queue. Answers with its URL. */
  createQueue(name: string, attributes?: Readonly<Record<string, string>>): Promise<string>;
  /** With a group where it is a FIFO queue. */
  send(queueUrl: string, body: string, group?: string): Promise<void>;
  /** Takes all messages out of a queue. Of each group in order; of a standard queue as they come. */
  receiveAll(queueUrl: string, options?: ReceiveOptions): Promise<readonly Received[]>;
  /** Messages in a queue, those in flight included. */
  count(queueUrl: string): Promise<number>;
  stop(): Promise<void>;
}

/** Receivers side by side. */
const RECEIVERS = 8;

export async function startSqs(): Promise<LocalSqs> {
  const app = buildApp({ logger: false });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const endpoint = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return sqsAt(endpoint, async () => {
    app.server.closeAllConnections();
    await app.close();
  });
}

/** One that runs already; `stop` ends it. */
export function sqsAt(endpoint: string, stop: () => Promise<void>): LocalSqs {
  const call: Call = (action, body) => request(endpoint, action, body);
  return {
    endpoint,
    environment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: "us-east-1",
    },
    async createQueue(name, attributes = {}) {
      const Attributes = { ...(name.endsWith(".fifo") && { FifoQueue: "true" }), ...attributes };
      const { QueueUrl } = (await call("CreateQueue", { QueueName: name, Attributes })) as {
        QueueUrl: string;
      };
      return QueueUrl;
    },
    async send(QueueUrl, MessageBody, MessageGroupId) {
      const MessageDeduplicationId = randomUUID();
      const group = MessageGroupId === undefined ? {} : { MessageGroupId, MessageDeduplicationId };
      await call("SendMessage", { QueueUrl, MessageBody, ...group });
    },
    receiveAll: (queueUrl, options = {}) => receiveAll(call, queueUrl, options),
    count: (queueUrl) => count(call, queueUrl),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

type Call = (action: string, body: object) => Promise<unknown>;

/** Without the SDK: what the tests read must not depend on the client that the product sends with. */
async function request(endpoint: string, action: string, body: object): Promise<unknown> {
  const scope = "test/20260101/us-east-1/sqs/aws4_request";
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `AmazonSQS.${action}`,
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=test`,
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${action}: ${response.status} ${text}`);
  return text === "" ? {} : JSON.parse(text);
}

async function receiveAll(
  call: Call,
  queueUrl: string,
  { expected = 0, timeoutMs = 30_000 }: ReceiveOptions,
): Promise<readonly Received[]> {
  const deadline = Date.now() + timeoutMs;
  const received: Received[] = [];
  const isDone = async (): Promise<boolean> =>
    (received.length >= expected && (await count(call, queueUrl)) === 0) || Date.now() > deadline;
  const receiver = async (): Promise<void> => {
    for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 1.5, 500)) {
      const messages = await receive(call, queueUrl);
      // Before they are deleted: only then can the next of a group arrive at another receiver.
      received.push(...messages.map(receivedOf));
      if (messages.length > 0) {
        await remove(call, queueUrl, messages);
        pauseMs = 10;
      } else if (await isDone()) return;
      else await sleep(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: RECEIVERS }, receiver));
  return received;
}

async function receive(call: Call, queueUrl: string): Promise<readonly SqsMessage[]> {
  const { Messages = [] } = (await call("ReceiveMessage", {
    QueueUrl: queueUrl,
    MaxNumberOfMessages: 10,
    MessageAttributeNames: ["All"],
    MessageSystemAttributeNames: ["All"],
  })) as { Messages?: readonly SqsMessage[] };
  return Messages;
}

async function remove(
  call: Call,
  queueUrl: string,
  messages: readonly SqsMessage[],
): Promise<void> {
  const Entries = messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
  await call("DeleteMessageBatch", { QueueUrl: queueUrl, Entries });
}

async function count(call: Call, queueUrl: string): Promise<number> {
  const { Attributes } = (await call("GetQueueAttributes", {
    QueueUrl: queueUrl,
    AttributeNames: ["All"],
  })) as { Attributes: Readonly<Record<string, string>> };
  return (
    Number(Attributes["ApproximateNumberOfMessages"]) +
    Number(Attributes["ApproximateNumberOfMessagesNotVisible"])
  );
}

function receivedOf(raw: SqsMessage): Received {
  const attributes = Object.entries(raw.MessageAttributes ?? {});
  return {
    id: raw.MessageId,
    body: raw.Body,
    attributes: Object.fromEntries(
      attributes.map(([name, { StringValue = "" }]) => [name, StringValue]),
    ),
    group: raw.Attributes?.["MessageGroupId"],
    deduplicationId: raw.Attributes?.["MessageDeduplicationId"],
    sequenceNumber: raw.Attributes?.["SequenceNumber"],
    raw,
  };
}
