import type { Duration, RemovalPolicy } from "aws-cdk-lib";
import type { Architecture } from "aws-cdk-lib/aws-lambda";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { AlarmOptions } from "./alarms.ts";
import type { DeliverPolicy } from "./deliver-policy.ts";
import type { NatsConnection } from "./nats-connection.ts";
import { having, listOrNothing, type Shapes, text } from "./check-props.ts";
import type { Known } from "./unknown-props.ts";

/** What all bridges have in common. */
export interface BridgeProps {
  /** How NATS is reached. */
  readonly nats: NatsConnection;
  /** Name of the stream. It has to exist. */
  readonly stream: string;
  /**
   * Name of the durable pull consumer, unique among all servers that are linked by leaf nodes.
   *
   * @default - from the construct's path, the account and the region
   */
  readonly consumer?: string;
  /**
   * Whether the deployment makes the consumer where it is missing (`create`), or only checks it (`verify`). One that exists
   * is never changed.
   *
   * @default "create"
   */
  readonly consumerManagement?: "create" | "verify";
  /**
   * What becomes of the consumer, and with it of the position in the stream, when the bridge is deleted, or moved
   * to another place in the app. Only one that this very stack has made is ever removed, and never one that it has found.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly consumerRemovalPolicy?: RemovalPolicy;
  /**
   * Subjects to deliver. Several need nats-server 2.10.
   *
   * @default - all of the stream
   */
  readonly filterSubjects?: string[];
  /**
   * Where the consumer starts when it is made.
   *
   * @default DeliverPolicy.all()
   */
  readonly deliverPolicy?: DeliverPolicy;
  /**
   * First part of message ids. A mirror that has its primary's gives the same ids.
   *
   * @default - the name of the stream
   */
  readonly originName?: string;
  /**
   * Lease of a message: after a crash another run gets it after this. It is extended while a call goes on. 1 second to
   * 1 hour, on FIFO queues at most 4 minutes.
   *
   * @default - 10 seconds, or twice `handlerTime` or `maxBatchingWindow` where that is longer; less where the timeout is short
   */
  readonly ackWait?: Duration;
  /**
   * Most messages unsettled at once, and so the most duplicates after a crash.
   *
   * @default - 2 × batch × concurrency; where order is kept 1 ×; for handlers 1000 or more
   */
  readonly maxAckPending?: number;
  /**
   * Calls, or handlers, at once; 1 to 256.
   *
   * @default 16
   */
  readonly concurrency?: number;
  /**
   * Own failures of a message, beside accepted neighbours, before it goes to the dead letters; -1 for never.
   *
   * @default 5
   */
  readonly retryAttempts?: number;
  /**
   * Older messages go to the dead letters. Needs nats-server 2.10.
   *
   * @default - no limit
   */
  readonly maxRecordAge?: Duration;
  /**
   * What becomes of a message that will never be accepted: it goes to the dead letters (`bury`), or it and its group are
   * held (`hold`).
   *
   * @default "bury"
   */
  readonly onRejected?: "bury" | "hold";
  /**
   * Before the first retry of a message; doubles with each.
   *
   * @default Duration.seconds(1)
   */
  readonly minRetryDelay?: Duration;
  /**
   * Longest pause between two tries of a message.
   *
   * @default - 2 minutes, less where a FIFO queue asks for it
   */
  readonly maxRetryDelay?: Duration;
  /**
   * Queue for messages that are never accepted; a FIFO queue keeps the order of each subject.
   *
   * @default - a new one, unless there is a bucket: encrypted, for 14 days, and left behind when the bridge is deleted, since
   * its messages may be the only copies
   */
  readonly deadLetterQueue?: IQueue;
  /**
   * Bucket for messages that are never accepted. Beside a queue it takes what the queue cannot.
   *
   * @default - none
   */
  readonly deadLetterBucket?: IBucket;
  /**
   * Connect and report, but pull nothing. The position stays.
   *
   * @default false
   */
  readonly paused?: boolean;
  /**
   * Least serious lines that are logged. At `info` there are a few for each run, at `debug` one for each message.
   *
   * @default "info"
   */
  readonly logLevel?: "debug" | "info" | "warn" | "error";
  /**
   * Where the bridge and its preflight log.
   *
   * @default - a new one that keeps a month, and is deleted with the stack
   */
  readonly logGroup?: ILogGroup;
  /**
   * Namespace of the metrics, which are written as log lines in CloudWatch's embedded metric format. CloudWatch bills each
   * metric; `"off"` writes none, and then there are no alarms either.
   *
   * @default "JetStreamBridge"
   */
  readonly metricsNamespace?: string;
  /**
   * Alarms on the bridge's metrics.
   *
   * @default - all of them, without actions
   */
  readonly alarms?: AlarmOptions;
}

/** Of a bridge that runs as a Lambda function. */
export interface FunctionProps {
  /**
   * Lambda's timeout of a run, which ends before that with everything settled. Longer than the ack wait, at most 15 minutes;
   * with Wake.always() less than a minute.
   *
   * @default - when it is always awake, 55 seconds for the run and 3 × the connection's timeout to settle: 64 seconds;
   * otherwise 5 minutes, or 5 seconds less than the schedule's interval; more where a handler or a target function takes
   * longer, less where a FIFO queue asks for it
   */
  readonly timeout?: Duration;
  /**
   * A run without messages ends after this; 20 milliseconds to 10 minutes.
   *
   * @default - 1 second; a run that is always awake stays for the whole of its 55 seconds, or of the `timeout` given
   */
  readonly idleTimeout?: Duration;
  /**
   * Memory in MiB, 128 to 10,240. 1769 are one virtual CPU.
   *
   * @default 256
   */
  readonly memorySize?: number;
  /**
   * Of the processor. What is bundled runs on both.
   *
   * @default Architecture.ARM_64
   */
  readonly architecture?: Architecture;
  /**
   * Most runs at once. It is taken from those of the account, and a new account has too few to give any away. A bridge that
   * keeps order does not need it: a second run notices and ends.
   *
   * @default - no limit
   */
  readonly reservedConcurrentExecutions?: number;
}

export const BRIDGE_PROPS: Known<BridgeProps> = {
  nats: true,
  stream: true,
  consumer: true,
  consumerManagement: true,
  consumerRemovalPolicy: true,
  filterSubjects: true,
  deliverPolicy: true,
  originName: true,
  ackWait: true,
  maxAckPending: true,
  concurrency: true,
  retryAttempts: true,
  maxRecordAge: true,
  onRejected: true,
  minRetryDelay: true,
  maxRetryDelay: true,
  deadLetterQueue: true,
  deadLetterBucket: true,
  paused: true,
  logLevel: true,
  logGroup: true,
  metricsNamespace: true,
  alarms: true,
};

export const BRIDGE_SHAPES: Shapes<BridgeProps> = {
  nats: having("network", "new NatsConnection(…)"),
  stream: text("the name of a stream"),
  filterSubjects: listOrNothing('a list of subjects, like ["orders.>"]'),
};

export const FUNCTION_PROPS: Known<FunctionProps> = {
  timeout: true,
  idleTimeout: true,
  memorySize: true,
  architecture: true,
  reservedConcurrentExecutions: true,
};
