/**
 * Dead letters in an SQS queue. What has been received stays invisible until the end: a message that is given back at
 * once comes again at once, and the queue would never have been looked through. Then all that is left is given back.
 */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { requestHandler } from "../../functions/bridge/sinks/client-settings.ts";
import { regionOf } from "../../functions/bridge/sinks/sqs/call.ts";
import { isUnreadable } from "./dead-letter.ts";
import type { Found, Store } from "./ports.ts";
import { readMessage } from "./read-message.ts";

const INVISIBLE_SECONDS = 300;

/** Asked for again when so much of it is gone. */
const RENEW_AFTER_MS = 120_000;
const LOOK_EVERY_MS = 15_000;

/** Below what SQS allows to be in flight: 120,000, and 20,000 in a FIFO queue. "Amazon SQS message quotas". */
const MOST_HELD = 100_000;
const MOST_HELD_FIFO = 18_000;

const BATCH = 10;
const TIMEOUT_MS = 10_000;

interface HeldMessage {
  readonly message: Message;
  readonly receipt: string;
  readonly renewAt: number;
}

export function queueStore(url: string, hasOwnEndpoint: boolean): Store {
  const region = regionOf(url);
  const client = new SQSClient({
    ...(region !== undefined && { region }),
    ...(hasOwnEndpoint && { useQueueUrlAsEndpoint: false }),
    requestHandler: requestHandler({ timeoutMs: TIMEOUT_MS, concurrency: 2 }),
  });
  const held = new Map<string, HeldMessage>();
  const most = url.endsWith(".fifo") ? MOST_HELD_FIFO : MOST_HELD;
  const renewing = setInterval(() => void renew(), LOOK_EVERY_MS);

  async function receive(): Promise<readonly Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: BATCH,
      MessageAttributeNames: ["All"],
      VisibilityTimeout: INVISIBLE_SECONDS,
      // All of SQS's servers are asked only when it may wait.
      WaitTimeSeconds: 1,
    });
    return (await client.send(command)).Messages ?? [];
  }

  /** Those that are new to us. */
  function hold(messages: readonly Message[]): readonly Found[] {
    const news: Found[] = [];
    for (const message of messages) {
      const { MessageId: key = "", ReceiptHandle: receipt = "" } = message;
      if (!held.has(key)) news.push({ key, letter: letterOf(message) });
      held.set(key, { message, receipt, renewAt: Date.now() + RENEW_AFTER_MS });
    }
    return news;
  }

  async function setVisibility(keys: readonly string[], seconds: number): Promise<void> {
    for (const some of inBatches(keys)) {
      const Entries = some.map((key, at) => ({
        Id: String(at),
        ReceiptHandle: held.get(key)?.receipt ?? "",
        VisibilityTimeout: seconds,
      }));
      await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }));
    }
  }

  /** One that cannot be renewed is seen by others sooner, which does no harm that a repeated send would not. */
  async function renew(): Promise<void> {
    const now = Date.now();
    const due = [...held].filter(([, { renewAt }]) => renewAt <= now).map(([key]) => key);
    for (const key of due) {
      const one = held.get(key);
      if (one) held.set(key, { ...one, renewAt: now + RENEW_AFTER_MS });
    }
    await setVisibility(due, INVISIBLE_SECONDS).catch(() => undefined);
  }

  return {
    name: url,
    get isFull() {
      return held.size >= most;
    },
    async *batches(isOver) {
      while (!isOver() && held.size < most) {
        const messages = await receive();
        if (messages.length === 0) return;
        yield hold(messages);
      }
    },
    content({ key }) {
      const read = readMessage(held.get(key)?.message ?? {});
      return Promise.resolve(isUnreadable(read) ? read : read.content);
    },
    async remove(found) {
      const problems: (string | undefined)[] = [];
      for (const some of inBatches(found)) {
        const Entries = some.map(({ key }, at) => ({
          Id: String(at),
          ReceiptHandle: held.get(key)?.receipt ?? "",
        }));
        const answer = await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
        const gone = new Set(answer.Successful?.map(({ Id }) => Id));
        const failed = new Map(answer.Failed?.map((one) => [one.Id, one.Message ?? one.Code]));
        for (const [at, { key }] of some.entries()) {
          const isGone = gone.has(String(at));
          if (isGone) held.delete(key);
          problems.push(isGone ? undefined : (failed.get(String(at)) ?? "no answer about it"));
        }
      }
      return problems;
    },
    async close() {
      clearInterval(renewing);
      await setVisibility([...held.keys()], 0).catch(() => undefined);
      client.destroy();
    },
  };
}

function letterOf(message: Message): Found["letter"] {
  const read = readMessage(message);
  return isUnreadable(read) ? read : read.letter;
}

function inBatches<T>(all: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(all.length / BATCH);
  return Array.from({ length: count }, (_, at) => all.slice(at * BATCH, (at + 1) * BATCH));
}
