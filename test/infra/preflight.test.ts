// Who makes the consumer, and who takes it along: read from the templates of one deployment and the next.
import { RemovalPolicy } from "aws-cdk-lib";
import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Queue } from "aws-cdk-lib/aws-sqs";
import {
  JetStreamForwarder,
  JetStreamFunction,
  NatsConnection,
  Target,
  Wake,
} from "jetstream-aws-bridge";
import { expect, test } from "vitest";
import { templateOf } from "../support/synthesized.ts";

interface Resource {
  readonly Properties: { readonly OnDelete: string; readonly ServiceToken: unknown };
}

/** The custom resources of a bridge whose consumer goes with it. */
function preflights(hasStrongerCredentials: boolean): Readonly<Record<string, Resource>> {
  const template = templateOf((stack) => {
    const secret = Secret.fromSecretNameV2(stack, "Secret", "nats/provisioning");
    const nats = new NatsConnection(stack, "Server", {
      url: "nats://nats.example.com",
      ...(hasStrongerCredentials && { provisioningSecret: secret }),
    });
    const target = Target.queue(new Queue(stack, "Queue"));
    const consumerRemovalPolicy = RemovalPolicy.DESTROY;
    new JetStreamForwarder(stack, "Orders", {
      nats,
      stream: "ORDERS",
      target,
      consumerRemovalPolicy,
    });
  });
  return template.findResources("Custom::JetStreamBridge") as Readonly<Record<string, Resource>>;
}

test("credentials to make the consumer come and go, and no resource that goes takes the consumer along", () => {
  const [without, withThem] = [preflights(false), preflights(true)];
  const removing = (all: typeof without): readonly (readonly [string, unknown])[] =>
    Object.entries(all)
      .filter(([, { Properties }]) => Properties.OnDelete === "delete")
      .map(([id, { Properties }]) => [id, Properties.ServiceToken]);
  expect(removing(without)).toHaveLength(1);
  // CloudFormation does not allow another function behind a resource, either.
  expect(removing(withThem)).toEqual(removing(without));
  expect(Object.keys(withThem)).toHaveLength(2);
});

test("what the user says to Node is said to the preflight as well, which loads the same code", () => {
  const environment = { NODE_OPTIONS: "--import ./tracing.mjs" };
  const template = templateOf((stack, nats) => {
    const wake = Wake.schedule(ScheduleExpression.expression("rate(5 minutes)"));
    const entry = "functions/handlers/ship-order.ts";
    new JetStreamFunction(stack, "Ship", { nats, stream: "ORDERS", entry, wake, environment });
  });
  for (const Handler of ["index.handler", "preflight.handler"]) {
    template.hasResourceProperties("AWS::Lambda::Function", {
      Handler,
      Environment: { Variables: environment },
    });
  }
});
