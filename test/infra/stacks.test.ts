// A bridge whose parts are in stacks of their own: shared by several bridges, or of somebody else's making.
import { type App, Duration, Stack } from "aws-cdk-lib";
import { type IVpc, Vpc } from "aws-cdk-lib/aws-ec2";
import { EventBus, type IEventBus } from "aws-cdk-lib/aws-events";
import { Key } from "aws-cdk-lib/aws-kms";
import { Code, Function, Runtime } from "aws-cdk-lib/aws-lambda";
import { Bucket, type IBucket } from "aws-cdk-lib/aws-s3";
import { type ISecret, Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Queue } from "aws-cdk-lib/aws-sqs";
import {
  type BridgeProps,
  JetStreamEventSource,
  JetStreamForwarder,
  NatsConnection,
  Target,
  Wake,
} from "jetstream-aws-bridge";
import { expect, test } from "vitest";
import { testApp } from "../support/synthesized.ts";

const visibilityTimeout = Duration.seconds(400);

/** All that bridges of other stacks share, encrypted with one key. */
function shared(app: App): BridgeProps & { readonly wake: Wake } {
  const stack = new Stack(app, "Shared");
  const encryptionKey = new Key(stack, "Key");
  const queue = (id: string): Queue =>
    new Queue(stack, id, { encryptionMasterKey: encryptionKey, visibilityTimeout });
  const secret = (id: string): ISecret => new Secret(stack, id, { encryptionKey }) as ISecret;
  const nats = new NatsConnection(stack, "Nats", {
    url: "nats://nats.example.com",
    vpc: new Vpc(stack, "Vpc", { maxAzs: 1 }) as IVpc,
    secret: secret("Secret"),
    provisioningSecret: secret("Provisioning"),
  });
  return {
    nats,
    stream: "ORDERS",
    deadLetterQueue: queue("Dead"),
    deadLetterBucket: new Bucket(stack, "DeadObjects", { encryptionKey }) as IBucket,
    wake: Wake.doorbell(queue("Doorbell"), { ringAgain: true }),
  };
}

function functionOf(stack: Stack): Function {
  return new Function(stack, "Fn", {
    code: Code.fromInline("exports.handler = async () => {}"),
    handler: "index.handler",
    runtime: Runtime.NODEJS_24_X,
  });
}

/** The names of those that a stack is deployed after. */
function before(stack: Stack): readonly string[] {
  return stack.dependencies.map(({ stackName }) => stackName).toSorted();
}

test("a connection, secrets, stores of dead letters and a doorbell in one stack, bridges and targets in others", () => {
  const app = testApp();
  const props = shared(app);
  const targets = new Stack(app, "Targets");
  const encryptionMasterKey = new Key(targets, "Key");
  const bridges = new Stack(app, "Bridges");
  const all = {
    ToQueue: Target.queue(new Queue(targets, "Queue", { encryptionMasterKey })),
    ToBus: Target.eventBus(new EventBus(targets, "Bus") as IEventBus),
    ToFunction: Target.function(functionOf(targets)),
  };
  for (const [id, target] of Object.entries(all)) {
    new JetStreamForwarder(bridges, id, { ...props, target });
  }
  app.synth();
  expect(before(bridges)).toEqual(["Shared", "Targets"]);
  expect(before(targets)).toEqual([]);
});

test("an event source of a function in another stack than the connection", () => {
  const app = testApp();
  const functions = new Stack(app, "Functions");
  functionOf(functions).addEventSource(new JetStreamEventSource(shared(app)));
  app.synth();
  expect(before(functions)).toEqual(["Shared"]);
});
