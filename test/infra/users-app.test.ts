// An app of somebody else's: its own defaults, mixins and grants apply to what the constructs make.
import {
  App,
  type CfnElement,
  Duration,
  type IPropertyInjector,
  Mixins,
  PropertyInjectors,
  Stack,
} from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { AttributeType, type ITable, Table } from "aws-cdk-lib/aws-dynamodb";
import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { CfnQueue, Queue, type QueueProps } from "aws-cdk-lib/aws-sqs";
import type { IConstruct } from "constructs";
import {
  JetStreamForwarder,
  JetStreamFunction,
  NatsConnection,
  Target,
  Wake,
} from "jetstream-aws-bridge";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/leave-nothing.ts";
import { templateOf, testApp } from "../support/synthesized.ts";

function forwarder(stack: Stack): JetStreamForwarder {
  return new JetStreamForwarder(stack, "Orders", {
    nats: new NatsConnection(stack, "Nats", { url: "nats://nats.example.com" }),
    stream: "ORDERS",
    target: Target.queue(new Queue(stack, "Queue")),
    wake: Wake.doorbell(),
  });
}

class SevenDays implements IPropertyInjector {
  readonly constructUniqueId = Queue.PROPERTY_INJECTION_ID;

  inject(props: QueueProps): QueueProps {
    return { ...props, retentionPeriod: Duration.days(7) };
  }
}

test("a property injector reaches every queue", () => {
  const stack = new Stack(testApp(), "Test");
  PropertyInjectors.of(stack).add(new SevenDays());
  forwarder(stack);
  const queues = Object.values(Template.fromStack(stack).findResources("AWS::SQS::Queue"));
  expect(queues).toHaveLength(4);
  for (const { Properties } of queues) {
    expect(Properties).toMatchObject({ MessageRetentionPeriod: 7 * 86_400 });
  }
});

test("a mixin reaches every queue", () => {
  const stack = new Stack(testApp(), "Test");
  const bridge = forwarder(stack);
  Mixins.of(bridge).apply({
    supports: (construct: IConstruct): construct is CfnQueue => construct instanceof CfnQueue,
    applyTo: (construct: IConstruct): void => {
      (construct as CfnQueue).delaySeconds = 1;
    },
  });
  const template = Template.fromStack(stack);
  template.resourcePropertiesCountIs("AWS::SQS::Queue", { DelaySeconds: 1 }, 3);
});

test("an app without feature flags", () => {
  const context = { "aws:cdk:bundling-stacks": [] };
  const stack = new Stack(new App({ outdir: temporaryFolder(), context }), "Test");
  forwarder(stack);
  Template.fromStack(stack).resourceCountIs("Custom::JetStreamBridge", 1);
});

test("rights, variables and metrics of the function are the user's to add", () => {
  const template = templateOf((stack, nats) => {
    const ship = new JetStreamFunction(stack, "Ship", {
      nats,
      stream: "ORDERS",
      entry: "functions/handlers/ship-order.ts",
      wake: Wake.schedule(ScheduleExpression.rate(Duration.minutes(5))),
      environment: { CARRIER: "one" },
    });
    const partitionKey = { name: "id", type: AttributeType.STRING };
    const table: ITable = new Table(stack, "Table", { partitionKey }) as ITable;
    table.grantWriteData(ship);
    ship.function.addEnvironment("TABLE", table.tableName);
    ship.function.metricErrors().createAlarm(stack, "Errors", {
      threshold: 1,
      evaluationPeriods: 1,
    });
  });
  template.hasResourceProperties("AWS::Lambda::Function", {
    Handler: "index.handler",
    Environment: { Variables: { CARRIER: "one", TABLE: Match.anyValue() } },
  });
  template.hasResourceProperties("AWS::IAM::Policy", {
    Roles: [{ Ref: Match.stringLikeRegexp("^ShipRole") }],
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Action: Match.arrayWith(["dynamodb:PutItem"]) }),
      ]),
    },
  });
});

test("logical ids stay as they are: another one would replace what it names", () => {
  const stack = new Stack(testApp(), "Test");
  forwarder(stack);
  const ids = stack.node
    .findAll()
    .filter((one): one is CfnElement => "logicalId" in one)
    .map((one) => one.node.path)
    .filter((path) => path.startsWith("Test/Orders/"));
  expect(ids.map((path) => path.slice("Test/Orders/".length)).toSorted()).toMatchInlineSnapshot(`
    [
      "Consumer",
      "DeadLetterQueueUrl",
      "DeadLetteredAlarm/Resource",
      "DeadLetters/Policy/Resource",
      "DeadLetters/Resource",
      "Doorbell/Policy/Resource",
      "Doorbell/Resource",
      "DoorbellDeadLetters/Policy/Resource",
      "DoorbellDeadLetters/Resource",
      "DoorbellMapping/Resource",
      "DoorbellUrl",
      "ExpiredAlarm/Resource",
      "ForwardLagAlarm/Resource",
      "Function/EventInvokeConfig/Resource",
      "Function/Resource",
      "FunctionName",
      "LogGroup/Resource",
      "LogGroupName",
      "NotReadyAlarm/Resource",
      "Preflight/Consumer/Default",
      "Preflight/ConsumerFunction/Resource",
      "RetentionHeadroomAlarm/Resource",
      "Role/DefaultPolicy/Resource",
      "Role/Resource",
      "UnaccountedAlarm/Resource",
    ]
  `);
});
