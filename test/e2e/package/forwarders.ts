// An app without a handler of its own: nothing in it has to be bundled.
import { App, Duration, Stack } from "aws-cdk-lib";
import { Vpc } from "aws-cdk-lib/aws-ec2";
import { Cluster } from "aws-cdk-lib/aws-ecs";
import { EventBus } from "aws-cdk-lib/aws-events";
import { Code, Function, Runtime } from "aws-cdk-lib/aws-lambda";
import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Queue } from "aws-cdk-lib/aws-sqs";
import {
  DeliverPolicy,
  ForwarderCompute,
  JetStreamEventSource,
  JetStreamForwarder,
  NatsConnection,
  Target,
  Wake,
} from "jetstream-aws-bridge";

const stack = new Stack(new App(), "Forwarders");
const nats = new NatsConnection(stack, "Nats", {
  url: "tls://nats.example.com:4222",
  secret: Secret.fromSecretNameV2(stack, "Secret", "nats/bridge"),
});

new JetStreamForwarder(stack, "ToQueue", {
  nats,
  stream: "ORDERS",
  filterSubjects: ["orders.eu.>"],
  deliverPolicy: DeliverPolicy.new(),
  target: Target.queue(new Queue(stack, "Queue", { fifo: true }), { groupBy: "{subject.2}" }),
});

new JetStreamForwarder(stack, "ToBus", {
  nats,
  stream: "ORDERS",
  target: Target.eventBus(EventBus.fromEventBusName(stack, "Bus", "orders")),
  wake: Wake.schedule(ScheduleExpression.rate(Duration.minutes(5))).orDoorbell(),
});

const fn = new Function(stack, "Mine", {
  code: Code.fromInline("exports.handler = async () => {}"),
  handler: "index.handler",
  runtime: Runtime.NODEJS_24_X,
});
fn.addEventSource(new JetStreamEventSource({ nats, stream: "ORDERS" }));

const vpc = Vpc.fromVpcAttributes(stack, "Vpc", {
  vpcId: "vpc-1",
  availabilityZones: ["eu-west-1a"],
  privateSubnetIds: ["subnet-1"],
});
const cluster = Cluster.fromClusterAttributes(stack, "Cluster", { clusterName: "bridges", vpc });
new JetStreamForwarder(stack, "InContainer", {
  nats,
  stream: "ORDERS",
  target: Target.queue(new Queue(stack, "Other")),
  compute: ForwarderCompute.fargate({ cluster }),
});
