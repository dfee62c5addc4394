/** The target and the dead letters that a configuration asks for. */
import type { Config } from "./config.ts";
import type { DeadLetters, Message, Observe, Sink } from "./core/ports.ts";
import { deadLetterBucket, type DeadObject } from "./dead-letters/bucket.ts";
import { queueAndBucket } from "./dead-letters/queue-and-bucket.ts";
import { deadLetterQueue } from "./dead-letters/queue.ts";
import { fillTemplate } from "./map/template.ts";
import type { SqsQueue, SqsQueueOptions } from "./sinks/sqs/call.ts";
import type { SqsEntry } from "./sinks/sqs/entry.ts";
import { sqsSink } from "./sinks/sqs/sink.ts";

/** One call to SQS, EventBridge or S3, at most; less where the ack wait is short. */
const CALL_TIMEOUT_MS = 5000;

/** A function may run for so long, "Lambda quotas", and its answer needs a moment. */
const FUNCTION_TIMEOUT_MS = 15 * 60_000 + 5000;

/** Milliseconds that one call to the target may take. */
export function callTimeoutOf(config: Config): number {
  const { kind } = config.target;
  return kind === "function" || kind === "handler" ? FUNCTION_TIMEOUT_MS : storeTimeoutOf(config);
}

/** Milliseconds that one call to the dead letters may take. */
export function storeTimeoutOf(config: Config): number {
  return Math.min(CALL_TIMEOUT_MS, config.consumer.ackWaitMs / 2);
}

/** A handler is no AWS service: `bridge.ts` puts its sink together. Clients that are not needed are not loaded. */
export async function sinkOf(config: Config, observe: Observe): Promise<Sink> {
  const { batchSize, concurrency, origin, target } = config;
  const timeoutMs = callTimeoutOf(config);
  switch (target.kind) {
    case "handler":
      throw new Error("a handler has to be given with its code");
    case "sqs": {
      const { sqsQueue } = await import("./sinks/sqs/call.ts");
      const { fifo, queueUrl } = target;
      const { hasOwnSqsEndpoint: hasOwnEndpoint } = config;
      const queue = sqsQueue({ url: queueUrl, timeoutMs, concurrency, hasOwnEndpoint });
      const mapping = { origin, ...(fifo && { fifo }) };
      return sqsSink({ queue, mapping, batchSize, concurrency, observe });
    }
    case "eventbridge": {
      const [{ eventBus }, { eventBridgeSink }] = await Promise.all([
        import("./sinks/eventbridge/call.ts"),
        import("./sinks/eventbridge/sink.ts"),
      ]);
      const { bus: name, detailType, maxSize, source } = target;
      const bus = eventBus({ name, timeoutMs, concurrency });
      const mapping = { origin, source, detailType };
      return eventBridgeSink({ bus, mapping, batchSize, concurrency, maxSize, observe });
    }
    case "function": {
      const [{ targetFunction }, { lambdaSink }] = await Promise.all([
        import("./sinks/lambda/call.ts"),
        import("./sinks/lambda/sink.ts"),
      ]);
      const { arn, bisectOnError } = target;
      const mapping = { origin, functionArn: arn };
      return lambdaSink({
        target: targetFunction({ arn, timeoutMs, concurrency }),
        mapping,
        batchSize,
        concurrency,
        bisectOnError,
      });
    }
  }
}

/** A dead letter is rare: the client of its store is loaded with the first one. */
export function deadLettersOf(config: Config, observe: Observe): DeadLetters | undefined {
  const queue = deadLetterQueueOf(config, observe);
  const bucket = deadLetterBucketOf(config);
  return queue && bucket ? queueAndBucket(queue, bucket) : (queue ?? bucket);
}

function deadLetterQueueOf(config: Config, observe: Observe): DeadLetters<SqsEntry> | undefined {
  const { deadLetterQueueUrl: url, hasOwnSqsEndpoint: hasOwnEndpoint, origin } = config;
  if (url === undefined) return undefined;
  const timeoutMs = storeTimeoutOf(config);
  const queue = lazyQueue({ url, timeoutMs, concurrency: 1, hasOwnEndpoint });
  return deadLetterQueue(queue, origin, observe);
}

export function lazyQueue(options: SqsQueueOptions): SqsQueue {
  const queue = once(async () => (await import("./sinks/sqs/call.ts")).sqsQueue(options));
  return {
    url: options.url,
    send: async (...call) => (await queue()).send(...call),
    attributes: async (...call) => (await queue()).attributes(...call),
  };
}

function deadLetterBucketOf(config: Config): DeadLetters<DeadObject> | undefined {
  const { deadLetterBucket: name, hasOwnS3Endpoint: hasOwnEndpoint, origin } = config;
  if (name === undefined) return undefined;
  const timeoutMs = storeTimeoutOf(config);
  const bucket = once(async () => {
    return (await import("./dead-letters/s3.ts")).s3Bucket({ name, timeoutMs, hasOwnEndpoint });
  });
  return deadLetterBucket({ name, put: async (...call) => (await bucket()).put(...call) }, origin);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** The group of a message, in bridges that keep order. */
export function orderOf(config: Config): ((message: Message) => string | undefined) | undefined {
  const { target } = config;
  const group =
    target.kind === "sqs"
      ? target.fifo?.group
      : target.kind === "handler"
        ? target.group
        : undefined;
  if (!group) return undefined;
  return (message) => {
    const text = fillTemplate(group, message);
    return typeof text === "string" ? text : undefined;
  };
}
