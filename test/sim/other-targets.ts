/**
 * An event bus, a function and a bucket, each over the model of a queue: it knows what arrives, what fails and what
 * becomes of answers, and here they are told in the words of the other service.
 */
import { hash } from "node:crypto";
import type { Bucket } from "../../functions/bridge/dead-letters/bucket.ts";
import type { SqsAnswer } from "../../functions/bridge/sinks/sqs/answer.ts";
import type { SqsQueue } from "../../functions/bridge/sinks/sqs/call.ts";
import type { SqsEntry } from "../../functions/bridge/sinks/sqs/entry.ts";
import type { EventBus } from "../../functions/bridge/sinks/eventbridge/call.ts";
import type { EventEntry } from "../../functions/bridge/sinks/eventbridge/entry.ts";
import type { FunctionAnswer } from "../../functions/bridge/sinks/lambda/answer.ts";
import type { TargetFunction } from "../../functions/bridge/sinks/lambda/call.ts";

/** What a queue says, in the words of others. */
const EVENT_CODES: Readonly<Record<string, string>> = {
  InvalidMessageContents: "MalformedDetail",
  InvalidParameterValue: "InvalidArgument",
  QueueDoesNotExist: "ResourceNotFoundException",
};

const FUNCTION_CODES: Readonly<Record<string, string>> = {
  QueueDoesNotExist: "ResourceNotFoundException",
  AccessDenied: "AccessDeniedException",
};

const BUCKET_CODES: Readonly<Record<string, string>> = {
  InvalidMessageContents: "InvalidArgument",
  InvalidParameterValue: "InvalidArgument",
  QueueDoesNotExist: "NoSuchBucket",
};

export function modelBus(queue: SqsQueue): EventBus {
  return {
    name: "orders",
    async put(entries, signal) {
      const answer = await translated(queue.send(entries.map(ofEvent), signal), {
        ...EVENT_CODES,
        InvalidMessageContents: "ValidationException",
      });
      const { failed, sent } = byId(answer);
      const Entries = entries.map((_, position) => {
        const code = failed.get(String(position));
        if (code !== undefined) return { ErrorCode: EVENT_CODES[code] ?? code };
        const receipt = sent.get(String(position));
        return receipt === undefined ? {} : { EventId: receipt };
      });
      return { Entries };
    },
    async describe(signal) {
      await translated(queue.attributes(signal), EVENT_CODES);
      return "arn";
    },
  };
}

interface SentRecord {
  readonly messageId: string;
  readonly body: string;
}

/** One that takes the records of a batch together: where one is refused as a call, it throws, and has taken none. */
export function modelFunction(queue: SqsQueue): TargetFunction {
  return {
    arn: "arn:aws:lambda:eu-west-1:123456789012:function:orders",
    async invoke(event, signal) {
      const { Records } = JSON.parse(event) as { Records: readonly SentRecord[] };
      const entries = Records.map(({ body, messageId }) => entryOf(body, messageId, 0));
      try {
        const answer = await translated(queue.send(entries, signal), FUNCTION_CODES);
        const ids = [...byId(answer).failed.keys()].map((id) => Records[Number(id)]?.messageId);
        return payload({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) });
      } catch (error) {
        if ((error as Error).name !== "InvalidMessageContents") throw error;
        return { FunctionError: "Unhandled", ...payload({ errorType: "E", errorMessage: "e" }) };
      }
    },
    async check(signal) {
      await translated(queue.attributes(signal), FUNCTION_CODES);
    },
  };
}

export function modelBucket(queue: SqsQueue): Bucket {
  return {
    name: "letters",
    async put(_key, body, metadata, signal) {
      const text = Buffer.from(body as Uint8Array).toString();
      const told = Object.entries(metadata).map(
        ([name, value]) => [name, decodeURIComponent(value)] as const,
      );
      const entry = { body: text, attributes: new Map(told), bytes: text.length };
      const answer = await translated(queue.send([entry], signal), BUCKET_CODES);
      const { failed, sent } = byId(answer);
      const code = failed.get("0");
      if (code !== undefined) throw named(BUCKET_CODES[code] ?? code);
      // There is no half answer of S3: what says nothing did not come.
      if (!sent.has("0")) throw named("TimeoutError");
      // A checksum goes with each object, and one that does not fit it is not stored.
      if (!hasDigest(answer, text)) throw named("BadDigest");
    },
  };
}

function ofEvent({ bytes, detail }: EventEntry): SqsEntry {
  const { data, nats } = JSON.parse(detail) as { data: string; nats: { id: string } };
  return entryOf(data, nats.id, bytes);
}

function entryOf(body: string, id: string, bytes: number): SqsEntry {
  return { body, attributes: new Map([["nats-id", id]]), bytes };
}

function byId({ Failed = [], Successful = [] }: SqsAnswer): {
  readonly failed: ReadonlyMap<string, string>;
  readonly sent: ReadonlyMap<string, string>;
} {
  return {
    failed: new Map(Failed.map(({ Code = "", Id = "" }) => [Id, Code])),
    sent: new Map(Successful.map(({ Id = "", MessageId = "" }) => [Id, MessageId])),
  };
}

function hasDigest({ Successful = [] }: SqsAnswer, body: string): boolean {
  return Successful.every(
    ({ Id, MD5OfMessageBody }) => Id !== "0" || MD5OfMessageBody === hash("md5", body),
  );
}

async function translated<T>(
  call: Promise<T>,
  codes: Readonly<Record<string, string>>,
): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const { name } = error as Error;
    throw named(codes[name] ?? name);
  }
}

function payload(value: unknown): FunctionAnswer {
  return { Payload: Buffer.from(JSON.stringify(value)) };
}

function named(name: string): Error {
  return Object.assign(new Error(`${name} from the model`), { name });
}
