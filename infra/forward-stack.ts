import {
  Annotations,
  CfnOutput,
  Duration,
  RemovalPolicy,
  Stack,
  type StackProps,
} from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Function, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Schedule, ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { OptionName } from "../functions/bridge/config.ts";
import { bundle } from "./bundle.ts";

export type ForwardStackProps = StackProps & {
  readonly natsUrl: string;
  readonly stream: string;
  /** The durable consumer; it must exist, the function does not make it. */
  readonly consumer: string;
};

/** One JetStream consumer forwarded to one SQS queue by a function that wakes each minute. */
export class ForwardStack extends Stack {
  constructor(scope: Construct, id: string, props: ForwardStackProps) {
    super(scope, id, props);

    const deadLetters = new Queue(this, "DeadLetters", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const queue = new Queue(this, "Queue", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: 5 },
    });

    // Not the managed role for Lambda: that may write to every log group of the account.
    const role = new Role(this, "ForwardRole", {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
    });
    const logGroup = new LogGroup(this, "ForwardLog", {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const options: Partial<Record<OptionName, string>> = {
      NATS_URL: props.natsUrl,
      JETSTREAM_STREAM: props.stream,
      JETSTREAM_CONSUMER: props.consumer,
      SQS_QUEUE_URL: queue.queueUrl,
      DEAD_LETTER_QUEUE_URL: deadLetters.queueUrl,
    };
    const forward = new Function(this, "Forward", {
      description: `Forwards ${props.stream} (consumer ${props.consumer}) from NATS JetStream to SQS`,
      code: bundle("forward.lambda.ts"),
      handler: "index.handler",
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      // Ends before the next minute's tick, so that two runs do not meet.
      timeout: Duration.seconds(55),
      role,
      logGroup,
      environment: { ...options, NODE_OPTIONS: "--enable-source-maps" },
    });
    logGroup.grantWrite(role);
    for (const target of [queue, deadLetters]) {
      target.grant(role, "sqs:SendMessage", "sqs:GetQueueAttributes");
    }

    // A missed tick is replaced by the next one: late or repeated ticks would only make runs meet.
    forward.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.seconds(60) });
    new Schedule(this, "EachMinute", {
      schedule: ScheduleExpression.rate(Duration.minutes(1)),
      target: new LambdaInvoke(forward, { retryAttempts: 0, maxEventAge: Duration.seconds(60) }),
    });

    if (hasCredentials(props.natsUrl)) {
      Annotations.of(forward).addWarningV2(
        "jetstream-aws-bridge:credentials-in-url",
        "natsUrl holds credentials: whoever may read the function's configuration can read them",
      );
    }
    new CfnOutput(this, "QueueUrl", { value: queue.queueUrl });
    new CfnOutput(this, "DeadLetterQueueUrl", { value: deadLetters.queueUrl });
    new CfnOutput(this, "FunctionName", { value: forward.functionName });
  }
}

function hasCredentials(urls: string): boolean {
  return urls.split(",").some((url) => url.includes("@"));
}
