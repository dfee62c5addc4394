// A forwarder in a container.
import { Match, Template } from "aws-cdk-lib/assertions";
import { type IVpc, Vpc } from "aws-cdk-lib/aws-ec2";
import { Cluster, ContainerImage, type ICluster } from "aws-cdk-lib/aws-ecs";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { Duration, type Stack } from "aws-cdk-lib";
import {
  ForwarderCompute,
  JetStreamForwarder,
  NatsConnection,
  Target,
  Wake,
} from "jetstream-aws-bridge";
import { expect, test } from "vitest";
import { everyBridge } from "../support/every-bridge.ts";
import { refusal, templateOf } from "../support/synthesized.ts";

const queue = Template.fromStack(everyBridge()["Queue"]!.stack);
const fifo = Template.fromStack(everyBridge()["Fifo"]!.stack);

test("runs as nobody special, on ARM, with nothing to write to, and is asked whether it is well", () => {
  queue.hasResourceProperties("AWS::ECS::TaskDefinition", {
    RequiresCompatibilities: ["FARGATE"],
    RuntimePlatform: { CpuArchitecture: "ARM64", OperatingSystemFamily: "LINUX" },
    ContainerDefinitions: [
      Match.objectLike({
        User: "1000",
        ReadonlyRootFilesystem: true,
        HealthCheck: Match.objectLike({
          Command: Match.arrayWith(["CMD", "node", Match.stringLikeRegexp("/healthz")]),
        }),
      }),
    ],
  });
});

test("what is under way ends before the platform kills it", () => {
  queue.hasResourceProperties("AWS::ECS::TaskDefinition", {
    ContainerDefinitions: [
      Match.objectLike({
        StopTimeout: 60,
        Environment: Match.arrayWith([
          { Name: "METRICS_NAMESPACE", Value: "JetStreamBridge" },
          { Name: "HEALTH_PORT", Value: "8080" },
          { Name: "SHUTDOWN_TIMEOUT", Value: "55s" },
        ]),
      }),
    ],
  });
});

test("a rollout keeps one running; where order is kept, the old one ends first", () => {
  const deployment = (minimum: number, maximum: number): object => ({
    DesiredCount: 1,
    DeploymentConfiguration: {
      MinimumHealthyPercent: minimum,
      MaximumPercent: maximum,
      DeploymentCircuitBreaker: { Enable: true, Rollback: true },
    },
  });
  queue.hasResourceProperties("AWS::ECS::Service", deployment(100, 200));
  fifo.hasResourceProperties("AWS::ECS::Service", deployment(0, 100));
});

test("is changed only once a function with the same rights and in the same network has checked everything", () => {
  const preflight = Object.keys(queue.findResources("Custom::JetStreamBridge")).find((id) =>
    id.startsWith("FargatePreflightCheck"),
  );
  queue.hasResource("AWS::ECS::Service", { DependsOn: Match.arrayWith([preflight]) });
  const [service] = Object.values(queue.findResources("AWS::ECS::Service"));
  const { AwsvpcConfiguration } = service!["Properties"].NetworkConfiguration;
  expect(AwsvpcConfiguration.AssignPublicIp).toBe("DISABLED");
  queue.hasResourceProperties("AWS::Lambda::Function", {
    Handler: "preflight.handler",
    VpcConfig: {
      SecurityGroupIds: AwsvpcConfiguration.SecurityGroups,
      SubnetIds: AwsvpcConfiguration.Subnets,
    },
  });
});

test("an image of the user's own, another place in the network, and copies", () => {
  const template = templateOf((stack, nats) => {
    const compute = ForwarderCompute.fargate({
      cluster: clusterOf(stack),
      image: ContainerImage.fromRegistry("example.com/bridge:1"),
      desiredCount: 3,
      stopTimeout: Duration.seconds(120),
      assignPublicIp: true,
    });
    const target = Target.queue(new Queue(stack, "Queue"));
    new JetStreamForwarder(stack, "Orders", { nats, stream: "ORDERS", target, compute });
  });
  template.hasResourceProperties("AWS::ECS::TaskDefinition", {
    ContainerDefinitions: [
      Match.objectLike({
        Image: "example.com/bridge:1",
        StopTimeout: 120,
        Environment: Match.arrayWith([{ Name: "SHUTDOWN_TIMEOUT", Value: "115s" }]),
      }),
    ],
  });
  template.hasResourceProperties("AWS::ECS::Service", { DesiredCount: 3 });
  template.hasResourceProperties("AWS::Lambda::Function", {
    Handler: "preflight.handler",
    VpcConfig: Match.absent(),
  });
});

test("what cannot be is refused, all at once", () => {
  const message = refusal((stack) => {
    const nats = new NatsConnection(stack, "Nats", {
      url: "nats://nats.example.com",
      vpc: new Vpc(stack, "Other") as IVpc,
    });
    const fifoQueue = new Queue(stack, "Queue", { fifo: true });
    const options = { cluster: clusterOf(stack), desiredCount: 2, stopTimeOut: 1 };
    new JetStreamForwarder(stack, "Orders", {
      nats,
      stream: "ORDERS",
      target: Target.queue(fifoQueue, { groupBy: "{subject}" }),
      compute: ForwarderCompute.fargate({ ...options, stopTimeout: Duration.minutes(5) }),
      memorySize: 512,
    });
  });
  expect(message.split("\n").map((line) => line.trim())).toEqual([
    "JetStreamForwarder Test/Orders:",
    "stopTimeOut: given a value to ForwarderCompute.fargate, expected none: there is no such option; did you mean stopTimeout?",
    "memorySize: given a value with ForwarderCompute.fargate, expected it with Lambda only",
    "stopTimeout: given 300 s, expected 10 to 120 s, which is Fargate's limit",
    "desiredCount: given 2 and a target that keeps order, expected 1: of several copies one goes on, and the others end",
    "cluster: given one in Test/Vpc and a connection in Test/Other, expected both in one network",
  ]);
});

test("does not sleep", () => {
  const message = refusal((stack) => {
    new JetStreamForwarder(stack, "Orders", {
      nats: new NatsConnection(stack, "Nats", { url: "nats://nats.example.com" }),
      stream: "ORDERS",
      target: Target.queue(new Queue(stack, "Queue")),
      compute: ForwarderCompute.fargate({ cluster: clusterOf(stack) }),
      wake: Wake.doorbell(),
    });
  });
  expect(message).toContain("expected Wake.always(): a container does not sleep");
});

function clusterOf(stack: Stack): ICluster {
  return new Cluster(stack, "Cluster", {
    vpc: new Vpc(stack, "Vpc", { maxAzs: 1 }) as IVpc,
  }) as ICluster;
}
