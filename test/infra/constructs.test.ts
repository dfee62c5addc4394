// The constructs, as an app of somebody else's uses them.
import { Duration } from "aws-cdk-lib";
import { type IVpc, Vpc } from "aws-cdk-lib/aws-ec2";
import { Cluster, type ICluster } from "aws-cdk-lib/aws-ecs";
import { EventBus, type IEventBus } from "aws-cdk-lib/aws-events";
import { Code, Function, Runtime } from "aws-cdk-lib/aws-lambda";
import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { Queue } from "aws-cdk-lib/aws-sqs";
import {
  ForwarderCompute,
  JetStreamEventSource,
  JetStreamForwarder,
  JetStreamFunction,
  Target,
  Wake,
} from "jetstream-aws-bridge";
import { expect, test } from "vitest";
import { templateOf } from "../support/synthesized.ts";

test("a forwarder to a queue is a function, woken each minute once its preflight has passed", () => {
  const template = templateOf((stack, nats) => {
    const target = Target.queue(new Queue(stack, "Queue"));
    new JetStreamForwarder(stack, "Orders", { nats, stream: "ORDERS", target });
  });
  template.resourceCountIs("AWS::Lambda::Function", 2);
  template.hasResourceProperties("AWS::Lambda::Function", {
    Handler: "index.handler",
    Timeout: 55,
  });
  template.hasResourceProperties("AWS::Scheduler::Schedule", {
    ScheduleExpression: "rate(1 minute)",
    Target: { RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 } },
  });
  const [preflight] = Object.keys(template.findResources("Custom::JetStreamBridge"));
  const [fn] = Object.values(
    template.findResources("AWS::Lambda::Function", { Properties: { Handler: "index.handler" } }),
  );
  expect(fn).toMatchObject({ DependsOn: expect.arrayContaining([preflight]) });
});

test("a forwarder to a bus, and one in a container", () => {
  const template = templateOf((stack, nats) => {
    const cluster = new Cluster(stack, "Cluster", {
      vpc: new Vpc(stack, "Vpc", { maxAzs: 2 }) as IVpc,
    });
    new JetStreamForwarder(stack, "Orders", {
      nats,
      stream: "ORDERS",
      target: Target.eventBus(new EventBus(stack, "Bus") as IEventBus),
      compute: ForwarderCompute.fargate({ cluster: cluster as ICluster }),
    });
  });
  template.resourceCountIs("AWS::ECS::Service", 1);
});

test("a handler that sleeps, and a function that stays as it is", () => {
  const template = templateOf((stack, nats) => {
    new JetStreamFunction(stack, "Ship", {
      nats,
      stream: "ORDERS",
      entry: "functions/handlers/ship-order.ts",
      wake: Wake.schedule(ScheduleExpression.rate(Duration.minutes(5))).orDoorbell(),
    });
    const code = Code.fromInline("exports.handler = async () => {}");
    const fn = new Function(stack, "Mine", {
      code,
      handler: "index.handler",
      runtime: Runtime.NODEJS_24_X,
    });
    fn.addEventSource(new JetStreamEventSource({ nats, stream: "ORDERS" }));
  });
  template.resourceCountIs("AWS::Lambda::EventSourceMapping", 1);
  template.resourceCountIs("Custom::JetStreamBridge", 2);
});
