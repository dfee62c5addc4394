// What comes with a forwarder, read from the template.
import { Duration } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { JetStreamForwarder, NatsConnection, Target } from "jetstream-aws-bridge";
import { expect, test } from "vitest";
import { everyBridge } from "../support/every-bridge.ts";
import { LEAST, read } from "../support/read-config.ts";
import { templateOf } from "../support/synthesized.ts";

const queue = Template.fromStack(everyBridge()["Queue"]!.stack);
const fifo = Template.fromStack(everyBridge()["Fifo"]!.stack);

type Resource = Readonly<Record<string, unknown>>;

/** The only resource of a type whose logical id begins like this. */
function resource(template: Template, type: string, start: string): Resource {
  const found = Object.entries(template.findResources(type)).filter(([id]) => id.startsWith(start));
  expect(found.map(([id]) => id)).toHaveLength(1);
  return found[0]![1];
}

function idsOf(template: Template, type: string, start: string): readonly string[] {
  return Object.keys(template.findResources(type)).filter((id) => id.startsWith(start));
}

test("always: a tick each minute starts a run that ends 55 s after, and late or failed ticks are dropped", () => {
  queue.hasResourceProperties("AWS::Lambda::Function", {
    Handler: "index.handler",
    Runtime: "nodejs24.x",
    Architectures: ["arm64"],
    Timeout: 64,
    ReservedConcurrentExecutions: Match.absent(),
    Environment: {
      Variables: { WAKE_INTERVAL: "60s", IDLE_TIMEOUT: "55s", JETSTREAM_ACK_WAIT: "10s" },
    },
  });
  const expression = { ScheduleExpression: "rate(1 minute)" };
  expect(resource(queue, "AWS::Scheduler::Schedule", "Always")["Properties"]).toMatchObject({
    ...expression,
    FlexibleTimeWindow: { Mode: "OFF" },
    Target: { RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 } },
  });
  expect(resource(queue, "AWS::Lambda::EventInvokeConfig", "Always")["Properties"]).toMatchObject({
    MaximumEventAgeInSeconds: 60,
    MaximumRetryAttempts: 0,
  });
});

/** What the bridge itself takes, told nothing. */
const usualTimeout = Duration.millis(read(LEAST).config?.nats.timeoutMs ?? 0);

test.each([
  [
    "as long as the bridge itself waits by default",
    undefined,
    undefined,
    55 + 3 * usualTimeout.toSeconds(),
    "55s",
  ],
  ["as the connection waits", Duration.seconds(5), undefined, 70, "55s"],
  ["in whole seconds", Duration.millis(100), undefined, 56, "55s"],
  ["at most half of it all", Duration.minutes(1), undefined, 110, "55s"],
  ["of a timeout that was given", undefined, Duration.seconds(50), 50, "50s"],
])("always: time to settle, %s", (_, waits, timeout, Timeout, IDLE_TIMEOUT) => {
  const template = templateOf((stack) => {
    const url = "nats://nats.example.com";
    const nats = new NatsConnection(stack, "Mine", { url, ...(waits && { timeout: waits }) });
    const target = Target.queue(new Queue(stack, "Queue"));
    const props = { nats, stream: "ORDERS", target, ...(timeout && { timeout }) };
    new JetStreamForwarder(stack, "Orders", props);
  });
  const Environment = { Variables: { IDLE_TIMEOUT } };
  const expected = { Handler: "index.handler", Timeout, Environment };
  template.hasResourceProperties("AWS::Lambda::Function", expected);
});

test("nothing of it is changed before its preflight has passed, with the bridge's role, code and settings", () => {
  for (const start of ["Always", "Both"]) {
    const fn = resource(queue, "AWS::Lambda::Function", `${start}Function`);
    const check = resource(queue, "AWS::Lambda::Function", `${start}PreflightCheckFunction`);
    const [preflight] = idsOf(queue, "Custom::JetStreamBridge", `${start}PreflightCheck`);
    expect(fn["DependsOn"]).toContain(preflight);
    const [mine, its] = [fn["Properties"] as Resource, check["Properties"] as Resource];
    expect([its["Role"], its["Code"]]).toEqual([mine["Role"], mine["Code"]]);
    expect(its["Environment"]).toEqual(mine["Environment"]);
  }
});

interface Environment {
  readonly Variables: Readonly<Record<string, unknown>>;
}

test("stronger credentials make the consumer first; then the bridge's own only check it", () => {
  const provision = resource(queue, "Custom::JetStreamBridge", "AlwaysPreflightConsumer");
  expect(provision["Properties"]).toMatchObject({
    ManageConsumer: "create",
    OnDelete: "retain",
    Checks: "consumer",
  });
  const check = resource(queue, "Custom::JetStreamBridge", "AlwaysPreflightCheck");
  expect(check["Properties"]).toMatchObject({ ManageConsumer: "verify", Checks: "all" });
  expect(check["DependsOn"]).toContain(
    idsOf(queue, "Custom::JetStreamBridge", "AlwaysPreflightConsumer")[0],
  );
});

test("dead letters are encrypted, closed to plain HTTP, kept for 14 days, and outlive the bridge", () => {
  const dead = resource(queue, "AWS::SQS::Queue", "AlwaysDeadLetters");
  expect(dead).toMatchObject({
    DeletionPolicy: "RetainExceptOnCreate",
    UpdateReplacePolicy: "Retain",
    Properties: { SqsManagedSseEnabled: true, MessageRetentionPeriod: 14 * 86_400 },
  });
  for (const start of ["AlwaysDeadLetters", "BothDoorbell"]) {
    const [id] = idsOf(queue, "AWS::SQS::Queue", start);
    queue.hasResourceProperties("AWS::SQS::QueuePolicy", {
      Queues: [{ Ref: id }],
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: "Deny",
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          }),
        ]),
      },
    });
  }
});

test("a log group of its own, for a month", () => {
  expect(resource(queue, "AWS::Logs::LogGroup", "AlwaysLogGroup")).toMatchObject({
    DeletionPolicy: "Delete",
    Properties: { RetentionInDays: 30 },
  });
  const { LoggingConfig } = resource(queue, "AWS::Lambda::Function", "AlwaysFunction")[
    "Properties"
  ] as Resource;
  expect(LoggingConfig).toEqual({
    LogGroup: { Ref: idsOf(queue, "AWS::Logs::LogGroup", "AlwaysLogGroup")[0] },
  });
});

test("the doorbell answers one ring after the other, and hides a ring for its run and 30 s more", () => {
  const id = idsOf(queue, "AWS::SQS::Queue", "BothDoorbell").find(
    (one) => !one.startsWith("BothDoorbellDead"),
  );
  const timeout = 115; // 5 s before the next tick
  expect(queue.findResources("AWS::SQS::Queue")[id!]?.["Properties"]).toMatchObject({
    FifoQueue: true,
    ContentBasedDeduplication: false,
    SqsManagedSseEnabled: true,
    VisibilityTimeout: timeout + 30,
    RedrivePolicy: { maxReceiveCount: 5 },
  });
  expect(resource(queue, "AWS::Lambda::EventSourceMapping", "Both")["Properties"]).toMatchObject({
    BatchSize: 10,
    FunctionResponseTypes: ["ReportBatchItemFailures"],
  });
  expect(resource(queue, "AWS::Lambda::Function", "BothFunction")["Properties"]).toMatchObject({
    Timeout: timeout,
    Environment: { Variables: { DOORBELL_QUEUE_URL: { Ref: id } } },
  });
});

test("the name of the consumer is another for each bridge, account and region", () => {
  const fn = resource(queue, "AWS::Lambda::Function", "AlwaysFunction")["Properties"] as Resource;
  expect((fn["Environment"] as Environment).Variables["JETSTREAM_CONSUMER"]).toEqual({
    "Fn::Join": [
      "",
      [
        expect.stringMatching(/^Queue-Always-[0-9A-F]{8}-$/),
        { Ref: "AWS::AccountId" },
        "-",
        { Ref: "AWS::Region" },
      ],
    ],
  });
});

test("an ordered bridge: group, and a retry delay below what SQS remembers", () => {
  fifo.hasResourceProperties("AWS::Lambda::Function", {
    Handler: "index.handler",
    Timeout: 64,
    Environment: {
      Variables: { SQS_MESSAGE_GROUP_ID: "{subject}", RETRY_DELAY_MAX: "120s" },
    },
  });
});

test("nothing has a physical name of its own", () => {
  const names = {
    "AWS::Lambda::Function": "FunctionName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::ECS::Service": "ServiceName",
    "AWS::EC2::SecurityGroup": "GroupName",
  };
  for (const [type, name] of Object.entries(names)) {
    expect(queue.findResources(type)).not.toEqual({});
    expect(queue.findResources(type, { Properties: { [name]: Match.anyValue() } })).toEqual({});
  }
});

test("outputs say what was made", () => {
  const { Outputs } = queue.toJSON() as { Outputs: Resource };
  const names = Object.keys(Outputs).map((name) => name.slice(0, -8));
  for (const name of [
    "Consumer",
    "LogGroupName",
    "FunctionName",
    "DeadLetterQueueUrl",
    "DoorbellUrl",
  ]) {
    expect(names).toContain(`Both${name}`);
  }
  expect(names).toContain("FargateServiceName");
});
