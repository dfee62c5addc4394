// Values that are known only while deploying, and resources of other apps: taken as they are.
import { CfnParameter, Duration, Size, Stack } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { EventBus } from "aws-cdk-lib/aws-events";
import { Function } from "aws-cdk-lib/aws-lambda";
import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { type ISecret, Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Queue } from "aws-cdk-lib/aws-sqs";
import {
  DeliverPolicy,
  JetStreamEventSource,
  JetStreamForwarder,
  NatsConnection,
  Target,
  Wake,
} from "jetstream-aws-bridge";
import { describe, expect, test } from "vitest";
import { refusal, templateOf, testApp } from "../support/synthesized.ts";

function text(stack: Stack, id: string): string {
  return new CfnParameter(stack, id).valueAsString;
}

function count(stack: Stack, id: string): number {
  return new CfnParameter(stack, id, { type: "Number" }).valueAsNumber;
}

function environmentOf(template: Template): Readonly<Record<string, unknown>> {
  const [fn] = Object.values(
    template.findResources("AWS::Lambda::Function", { Properties: { Handler: "index.handler" } }),
  );
  return fn?.["Properties"].Environment.Variables as Record<string, unknown>;
}

test("everything that can be a parameter is one", () => {
  const stack = new Stack(testApp(), "Test");
  const nats = new NatsConnection(stack, "Nats", {
    url: text(stack, "Url"),
    domain: text(stack, "Domain"),
    timeout: Duration.millis(count(stack, "Millis")),
  });
  new JetStreamForwarder(stack, "Orders", {
    nats,
    stream: text(stack, "Stream"),
    consumer: text(stack, "Consumer"),
    target: Target.queue(Queue.fromQueueArn(stack, "Queue", text(stack, "QueueArn"))),
    wake: Wake.schedule(ScheduleExpression.expression(text(stack, "Schedule"))).orDoorbell(),
    timeout: Duration.seconds(count(stack, "Timeout")),
    ackWait: Duration.seconds(count(stack, "AckWait")),
    maxRecordAge: Duration.hours(count(stack, "Hours")),
    concurrency: count(stack, "Concurrency"),
    deliverPolicy: DeliverPolicy.byStartSequence(count(stack, "Sequence")),
  });
  const template = Template.fromStack(stack);
  const join = (Ref: string, unit: string): object => ({ "Fn::Join": ["", [{ Ref }, unit]] });
  expect(environmentOf(template)).toMatchObject({
    NATS_URL: { Ref: "Url" },
    NATS_JS_DOMAIN: { Ref: "Domain" },
    NATS_TIMEOUT: join("Millis", "ms"),
    JETSTREAM_STREAM: { Ref: "Stream" },
    JETSTREAM_CONSUMER: { Ref: "Consumer" },
    JETSTREAM_ACK_WAIT: join("AckWait", "s"),
    MAXIMUM_RECORD_AGE: join("Hours", "h"),
    CONCURRENCY: { Ref: "Concurrency" },
    JETSTREAM_OPT_START_SEQ: { Ref: "Sequence" },
  });
  template.hasResourceProperties("AWS::Lambda::Function", { Timeout: { Ref: "Timeout" } });
  template.hasResourceProperties("AWS::Scheduler::Schedule", {
    ScheduleExpression: { Ref: "Schedule" },
  });
  // As long as a function can run, and more.
  template.hasResourceProperties("AWS::SQS::Queue", { FifoQueue: true, VisibilityTimeout: 930 });
  template.hasResourceProperties("AWS::CloudWatch::Alarm", {
    Dimensions: [
      { Name: "Consumer", Value: { Ref: "Consumer" } },
      { Name: "Stream", Value: { Ref: "Stream" } },
    ],
  });
});

test("what is known beside a parameter is still checked", () => {
  const message = refusal((stack, nats) => {
    const queue = Queue.fromQueueArn(stack, "Queue", text(stack, "QueueArn"));
    new JetStreamForwarder(stack, "Orders", {
      nats,
      stream: text(stack, "Stream"),
      target: Target.queue(queue, { groupBy: "{subject}" }),
    });
  });
  expect(message).toContain("Queue.fromQueueAttributes({ queueArn, fifo: true })");
});

test("a FIFO queue whose ARN is a parameter", () => {
  const template = templateOf((stack, nats) => {
    const queueArn = text(stack, "QueueArn");
    const queue = Queue.fromQueueAttributes(stack, "Queue", { queueArn, fifo: true });
    const target = Target.queue(queue, { groupBy: "{subject}" });
    new JetStreamForwarder(stack, "Orders", { nats, stream: "ORDERS", target });
  });
  expect(environmentOf(template)).toMatchObject({ SQS_MESSAGE_GROUP_ID: "{subject}" });
});

describe("imported", () => {
  const arn = (service: string, rest: string): string =>
    `arn:aws:${service}:eu-west-1:123456789012:${rest}`;

  test("a bus, by its ARN", () => {
    const template = templateOf((stack, nats) => {
      const bus = EventBus.fromEventBusArn(stack, "Bus", arn("events", "event-bus/orders"));
      const target = Target.eventBus(bus, { maxSize: Size.kibibytes(200) });
      new JetStreamForwarder(stack, "Orders", { nats, stream: "ORDERS", target });
    });
    expect(environmentOf(template)).toMatchObject({
      EVENT_BUS_NAME: arn("events", "event-bus/orders"),
      EVENT_MAX_SIZE: "204800",
    });
    template.hasResourceProperties("AWS::IAM::Policy", {
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Action: ["events:DescribeEventBus", "events:PutEvents"],
            Effect: "Allow",
            Resource: arn("events", "event-bus/orders"),
          },
        ]),
      },
    });
  });

  test("a function, as a target and as the owner of an event source", () => {
    const template = templateOf((stack, nats) => {
      const fn = Function.fromFunctionArn(stack, "Fn", arn("lambda", "function:orders"));
      fn.addEventSource(new JetStreamEventSource({ nats, stream: "ORDERS", batchSize: 100 }));
    });
    expect(environmentOf(template)).toMatchObject({
      FUNCTION_ARN: arn("lambda", "function:orders"),
      BATCH_SIZE: "100",
    });
    template.resourceCountIs("AWS::Scheduler::Schedule", 1);
  });

  test.each([
    ["by name", (stack: Stack): ISecret => Secret.fromSecretNameV2(stack, "S", "nats/bridge")],
    [
      "by a part of its ARN",
      (stack: Stack): ISecret =>
        Secret.fromSecretPartialArn(stack, "S", arn("secretsmanager", "secret:nats/bridge")),
    ],
  ])("a secret, %s: the suffix alone is left open", (_, secretOf) => {
    const stack = new Stack(testApp(), "Test");
    const nats = new NatsConnection(stack, "Nats", {
      url: "nats://nats.example.com",
      secret: secretOf(stack),
    });
    const target = Target.queue(new Queue(stack, "Queue"));
    new JetStreamForwarder(stack, "Orders", { nats, stream: "ORDERS", target });
    const template = Template.fromStack(stack);
    const policies = JSON.stringify(template.findResources("AWS::IAM::Policy"));
    expect(policies).toContain("secret:nats/bridge-??????");
    expect(JSON.stringify(environmentOf(template)["NATS_SECRET_ARN"])).toMatch(
      /secret:nats\/bridge"?/,
    );
  });

  test("by the whole ARN: nothing is left open", () => {
    const whole = arn("secretsmanager", "secret:nats/bridge-AbCdEf");
    const stack = new Stack(testApp(), "Test");
    const secret = Secret.fromSecretCompleteArn(stack, "S", whole);
    const nats = new NatsConnection(stack, "Nats", { url: "nats://nats.example.com", secret });
    const target = Target.queue(new Queue(stack, "Queue"));
    new JetStreamForwarder(stack, "Orders", { nats, stream: "ORDERS", target });
    const template = Template.fromStack(stack);
    expect(environmentOf(template)["NATS_SECRET_ARN"]).toBe(whole);
    expect(JSON.stringify(template.findResources("AWS::IAM::Policy"))).not.toContain("??????");
  });
});
