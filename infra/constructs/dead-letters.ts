import { Duration } from "aws-cdk-lib";
import { type IQueue, Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { acknowledge } from "./acknowledgements.ts";

/** The longest that SQS keeps a message, "SQS quotas". */
const RETENTION = Duration.days(14);

/** A queue for what is never accepted: encrypted, and closed to plain HTTP. */
export function newDeadLetterQueue(scope: Construct, id: string, fifo = false): Queue {
  const queue = new Queue(scope, id, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: RETENTION,
    ...(fifo && { fifo }),
  });
  acknowledge(queue, {
    "AwsSolutions-SQS3": "It is a dead-letter queue itself.",
    "Serverless-SQSRedrivePolicy": "It is a dead-letter queue itself.",
  });
  return queue;
}

/** So often a ring is tried, before it is put aside: throttled wakes count as well. */
const RING_RECEIVES = 5;

/** FIFO with one group, so that one wake is served after the other; each ring has a deduplication id of its own. */
export function newDoorbell(scope: Construct, visibilityTimeout: Duration): IQueue {
  return new Queue(scope, "Doorbell", {
    fifo: true,
    // It would swallow each ring that says the same as one of the last five minutes.
    contentBasedDeduplication: false,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    visibilityTimeout,
    deadLetterQueue: {
      queue: newDeadLetterQueue(scope, "DoorbellDeadLetters", true),
      maxReceiveCount: RING_RECEIVES,
    },
  });
}
