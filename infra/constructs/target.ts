import { type Duration, Lazy, type Size, Stack } from "aws-cdk-lib";
import type { IEventBus } from "aws-cdk-lib/aws-events";
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { type Environment, flag, number, seconds } from "./environment.ts";
import { grantInvoke, grantPutEvents, grantSend } from "./grants.ts";
import { type Known, unknownProblems } from "./unknown-props.ts";

export interface QueueTargetOptions {
  /**
   * Template of the message group: `{stream}`, `{subject}`, `{subject.2}` (tokens from 1), `{header.Name}` and text. The
   * order of each group is kept, and a failed message holds its own group.
   *
   * @default - none; required for a FIFO queue, refused for a standard one
   */
  readonly groupBy?: string;
  /**
   * By what SQS recognises a repeat, on FIFO: the id of the message, or the `Nats-Msg-Id` of its publisher.
   *
   * @default "message-id"
   */
  readonly deduplicationId?: "message-id" | "nats-msg-id";
}

export interface EventBusTargetOptions {
  /**
   * Template of the event's source.
   *
   * @default "nats.{stream}"
   */
  readonly source?: string;
  /**
   * Template of the event's detail type.
   *
   * @default "{subject}"
   */
  readonly detailType?: string;
  /**
   * Largest event, 1 KiB to 1 MiB. Some regions take no more than the default, and targets of rules have limits of their
   * own.
   *
   * @default Size.kibibytes(256)
   */
  readonly maxSize?: Size;
}

export interface FunctionTargetOptions {
  /**
   * Wait for a batch to fill; at most half of the ack wait.
   *
   * @default Duration.seconds(0)
   */
  readonly maxBatchingWindow?: Duration;
  /**
   * Halve a batch in which the function throws, until the culprit is alone.
   *
   * @default false
   */
  readonly bisectBatchOnError?: boolean;
}

/** What a bridge needs to know of where its messages go. */
export interface BoundTarget {
  /** Of the resource, in descriptions. */
  readonly name: string;
  readonly kind: "queue" | "bus" | "function" | "handler";
  /** The bridge keeps an order. */
  readonly isOrdered: boolean;
  readonly environment: Environment;
  /** Exactly what it calls. */
  readonly grant: (grantee: IGrantable) => void;
  /** Actions without resources, that are used while deploying to warn about what cannot be right. */
  readonly lists: readonly string[];
  /** What does not fit: one line each. */
  readonly problems: readonly string[];
  /** How long one call may take, where the target says so. */
  readonly callTimeout?: Duration;
  /** Wait for a batch to fill. */
  readonly window?: Duration;
  /** File of a handler. */
  readonly entry?: string;
}

/** Where the messages of a bridge go. */
export class Target {
  /** An SQS queue. A FIFO queue makes the bridge ordered. */
  static queue(queue: IQueue, options: QueueTargetOptions = {}): Target {
    const { deduplicationId, groupBy } = options;
    return new Target({
      name: "an SQS queue",
      kind: "queue",
      isOrdered: queue.fifo,
      environment: {
        SQS_QUEUE_URL: queue.queueUrl,
        SQS_MESSAGE_GROUP_ID: groupBy,
        SQS_MESSAGE_DEDUPLICATION_ID: deduplicationId,
      },
      grant: (grantee) => grantSend(queue, grantee),
      lists: [],
      problems: queueProblems(queue, options),
    });
  }

  /** An EventBridge event bus. Events that no rule of it matches are gone: a rule or an archive keeps them. */
  static eventBus(bus: IEventBus, options: EventBusTargetOptions = {}): Target {
    const { detailType, maxSize, source } = options;
    return new Target({
      name: "an event bus",
      kind: "bus",
      isOrdered: false,
      environment: {
        EVENT_BUS_NAME: nameOrArn(bus),
        EVENT_SOURCE: source,
        EVENT_DETAIL_TYPE: detailType,
        EVENT_MAX_SIZE: number(maxSize?.toBytes()),
      },
      grant: (grantee) => grantPutEvents(bus, grantee),
      lists: ["events:ListArchives", "events:ListRules"],
      problems: unknownProblems(options, BUS_OPTIONS, "Target.eventBus"),
    });
  }

  /** A Lambda function that was written for SQS, unchanged and in any language. */
  static function(fn: IFunction, options: FunctionTargetOptions = {}): Target {
    const { bisectBatchOnError, maxBatchingWindow } = options;
    const { timeout } = fn as { readonly timeout?: Duration };
    return new Target({
      name: "a Lambda function",
      kind: "function",
      isOrdered: false,
      environment: {
        FUNCTION_ARN: fn.functionArn,
        BISECT_ON_ERROR: flag(bisectBatchOnError),
        BATCH_WINDOW: seconds(maxBatchingWindow),
      },
      grant: (grantee) => grantInvoke(fn, grantee),
      lists: [],
      problems: unknownProblems(options, FUNCTION_OPTIONS, "Target.function"),
      ...(timeout && { callTimeout: timeout }),
      ...(maxBatchingWindow && { window: maxBatchingWindow }),
    });
  }

  readonly bound: BoundTarget;

  private constructor(bound: BoundTarget) {
    this.bound = bound;
  }
}

const QUEUE_OPTIONS: Known<QueueTargetOptions> = { groupBy: true, deduplicationId: true };
const BUS_OPTIONS: Known<EventBusTargetOptions> = { source: true, detailType: true, maxSize: true };
const FUNCTION_OPTIONS: Known<FunctionTargetOptions> = {
  maxBatchingWindow: true,
  bisectBatchOnError: true,
};

/** The ARN only where the name alone would be that of another bus: in another account or region. */
function nameOrArn(bus: IEventBus): string {
  return Lazy.uncachedString({
    produce: ({ scope }) => {
      const { account, region } = Stack.of(scope);
      const isHere = bus.env.account === account && bus.env.region === region;
      return isHere ? bus.eventBusName : bus.eventBusArn;
    },
  });
}

function queueProblems(queue: IQueue, options: QueueTargetOptions): readonly string[] {
  return [
    ...unknownProblems(options, QUEUE_OPTIONS, "Target.queue"),
    ...fifoProblems(queue, options),
  ];
}

function fifoProblems({ fifo }: IQueue, options: QueueTargetOptions): readonly string[] {
  if (fifo && options.groupBy === undefined) {
    return [
      'groupBy: given nothing with a FIFO queue, expected the group of a message, whose order is kept, like "{subject}" or "{subject.2}"',
    ];
  }
  if (fifo) return [];
  return (["groupBy", "deduplicationId"] as const)
    .filter((name) => options[name] !== undefined)
    .map(
      (name) =>
        `${name}: given ${JSON.stringify(options[name])} with a standard queue, expected it only with a FIFO queue: a standard one keeps no order; a FIFO queue whose ARN is known only while deploying is imported by Queue.fromQueueAttributes({ queueArn, fifo: true })`,
    );
}
