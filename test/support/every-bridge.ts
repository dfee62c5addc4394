// An app with every kind of bridge, each in a stack of its own, for whatever has to hold for all of them.
import { type App, Duration, Stack } from "aws-cdk-lib";
import { type IVpc, SubnetType, Vpc } from "aws-cdk-lib/aws-ec2";
import { Cluster, ContainerInsights, type ICluster } from "aws-cdk-lib/aws-ecs";
import { EventBus, type IEventBus } from "aws-cdk-lib/aws-events";
import { type IKey, Key } from "aws-cdk-lib/aws-kms";
import { Code, Function, type IFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from "aws-cdk-lib/aws-s3";
import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { type ISecret, Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Queue } from "aws-cdk-lib/aws-sqs";
import {
  type Bridge,
  type BridgeProps,
  ForwarderCompute,
  JetStreamEventSource,
  JetStreamForwarder,
  JetStreamFunction,
  NatsConnection,
  Target,
  Wake,
} from "jetstream-aws-bridge";
import { testApp } from "./synthesized.ts";

/** Stacks by name, and in each its bridges by name. */
export type Bridges = Readonly<
  Record<string, { readonly stack: Stack; readonly bridges: Readonly<Record<string, Bridge>> }>
>;

/** Where messages go: stacks by name, in each what they go to is named `Target`. */
const TARGETS: Readonly<Record<string, (stack: Stack) => Target>> = {
  Queue: (stack) => Target.queue(new Queue(stack, "Target", { enforceSSL: true })),
  Fifo: (stack) =>
    Target.queue(new Queue(stack, "Target", { fifo: true, enforceSSL: true }), {
      groupBy: "{subject}",
    }),
  KeyedQueue: (stack) =>
    Target.queue(new Queue(stack, "Target", { encryptionMasterKey: key(stack, "TargetKey") })),
  Bus: (stack) => Target.eventBus(new EventBus(stack, "Target") as IEventBus),
  Function: (stack) => Target.function(functionOf(stack, "Target")),
};

const RATE = ScheduleExpression.rate(Duration.minutes(2));

interface Run {
  readonly wake?: Wake;
  readonly compute?: ForwarderCompute;
}

/** What wakes a function, or where else it runs, by name. */
const RUNS: Readonly<Record<string, (stack: Stack) => Run>> = {
  Always: () => ({}),
  Rate: () => ({ wake: Wake.schedule(RATE) }),
  Rung: () => ({ wake: Wake.doorbell() }),
  Both: () => ({ wake: Wake.schedule(RATE).orDoorbell(undefined, { ringAgain: true }) }),
  Fargate: (stack) => ({ compute: ForwarderCompute.fargate({ cluster: cluster(stack) }) }),
};

type Make = (stack: Stack, props: BridgeProps) => Bridge;

/** Those of a handler, and what there is but once; all in one stack. */
const OTHERS: Readonly<Record<string, Make>> = {
  HandlerRung: (stack, props) => handler(stack, "HandlerRung", props, Wake.doorbell()),
  HandlerCron: (stack, props) => {
    const cron = ScheduleExpression.cron({ minute: "0", hour: "6" });
    return handler(stack, "HandlerCron", props, Wake.schedule(cron).orDoorbell());
  },
  /** Keys of one's own wherever there can be one. */
  Keys: (stack, props) => {
    const encryptionMasterKey = key(stack, "QueueKey");
    const doorbell = new Queue(stack, "Bell", {
      encryptionMasterKey,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(400),
    });
    const deadLetterBucket = bucket(stack);
    const deadLetterQueue = new Queue(stack, "Dead", { encryptionMasterKey, enforceSSL: true });
    const all = { ...props, deadLetterBucket, deadLetterQueue };
    return handler(stack, "Keys", all, Wake.doorbell(doorbell));
  },
  EventSource: (stack, { nats, stream }) => {
    const source = new JetStreamEventSource({ nats, stream });
    functionOf(stack, "Mine").addEventSource(source);
    return source.bridge;
  },
  Network: (stack, props) => {
    const nats = connection(stack, "Inside", vpc(stack));
    return handler(stack, "Network", { ...props, nats }, Wake.schedule(RATE));
  },
};

let all: Bridges | undefined;

/** Of one process: whoever asks shares them. */
export function everyBridge(): Bridges {
  all ??= newBridges(testApp());
  return all;
}

function newBridges(app: App): Bridges {
  const forwarders = Object.entries(TARGETS).map(([name, targetOf]) => {
    const stack = new Stack(app, name);
    const target = targetOf(stack);
    return [name, stackOf(stack, forwardersTo(target))] as const;
  });
  const others = stackOf(new Stack(app, "Others"), OTHERS);
  return { ...Object.fromEntries(forwarders), Others: others };
}

function forwardersTo(target: Target): Readonly<Record<string, Make>> {
  const makers = Object.entries(RUNS).map(([id, runOf]): [string, Make] => [
    id,
    (stack, props) => new JetStreamForwarder(stack, id, { ...props, ...runOf(stack), target }),
  ]);
  return Object.fromEntries(makers);
}

function stackOf(stack: Stack, makers: Readonly<Record<string, Make>>): Bridges[string] {
  const props = { nats: connection(stack, "Nats"), stream: "ORDERS" };
  const made = Object.entries(makers).map(([id, make]) => [id, make(stack, props)] as const);
  return { stack, bridges: Object.fromEntries(made) };
}

/** With a secret that has a key of its own, and one that only the preflight may read. */
function connection(stack: Stack, id: string, inside?: IVpc): NatsConnection {
  return new NatsConnection(stack, id, {
    url: "tls://nats.example.com:4222",
    secret: new Secret(stack, `${id}Secret`, {
      encryptionKey: key(stack, `${id}Key`),
    }) as ISecret,
    provisioningSecret: Secret.fromSecretNameV2(stack, `${id}Provisioning`, "nats/provisioning"),
    ...(inside && { vpc: inside }),
  });
}

function handler(stack: Stack, id: string, props: BridgeProps, wake: Wake): JetStreamFunction {
  const entry = "functions/handlers/ship-order.ts";
  return new JetStreamFunction(stack, id, { ...props, entry, wake });
}

function key(stack: Stack, id: string): IKey {
  return new Key(stack, id, { enableKeyRotation: true });
}

function functionOf(stack: Stack, id: string): IFunction {
  return new Function(stack, id, {
    code: Code.fromInline("exports.handler = async () => {}"),
    handler: "index.handler",
    runtime: Runtime.NODEJS_24_X,
    timeout: Duration.seconds(30),
  });
}

function bucket(stack: Stack): IBucket {
  return new Bucket(stack, "DeadObjects", {
    encryption: BucketEncryption.KMS,
    encryptionKey: key(stack, "BucketKey"),
    enforceSSL: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  }) as IBucket;
}

/** Private subnets, and no way out: nobody deploys it. */
function vpc(stack: Stack): IVpc {
  return new Vpc(stack, "Vpc", {
    maxAzs: 1,
    natGateways: 0,
    subnetConfiguration: [{ name: "Inside", subnetType: SubnetType.PRIVATE_ISOLATED }],
  }) as IVpc;
}

function cluster(stack: Stack): ICluster {
  return new Cluster(stack, "Cluster", {
    vpc: vpc(stack),
    containerInsightsV2: ContainerInsights.ENABLED,
  }) as ICluster;
}
