/** The target and the dead letters that a configuration asks for. */
import type { Config } from "./config.ts";
import type { DeadLetters, Message, Observe, Sink } from "./core/ports.ts";
import type { DeadObject } from "./dead-letters/bucket.ts";
import { queueAndBucket } from "./dead-letters/queue-and-bucket.ts";
import { deadLetterQueue } from "./dead-letters/queue.ts";
import { fillTemplate } from "./map/template.ts";
import { eventBridgeSink } from "./sinks/eventbridge/sink.ts";
import { lambdaSink } from "./sinks/lambda/sink.ts";
import { sqsQueue } from "./sinks/sqs/call.ts";
import type { SqsEntry } from "./sinks/sqs/entry.ts";
import { sqsSink } from "./sinks/sqs/sink.ts";

/** One call to SQS, EventBridge or S3, at most; less where the ack wait is short. */
const CALL_TIMEOUT_MS = 5000;

/** A function may run for so long, "Lambda quotas", and its answer needs a moment. */
const FUNCTION_TIMEOUT_MS = 15 * 60_000 + 5000;

/** Milliseconds that one call to the target may take. */
export function callTimeoutOf(config: Config): number {
  return config.target.kind === "function" ? FUNCTION_TIMEOUT_MS : storeTimeoutOf(config);
}

/** Milliseconds that one call to the dead letters may take. */
export function storeTimeoutOf(config: Config): number {
  return Math.min(CALL_TIMEOUT_MS, config.consumer.ackWaitMs / 2);
}

/** Clients that are not needed are not loaded: a cold start pays for each. */
export async function sinkOf(config: Config, observe: Observe): Promise<Sink> {
  const { batchSize, concurrency, origin, target } = config;
  const timeoutMs = callTimeoutOf(config);
  switch (target.kind) {
    case "sqs": {
      const { fifo, queueUrl } = target;
      const { hasOwnSqsEndpoint: hasOwnEndpoint } = config;
      const queue = sqsQueue({ url: queueUrl, timeoutMs, concurrency, hasOwnEndpoint });
      const mapping = { origin, ...(fifo && { fifo }) };
      return sqsSink({ queue, mapping, batchSize, concurrency, observe });
    }
    case "eventbridge": {
      const { eventBus } = await import("./sinks/eventbridge/call.ts");
      const { bus: name, detailType, maxSize, source } = target;
      const bus = eventBus({ name, timeoutMs, concurrency });
      const mapping = { origin, source, detailType };
      return eventBridgeSink({ bus, mapping, batchSize, concurrency, maxSize, observe });
    }
    case "function": {
      const { targetFunction } = await import("./sinks/lambda/call.ts");
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

export async function deadLettersOf(
  config: Config,
  observe: Observe,
): Promise<DeadLetters | undefined> {
  const queue = deadLetterQueueOf(config, observe);
  const bucket = await deadLetterBucketOf(config);
  return queue && bucket ? queueAndBucket(queue, bucket) : (queue ?? bucket);
}

function deadLetterQueueOf(config: Config, observe: Observe): DeadLetters<SqsEntry> | undefined {
  const { deadLetterQueueUrl: url, hasOwnSqsEndpoint: hasOwnEndpoint, origin } = config;
  if (url === undefined) return undefined;
  const timeoutMs = storeTimeoutOf(config);
  return deadLetterQueue(
    sqsQueue({ url, timeoutMs, concurrency: 1, hasOwnEndpoint }),
    origin,
    observe,
  );
}

async function deadLetterBucketOf(config: Config): Promise<DeadLetters<DeadObject> | undefined> {
  const { deadLetterBucket: name, hasOwnS3Endpoint, origin } = config;
  if (name === undefined) return undefined;
  const { deadLetterBucket, s3Bucket } = await import("./dead-letters/bucket.ts");
  return deadLetterBucket(s3Bucket(name, storeTimeoutOf(config), hasOwnS3Endpoint), origin);
}

/** The group of a message, in bridges that keep order. */
export function orderOf(config: Config): ((message: Message) => string | undefined) | undefined {
  const group = config.target.kind === "sqs" ? config.target.fifo?.group : undefined;
  if (!group) return undefined;
  return (message) => {
    const text = fillTemplate(group, message);
    return typeof text === "string" ? text : undefined;
  };
}
