// What wakes the function of a bridge: ticks of a schedule, and messages of a doorbell.
import { Duration } from "aws-cdk-lib";
import type { Function } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Schedule, ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import { type CfnQueue, type IQueue, Queue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { refuse } from "./refuse.ts";
import { type Doorbell, doorbellProblems, doorbellVisibility } from "./clocks.ts";
import { newDoorbell } from "./dead-letters.ts";
import { grantSend } from "./grants.ts";
import { known } from "./known.ts";
import type { WakeParts } from "./wake.ts";

/** A tick that is late or lost is replaced by the next: repeated or late ones would only make runs meet. */
const TICK = { retryAttempts: 0, maxEventAge: Duration.seconds(60) } as const;

/** Messages of one invocation: all rings are one drain. 10 is the most for a FIFO queue. */
const RINGS_AT_ONCE = 10;

/** The doorbell queue: the one that was brought along, or a new one. */
export function doorbellOf(
  scope: Construct,
  { doorbell }: WakeParts,
  timeout: Duration,
): IQueue | undefined {
  if (!doorbell) return undefined;
  const seconds = known(timeout);
  if (!doorbell.queue) return newDoorbell(scope, Duration.seconds(doorbellVisibility(seconds)));
  if (seconds !== undefined) refuse(scope, doorbellProblems(knownOf(doorbell.queue), seconds));
  return doorbell.queue;
}

/** What can be read off a queue of the same app. */
function knownOf(queue: IQueue): Doorbell {
  if (!(queue instanceof Queue)) return {};
  const { visibilityTimeout } = queue.node.defaultChild as CfnQueue;
  return {
    // What SQS takes when nothing is set.
    visibilitySeconds: visibilityTimeout ?? 30,
    maxReceiveCount: queue.deadLetterQueue?.maxReceiveCount,
  };
}

export function wakeBySchedule(
  scope: Construct,
  fn: Function,
  { always, schedule }: WakeParts,
): void {
  const expression = always ? ScheduleExpression.rate(Duration.minutes(1)) : schedule;
  fn.configureAsyncInvoke(TICK);
  if (!expression) return;
  new Schedule(scope, "Schedule", {
    schedule: expression,
    target: new LambdaInvoke(fn, TICK),
  });
}

export function wakeByDoorbell(
  fn: Function,
  { doorbell }: WakeParts,
  queue: IQueue | undefined,
): void {
  if (!queue) return;
  fn.addEventSource(
    new SqsEventSource(queue, { batchSize: RINGS_AT_ONCE, reportBatchItemFailures: true }),
  );
  if (doorbell?.ringAgain) grantSend(queue, fn);
}
