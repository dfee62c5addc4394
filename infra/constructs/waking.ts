// What wakes the function of a bridge: ticks of a schedule, and messages of a doorbell.
import { Duration, Stack } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { EventSourceMapping, type Function } from "aws-cdk-lib/aws-lambda";
import { type IScheduleTarget, Schedule, ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { type CfnQueue, type IQueue, Queue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { acknowledge } from "./acknowledgements.ts";
import { type Doorbell, doorbellProblems } from "./clock-rules.ts";
import { doorbellVisibility } from "./clocks.ts";
import { newDoorbell } from "./dead-letters.ts";
import { grantInvoke, grantReceive, grantSend } from "./grants.ts";
import { known, knownNumber } from "./known.ts";
import { refuse } from "./refuse.ts";
import type { WakeParts } from "./wake.ts";

/** A tick that is late or lost is replaced by the next: repeated or late ones would only make runs meet. */
const TICK = { retries: 0, mostSeconds: 60 } as const;

const NO_LOSS =
  "An event that is dropped is a tick, and the next one finds everything: no message is in it.";

/** Messages of one invocation: all rings are one drain. 10 is the most for a FIFO queue. */
const RINGS_AT_ONCE = 10;

/** What SQS takes when nothing is set. */
const DEFAULT_VISIBILITY_SECONDS = 30;

/** The doorbell queue: the one that was brought along, or a new one. */
export function doorbellOf(
  scope: Construct,
  { doorbell }: WakeParts,
  timeout: Duration,
): IQueue | undefined {
  if (!doorbell) return undefined;
  const seconds = known(timeout);
  if (!doorbell.queue) return newDoorbell(scope, Duration.seconds(doorbellVisibility(seconds)));
  refuse(scope, doorbellProblems(knownOf(doorbell.queue), seconds));
  return doorbell.queue;
}

/** What can be read off a queue of the same app. */
function knownOf(queue: IQueue): Doorbell {
  if (!(queue instanceof Queue)) return {};
  const { contentBasedDeduplication, visibilityTimeout } = queue.node.defaultChild as CfnQueue;
  return {
    visibilitySeconds: knownNumber(visibilityTimeout ?? DEFAULT_VISIBILITY_SECONDS),
    maxReceiveCount: knownNumber(queue.deadLetterQueue?.maxReceiveCount),
    hasContentBasedDeduplication: contentBasedDeduplication === true,
  };
}

export function wakeBySchedule(
  scope: Construct,
  fn: Function,
  { always, schedule }: WakeParts,
): void {
  const expression = always ? ScheduleExpression.rate(Duration.minutes(1)) : schedule;
  fn.configureAsyncInvoke({
    retryAttempts: TICK.retries,
    maxEventAge: Duration.seconds(TICK.mostSeconds),
  });
  acknowledge(fn, {
    "Serverless-LambdaDLQ": NO_LOSS,
    "Serverless-LambdaAsyncFailureDestination": NO_LOSS,
  });
  if (!expression) return;
  const role = tickRole(scope, fn);
  const made = new Schedule(scope, "Schedule", {
    schedule: expression,
    target: tick(fn, role),
  });
  made.node.addDependency(role);
}

/** Not LambdaInvoke: its role may invoke all versions of the function, and stands outside of the construct. */
function tick(fn: Function, role: Role): IScheduleTarget {
  return {
    bind: () => ({
      arn: fn.functionArn,
      role,
      retryPolicy: {
        maximumRetryAttempts: TICK.retries,
        maximumEventAgeInSeconds: TICK.mostSeconds,
      },
    }),
  };
}

function tickRole(scope: Construct, fn: Function): Role {
  const stack = Stack.of(scope);
  const group = { service: "scheduler", resource: "schedule-group", resourceName: "default" };
  const role = new Role(scope, "ScheduleRole", {
    assumedBy: new ServicePrincipal("scheduler.amazonaws.com", {
      conditions: {
        StringEquals: {
          "aws:SourceAccount": stack.account,
          "aws:SourceArn": stack.formatArn(group),
        },
      },
    }),
  });
  grantInvoke(fn, role);
  return role;
}

export function wakeByDoorbell(
  scope: Construct,
  fn: Function,
  { doorbell }: WakeParts,
  queue: IQueue | undefined,
): void {
  if (!queue) return;
  grantReceive(queue, fn);
  const mapping = new EventSourceMapping(scope, "DoorbellMapping", {
    target: fn,
    eventSourceArn: queue.queueArn,
    batchSize: RINGS_AT_ONCE,
    reportBatchItemFailures: true,
  });
  acknowledge(mapping, {
    "Serverless-LambdaEventSourceMappingDestination":
      "Queues have no destination for failures: the doorbell's own dead-letter queue takes its rings.",
  });
  if (doorbell?.ringAgain) grantSend(queue, fn);
}
