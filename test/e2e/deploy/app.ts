// An app that deploys four bridges as somebody would, each of another kind, and some that do not work.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, CfnOutput, Duration, Stack } from "aws-cdk-lib";
import { EventBus, type IEventBus, Rule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { Code, Function, Runtime } from "aws-cdk-lib/aws-lambda";
import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Queue } from "aws-cdk-lib/aws-sqs";
import {
  JetStreamEventSource,
  JetStreamForwarder,
  JetStreamFunction,
  NatsConnection,
  Target,
  Wake,
} from "jetstream-aws-bridge";

const app = new App();
const given = (name: string): string => String(app.node.tryGetContext(name) ?? "");

class Bridges extends Stack {
  constructor(name: string) {
    super(app, name);
    const nats = new NatsConnection(this, "Nats", { url: given("natsUrl") });
    this.#queue(nats);
    this.#bus(nats);
    this.#function(nats);
    this.#handler(nats);
  }

  #queue(nats: NatsConnection): void {
    const queue = new Queue(this, "Queue", { fifo: true });
    const target = Target.queue(queue, { groupBy: "{subject}" });
    new JetStreamForwarder(this, "ToQueue", {
      nats,
      stream: "QUEUE",
      consumer: "to-queue",
      target,
    });
    this.#tell("Queue", queue.queueUrl);
  }

  #bus(nats: NatsConnection): void {
    const bus = new EventBus(this, "Bus");
    const seen = new Queue(this, "Seen");
    new Rule(this, "All", {
      eventBus: bus,
      eventPattern: { source: ["nats.BUS"] },
      targets: [new SqsQueue(seen)],
    });
    const target = Target.eventBus(bus as IEventBus);
    new JetStreamForwarder(this, "ToBus", { nats, stream: "BUS", consumer: "to-bus", target });
    this.#tell("Seen", seen.queueUrl);
  }

  /** Written for SQS, and deployed as it is. */
  #function(nats: NatsConnection): void {
    const file = join(import.meta.dirname, "../../support/handlers/reporting.py");
    const fn = new Function(this, "Mine", {
      code: Code.fromInline(readFileSync(file, "utf8")),
      handler: "index.lambda_handler",
      runtime: Runtime.PYTHON_3_13,
    });
    const source = new JetStreamEventSource({ nats, stream: "FUNCTION", consumer: "to-function" });
    fn.addEventSource(source);
    this.#tell("Mine", fn.functionName);
  }

  #handler(nats: NatsConnection): void {
    const ship = new JetStreamFunction(this, "Ship", {
      nats,
      stream: "HANDLER",
      consumer: "to-handler",
      entry: join(import.meta.dirname, `../handlers/${given("version")}-version.ts`),
      environment: { LEDGER: given("ledger") },
      timeout: Duration.seconds(30),
      wake: Wake.schedule(ScheduleExpression.rate(Duration.minutes(1))).orDoorbell(),
    });
    this.#tell("Doorbell", ship.doorbell?.queueUrl ?? "");
    this.#tell("Ship", ship.function.functionName);
  }

  #tell(id: string, value: string): void {
    new CfnOutput(this, `Out${id}`, { value }).overrideLogicalId(id);
  }
}

/** A bridge that cannot work. */
function broken(
  name: string,
  { consumer, stream, url: from }: Readonly<Record<"url" | "stream" | "consumer", string>>,
): void {
  const stack = new Stack(app, name);
  const nats = new NatsConnection(stack, "Nats", { url: from });
  const target = Target.queue(new Queue(stack, "Queue"));
  new JetStreamForwarder(stack, "Bridge", { nats, stream, consumer, target });
}

/** Its user may do everything but pull. */
function denied(): void {
  const stack = new Stack(app, "Denied");
  const secret = Secret.fromSecretNameV2(stack, "Secret", "nats/denied");
  const nats = new NatsConnection(stack, "Nats", { url: given("guardedUrl"), secret });
  const target = Target.queue(new Queue(stack, "Queue"));
  new JetStreamForwarder(stack, "Bridge", { nats, stream: "ORDERS", consumer: "denied", target });
}

const url = given("natsUrl");
new Bridges("Bridges");
broken("Down", { url: "nats://127.0.0.1:1", stream: "QUEUE", consumer: "nobody" });
broken("NoStream", { url, stream: "QUEUES", consumer: "nobody" });
broken("Foreign", { url, stream: "QUEUE", consumer: "foreign" });
if (given("guardedUrl") !== "") denied();
