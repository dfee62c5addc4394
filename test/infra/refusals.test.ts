// What cannot work is refused before anything is deployed: where, what was given, what would be right.
import { App, Duration, Size, Stack } from "aws-cdk-lib";
import { Annotations, Match } from "aws-cdk-lib/assertions";
import { EventBus, type IEventBus } from "aws-cdk-lib/aws-events";
import { Code, Function, Runtime } from "aws-cdk-lib/aws-lambda";
import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { Queue } from "aws-cdk-lib/aws-sqs";
import {
  JetStreamEventSource,
  JetStreamForwarder,
  type JetStreamForwarderProps,
  JetStreamFunction,
  type JetStreamFunctionProps,
  NatsConnection,
  Target,
  Wake,
} from "jetstream-aws-bridge";
import { expect, test } from "vitest";
import { refusal, testApp } from "../support/synthesized.ts";

const FIVE_MINUTES = Wake.schedule(ScheduleExpression.rate(Duration.minutes(5)));

/** With whatever a compiler would refuse as well. */
type Loose<Props> = Partial<Props> & { readonly [name: string]: unknown };

function forwarder(props: (stack: Stack) => Loose<JetStreamForwarderProps>): string {
  return refusal((stack, nats) => {
    const queue = new Queue(stack, "Queue");
    const usual = { nats, stream: "ORDERS", target: Target.queue(queue) };
    new JetStreamForwarder(stack, "Orders", { ...usual, ...props(stack) });
  });
}

function handler(props: Loose<JetStreamFunctionProps>): string {
  return refusal((stack, nats) => {
    const entry = "functions/handlers/ship-order.ts";
    const usual = { nats, stream: "ORDERS", entry, wake: FIVE_MINUTES };
    new JetStreamFunction(stack, "Ship", { ...usual, ...props });
  });
}

const fifo = (stack: Stack): Queue => new Queue(stack, "Fifo", { fifo: true });
const asBus = (stack: Stack): IEventBus => new EventBus(stack, "Bus") as IEventBus;

test.each([
  [
    "a FIFO queue without group",
    (stack: Stack) => ({ target: Target.queue(fifo(stack)) }),
    "groupBy: given nothing with a FIFO queue, expected the group of a message",
  ],
  [
    "a group on a standard queue",
    (stack: Stack) => ({
      target: Target.queue(new Queue(stack, "Other"), { groupBy: "{subject}" }),
    }),
    'groupBy: given "{subject}" with a standard queue, expected it only with a FIFO queue',
  ],
  [
    "a group that no subject has",
    (stack: Stack) => ({
      target: Target.queue(fifo(stack), { groupBy: "{subject.4}" }),
      filterSubjects: ["orders.*.new"],
    }),
    'groupBy: given "{subject.4}", expected no {subject.4}: subjects of the filter orders.*.new have 3 tokens',
  ],
  [
    "FIFO, woken too seldom",
    (stack: Stack) => ({
      target: Target.queue(fifo(stack), { groupBy: "{subject}" }),
      wake: FIVE_MINUTES,
    }),
    "300 s until the next run",
  ],
  ["a misspelled prop", () => ({ filterSubject: "orders.>" }), "did you mean filterSubjects?"],
  [
    "a misspelled option of a target",
    (stack: Stack) => ({ target: Target.eventBus(asBus(stack), { detailtype: "x" } as object) }),
    "detailtype: given a value to Target.eventBus, expected none: there is no such option; did you mean detailType?",
  ],
  [
    "a misspelled option of a doorbell",
    () => ({ wake: Wake.doorbell(undefined, { ringsAgain: true } as object) }),
    "ringsAgain: given a value to a doorbell, expected none",
  ],
  [
    "a misspelled option of the alarms",
    () => ({ alarms: { maxLag: Duration.minutes(1) } as object }),
    "maxLag: given a value to alarms, expected none: there is no such option (there are enabled, actions, maxForwardLag, minRetentionHeadroom)",
  ],
  ["a batch that SQS does not take", () => ({ batchSize: 11 }), "batchSize: given"],
  [
    "an event that is too large",
    (stack: Stack) => ({
      target: Target.eventBus(asBus(stack), { maxSize: Size.mebibytes(2) }),
    }),
    "maxSize: given",
  ],
  ["a stream that NATS does not take", () => ({ stream: "OR.DERS" }), "stream: given"],
  [
    "no expression",
    () => ({ wake: Wake.schedule(ScheduleExpression.expression("every 5 minutes")) }),
    'wake: given "every 5 minutes", expected rate(5 minutes), cron(',
  ],
  [
    "below a minute",
    () => ({ wake: Wake.schedule(ScheduleExpression.expression("rate(30 seconds)")) }),
    "wake: given a tick each 30 s, expected whole minutes",
  ],
  [
    "a doorbell that hides its rings too briefly",
    (stack: Stack) => ({
      wake: Wake.doorbell(new Queue(stack, "Bell", { visibilityTimeout: Duration.seconds(320) })),
    }),
    "doorbell: given a visibility timeout of 320 s and a function timeout of 300 s, expected at least 330 s (timeout + 30 s)",
  ],
  [
    "a doorbell that gives up its rings too soon",
    (stack: Stack) => ({
      wake: Wake.doorbell(
        new Queue(stack, "Bell", {
          visibilityTimeout: Duration.minutes(10),
          deadLetterQueue: { queue: new Queue(stack, "Dead"), maxReceiveCount: 1 },
        }),
      ),
    }),
    "doorbell: given a maxReceiveCount of 1, expected at least 3",
  ],
  [
    "a doorbell that swallows rings",
    (stack: Stack) => ({
      wake: Wake.doorbell(
        new Queue(stack, "Bell", {
          fifo: true,
          contentBasedDeduplication: true,
          visibilityTimeout: Duration.minutes(10),
        }),
      ),
    }),
    "doorbell: given a queue with content-based deduplication, expected one without",
  ],
  [
    "a doorbell that the bridge rings with every message",
    (stack: Stack) => {
      const queue = new Queue(stack, "Bell", { visibilityTimeout: Duration.minutes(10) });
      return { target: Target.queue(queue), wake: Wake.doorbell(queue) };
    },
    "doorbell: given a queue that the bridge itself sends to, expected another one",
  ],
  [
    "dead letters into the target itself",
    (stack: Stack) => {
      const queue = new Queue(stack, "Both");
      return { target: Target.queue(queue), deadLetterQueue: queue };
    },
    "deadLetterQueue: given the target queue itself, expected another queue",
  ],
])("%s", (_, props, expected) => {
  const message = forwarder(props);
  expect(message).toContain("JetStreamForwarder Test/Orders:");
  expect(message).toContain(expected);
});

test.each([
  [
    "no file",
    { entry: "functions/handlers/nobody.ts" },
    'entry: given "functions/handlers/nobody.ts", expected a file',
  ],
  [
    "a handler that takes longer than its lease",
    { handlerTime: Duration.seconds(20), ackWait: Duration.seconds(20) },
    "ackWait: given 20 s and 1 × 20 s of handler time, expected more than these 20 s: batch × handler time < ack wait",
  ],
  [
    "a variable of the bridge's own",
    { environment: { LOG_LEVEL: "debug" } },
    "environment: given LOG_LEVEL, expected variables of the handler's own: the bridge itself reads this one; set logLevel instead",
  ],
  [
    "a variable that is none of the bridge's",
    { environment: { JETSTREAM_SUBJECT: "x" } },
    "JETSTREAM_SUBJECT: given a value, expected none",
  ],
  [
    "more than Lambda takes",
    { environment: { TABLE: "x".repeat(4000) } },
    "expected at most 4096, which is Lambda's limit; the largest is TABLE with 4000",
  ],
])("handler: %s", (_, props, expected) => {
  expect(handler(props)).toContain(expected);
});

test.each([
  ["target", undefined, "target: given nothing, expected Target.queue(…), Target.eventBus(…) or"],
  ["target", new App(), "target: given an object of another kind, expected Target.queue(…)"],
  ["nats", undefined, "nats: given nothing, expected new NatsConnection(…)"],
  ["stream", undefined, "stream: given nothing, expected the name of a stream"],
  ["filterSubjects", "orders.>", "filterSubjects: given a string, expected a list of subjects"],
])("forwarder, in JavaScript: %s %#", (name, value, expected) => {
  const message = forwarder(() => ({ [name]: value }));
  expect(message).toContain(`JetStreamForwarder Test/Orders: ${expected}`);
});

test.each([
  ["entry", "entry: given nothing, expected the file of a handler"],
  ["wake", "wake: given nothing, expected Wake.always(), Wake.schedule(…) or Wake.doorbell(…)"],
  ["stream", "stream: given nothing, expected the name of a stream"],
])("handler, in JavaScript: no %s", (name, expected) => {
  expect(handler({ [name]: undefined })).toBe(`JetStreamFunction Test/Ship: ${expected}`);
});

test("no props at all, in JavaScript: everything that is missing, at once", () => {
  const nothing = undefined as unknown as JetStreamForwarderProps;
  const lines = refusal((stack) => new JetStreamForwarder(stack, "Orders", nothing)).split("\n");
  expect(lines).toMatchObject([
    "JetStreamForwarder Test/Orders:",
    expect.stringContaining("nats: given nothing"),
    expect.stringContaining("stream: given nothing"),
    expect.stringContaining("target: given nothing"),
  ]);
});

test("a function that takes longer than a run of Wake.always() is told what to do", () => {
  const message = refusal((stack, nats) => {
    functionOf(stack, 300).addEventSource(new JetStreamEventSource({ nats, stream: "ORDERS" }));
  });
  expect(message).toContain("a target function with a timeout of 300 s, expected more than that");
  expect(message).toContain("wake the bridge by a schedule");
});

test("an event source has one function, and a function each of its sources once", () => {
  const twice = refusal((stack, nats) => {
    const source = new JetStreamEventSource({ nats, stream: "ORDERS" });
    functionOf(stack, 3).addEventSource(source);
    functionOf(stack, 3, "Other").addEventSource(source);
  });
  expect(twice).toContain("target: given Test/Other as well, expected one function");
  const same = refusal((stack, nats) => {
    const fn = functionOf(stack, 3);
    fn.addEventSource(new JetStreamEventSource({ nats, stream: "ORDERS" }));
    fn.addEventSource(new JetStreamEventSource({ nats, stream: "ORDERS", consumer: "other" }));
    fn.addEventSource(new JetStreamEventSource({ nats, stream: "ORDERS" }));
  });
  expect(same).toContain("consumer: given nothing for another event source of stream ORDERS");
});

test("a connection shows no credentials, and has no place in a network without one", () => {
  const connection = (props: object): string =>
    refusal((stack) => {
      new NatsConnection(stack, "Nats", { url: "nats://nats.example.com", ...props });
    });
  expect(connection({ url: "nats://me:secret@nats.example.com" })).not.toContain("secret@");
  expect(connection({ url: "nats://me:secret@nats.example.com" })).toContain(
    "url: given one with credentials, expected none in it",
  );
  expect(connection({ url: undefined })).toContain(
    "NatsConnection Test/Nats: url: given nothing, expected servers, like nats://",
  );
  expect(connection({ vpcSubnets: {} })).toContain("vpcSubnets: given without vpc");
  expect(connection({ creds: "x" })).toContain("creds: given a value, expected none");
});

test("two bridges that keep order cannot share a consumer; two others can", () => {
  const stack = new Stack(testApp(), "Test");
  const nats = new NatsConnection(stack, "Nats", { url: "nats://nats.example.com" });
  const target = Target.queue(fifo(stack), { groupBy: "{subject}" });
  const props = { nats, stream: "ORDERS", consumer: "one", target };
  const first = new JetStreamForwarder(stack, "First", props);
  new JetStreamForwarder(stack, "Second", props);
  new JetStreamForwarder(stack, "Third", { ...props, consumer: "two" });
  expect(first.node.validate()).toEqual([
    "consumer: given one of stream ORDERS here and in Test/Second, expected one bridge for each consumer where order is kept",
  ]);
  const standard = Target.queue(new Queue(stack, "Standard"));
  const shared = { ...props, consumer: "shared", target: standard };
  const fourth = new JetStreamForwarder(stack, "Fourth", shared);
  new JetStreamForwarder(stack, "Fifth", shared);
  expect(fourth.node.validate()).toEqual([]);
});

test("two bridges on one consumer have one target, or each message would go to one of the two", () => {
  const stack = new Stack(testApp(), "Test");
  const nats = new NatsConnection(stack, "Nats", { url: "nats://nats.example.com" });
  const props = { nats, stream: "ORDERS", consumer: "one" };
  const bus = asBus(stack);
  const to = (id: string, target: Target, batchSize = 10): JetStreamForwarder =>
    new JetStreamForwarder(stack, id, { ...props, target, batchSize });
  const first = to("First", Target.eventBus(bus));
  to("Again", Target.eventBus(bus), 5);
  expect(first.node.validate()).toEqual([]);
  to("Queue", Target.queue(new Queue(stack, "Standard")));
  to("Renamed", Target.eventBus(bus, { detailType: "Order" }));
  const entry = "functions/handlers/ship-order.ts";
  const ship = { ...props, entry, wake: FIVE_MINUTES };
  new JetStreamFunction(stack, "Handled", ship);
  const given = (other: string): string =>
    `consumer: given one of stream ORDERS here and in Test/${other}, expected the same target in both, or a consumer for each: every message would go to one of the two targets, and not to the other`;
  expect(first.node.validate()).toEqual([given("Queue"), given("Renamed"), given("Handled")]);
});

test("two handlers are two targets, and one handler twice is one", () => {
  const stack = new Stack(testApp(), "Test");
  const nats = new NatsConnection(stack, "Nats", { url: "nats://nats.example.com" });
  const props = { nats, stream: "ORDERS", consumer: "one", wake: FIVE_MINUTES };
  const ship = "functions/handlers/ship-order.ts";
  const first = new JetStreamFunction(stack, "First", { ...props, entry: ship });
  new JetStreamFunction(stack, "Second", { ...props, entry: ship });
  expect(first.node.validate()).toEqual([]);
  new JetStreamFunction(stack, "Other", { ...props, entry: "test/support/every-bridge.ts" });
  expect(first.node.validate()).toEqual([expect.stringContaining("here and in Test/Other,")]);
});

test("what cannot be told is warned about, and can be acknowledged", () => {
  const stack = new Stack(testApp(), "Test");
  new JetStreamForwarder(stack, "Orders", {
    nats: new NatsConnection(stack, "Nats", { url: "nats://nats.example.com" }),
    stream: "ORDERS",
    target: Target.queue(fifo(stack), { groupBy: "{subject}" }),
    wake: Wake.schedule(ScheduleExpression.cron({ minute: "0" })),
  });
  Annotations.fromStack(stack).hasWarning(
    "/Test/Orders",
    Match.stringLikeRegexp("wake: given cron.*jetstream-aws-bridge:fifo-interval-unknown"),
  );
});

function functionOf(stack: Stack, seconds: number, id = "Mine"): Function {
  return new Function(stack, id, {
    code: Code.fromInline("exports.handler = async () => {}"),
    handler: "index.handler",
    runtime: Runtime.NODEJS_24_X,
    timeout: Duration.seconds(seconds),
  });
}
