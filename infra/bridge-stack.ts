import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import { EventBus } from "aws-cdk-lib/aws-events";
import { Function } from "aws-cdk-lib/aws-lambda";
import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { type ISecret, Secret } from "aws-cdk-lib/aws-secretsmanager";
import { type IQueue, Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import {
  JetStreamForwarder,
  JetStreamFunction,
  NatsConnection,
  Target,
  Wake,
} from "./constructs/index.ts";
import { newDeadLetterQueue } from "./constructs/dead-letters.ts";
import type { BridgeSettings, Destination } from "./bridge-settings.ts";

/** One bridge, and what it forwards to. */
export class BridgeStack extends Stack {
  constructor(scope: Construct, settings: BridgeSettings, props: StackProps = {}) {
    super(scope, settings.name, {
      description: `${settings.stream} of NATS JetStream to AWS`,
      ...props,
    });
    const { consumer, filterSubjects, stream, to = { queue: {} } } = settings;
    const common = {
      nats: natsOf(this, settings),
      stream,
      ...(consumer !== undefined && { consumer }),
      ...(filterSubjects && { filterSubjects: [...filterSubjects] }),
    };
    if ("handler" in to) {
      const wake = Wake.schedule(ScheduleExpression.expression(to.schedule)).orDoorbell();
      new JetStreamFunction(this, "Bridge", { ...common, entry: to.handler, wake });
    } else {
      new JetStreamForwarder(this, "Bridge", { ...common, target: targetOf(this, to) });
    }
  }
}

function natsOf(
  scope: Construct,
  { natsInboxPrefix: inboxPrefix, natsSecret, natsUrl: url }: BridgeSettings,
): NatsConnection {
  return new NatsConnection(scope, "Nats", {
    url,
    ...(natsSecret !== undefined && { secret: secretOf(scope, natsSecret) }),
    ...(inboxPrefix !== undefined && { inboxPrefix }),
  });
}

function secretOf(scope: Construct, nameOrArn: string): ISecret {
  if (!nameOrArn.startsWith("arn:")) return Secret.fromSecretNameV2(scope, "Secret", nameOrArn);
  return /-[A-Za-z0-9]{6}$/.test(nameOrArn)
    ? Secret.fromSecretCompleteArn(scope, "Secret", nameOrArn)
    : Secret.fromSecretPartialArn(scope, "Secret", nameOrArn);
}

function targetOf(
  scope: Construct,
  to: Exclude<Destination, { readonly handler: string }>,
): Target {
  if ("queue" in to) return Target.queue(queueOf(scope, to.queue.groupBy), to.queue);
  if ("eventBus" in to) {
    return Target.eventBus(EventBus.fromEventBusName(scope, "Bus", to.eventBus));
  }
  const functionArn = to.functionArn;
  return Target.function(
    Function.fromFunctionAttributes(scope, "Target", { functionArn, sameEnvironment: true }),
  );
}

/** So often a receiver may fail with a message, before it is put aside. */
const MAX_RECEIVES = 5;

function queueOf(scope: Construct, groupBy: string | undefined): IQueue {
  const fifo = groupBy !== undefined;
  const queue = new Queue(scope, "Queue", {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    ...(fifo && { fifo }),
    deadLetterQueue: {
      queue: newDeadLetterQueue(scope, "QueueDeadLetters", fifo),
      maxReceiveCount: MAX_RECEIVES,
    },
  });
  new CfnOutput(scope, "QueueUrl", { value: queue.queueUrl });
  return queue;
}
