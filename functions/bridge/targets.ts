/** The target and the dead letters that a configuration asks for. */
import type { Config } from "./config.ts";
import type { DeadLetters, Message, Observe, Sink } from "./core/ports.ts";
import { deadLetterBucket, s3Bucket } from "./dead-letters/bucket.ts";
import { queueAndBucket } from "./dead-letters/queue-and-bucket.ts";
import { deadLetterQueue } from "./dead-letters/queue.ts";
import { fillTemplate } from "./map/template.ts";
import { eventBus } from "./sinks/eventbridge/call.ts";
import { eventBridgeSink } from "./sinks/eventbridge/sink.ts";
import { targetFunction } from "./sinks/lambda/call.ts";
import { lambdaSink } from "./sinks/lambda/sink.ts";
import { sqsQueue } from "./sinks/sqs/call.ts";
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

export function sinkOf(config: Config, observe: Observe): Sink {
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
      const { bus: name, detailType, maxSize, source } = target;
      const bus = eventBus({ name, timeoutMs, concurrency });
      const mapping = { origin, source, detailType };
      return eventBridgeSink({ bus, mapping, batchSize, concurrency, maxSize, observe });
    }
    case "function": {
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

export function deadLettersOf(config: Config, observe: Observe): DeadLetters | undefined {
  const { deadLetterBucket: bucketName, deadLetterQueueUrl: url, origin } = config;
  const timeoutMs = storeTimeoutOf(config);
  const queue =
    url === undefined
      ? undefined
      : deadLetterQueue(
          sqsQueue({ url, timeoutMs, concurrency: 1, hasOwnEndpoint: config.hasOwnSqsEndpoint }),
          origin,
          observe,
        );
  const bucket =
    bucketName === undefined
      ? undefined
      : deadLetterBucket(s3Bucket(bucketName, timeoutMs, config.hasOwnS3Endpoint), origin);
  if (queue && bucket) return queueAndBucket(queue, bucket);
  return queue ?? bucket;
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
