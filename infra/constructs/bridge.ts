import { CfnOutput, Duration, Names, RemovalPolicy, Stack } from "aws-cdk-lib";
import type { Alarm, IMetric } from "aws-cdk-lib/aws-cloudwatch";
import type { FargateService } from "aws-cdk-lib/aws-ecs";
import type { IGrantable, IPrincipal, IRole } from "aws-cdk-lib/aws-iam";
import type { Function } from "aws-cdk-lib/aws-lambda";
import { type ILogGroup, LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { IQueue, Queue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { acknowledge, wildcard } from "./acknowledgements.ts";
import { METRICS_NAMESPACE } from "../../functions/bridge/config.ts";
import { bridgeAlarms } from "./alarms.ts";
import type { BridgeProps } from "./bridge-props.ts";
import type { Clocks } from "./clocks.ts";
import { newDeadLetterQueue } from "./dead-letters.ts";
import { type Environment, flag, number, seconds } from "./environment.ts";
import { grantPut, grantRead, grantSend } from "./grants.ts";
import { Metered } from "./metered.ts";
import type { Network } from "./network.ts";
import type { Preflight, PreflightSettings } from "./preflight.ts";
import { isSameTarget } from "./same-target.ts";
import type { BoundTarget } from "./target.ts";

/** What the compute of a bridge is made from. */
export interface BridgeParts {
  readonly scope: Construct;
  readonly target: BoundTarget;
  readonly logGroup: ILogGroup;
  readonly network: Network | undefined;
  readonly preflight: PreflightSettings;
  readonly environment: (clocks: Clocks) => Environment;
  /** Queues that the bridge itself sends to. */
  readonly filledQueueUrls: readonly string[];
  readonly grant: (grantee: IGrantable) => void;
}

/** What a compute has made. */
export interface RunningBridge {
  readonly function?: Function | undefined;
  readonly service?: FargateService | undefined;
  readonly role: IRole;
  readonly doorbell?: IQueue | undefined;
  /** Seconds between two ticks, where that is known. */
  readonly intervalSeconds: number | undefined;
  readonly preflight: Preflight;
}

/** What a kind of bridge makes of its props. */
interface BridgeSettings {
  /** Throws unless all props are there that are needed. */
  readonly check: (bridge: Bridge) => void;
  /** Of props that have been checked. */
  readonly target: () => BoundTarget;
}

/** What all bridges are made of, whatever they forward to and wherever they run. */
export abstract class Bridge extends Metered implements IGrantable {
  /** Name of the stream. */
  readonly stream: string;
  /** Name of the durable consumer. */
  readonly consumer: string;
  /** Where messages go that are never accepted; undefined where they go to a bucket only. */
  readonly deadLetterQueue: IQueue | undefined;
  /** Where messages go that are never accepted, or that the queue cannot take; undefined where there is none. */
  readonly deadLetterBucket: IBucket | undefined;
  /** Where the bridge and its preflight log. */
  readonly logGroup: ILogGroup;
  readonly metricsNamespace: string;
  /** As whom the bridge calls AWS: `table.grantWriteData(bridge)` grants rights to it. */
  abstract readonly grantPrincipal: IPrincipal;
  /** The alarms on it. */
  abstract readonly alarms: Alarm[];
  protected readonly target: BoundTarget;
  protected readonly props: BridgeProps;

  constructor(scope: Construct, id: string, props: BridgeProps, settings: BridgeSettings) {
    super(scope, id);
    settings.check(this);
    this.props = props;
    this.target = settings.target();
    this.stream = props.stream;
    this.metricsNamespace = props.metricsNamespace ?? METRICS_NAMESPACE;
    this.consumer = props.consumer ?? consumerName(this);
    this.deadLetterBucket = props.deadLetterBucket;
    this.deadLetterQueue =
      props.deadLetterQueue ?? (props.deadLetterBucket ? undefined : newDeadLetters(this));
    this.logGroup = props.logGroup ?? newLogGroup(this);
    this.node.addValidation({ validate: () => this.#namesakes() });
  }

  protected parts(): BridgeParts {
    const { logGroup, props, target } = this;
    return {
      scope: this,
      target,
      logGroup,
      network: props.nats.network,
      preflight: {
        logGroup,
        management: props.consumerManagement ?? "create",
        removesConsumer: props.consumerRemovalPolicy === RemovalPolicy.DESTROY,
        provisioningSecret: props.nats.provisioningSecret,
        lists: target.lists,
      },
      environment: (clocks) => this.#environment(clocks),
      filledQueueUrls: [target.environment.SQS_QUEUE_URL, this.deadLetterQueue?.queueUrl].filter(
        (url) => url !== undefined,
      ),
      grant: (grantee) => this.#grantCalls(grantee),
    };
  }

  /** What the bridge is told, but for the clocks and what its compute adds. */
  #environment(clocks: Clocks): Environment {
    const { props } = this;
    const { ackWaitSeconds, maxRetryDelaySeconds } = clocks;
    return {
      ...props.nats.environment,
      JETSTREAM_STREAM: this.stream,
      JETSTREAM_CONSUMER: this.consumer,
      JETSTREAM_FILTER_SUBJECTS: props.filterSubjects?.join(","),
      ...props.deliverPolicy?.environment,
      JETSTREAM_ACK_WAIT: seconds(props.ackWait ?? Duration.seconds(ackWaitSeconds)),
      JETSTREAM_MAX_ACK_PENDING: number(props.maxAckPending),
      CONSUMER_MANAGEMENT: "verify",
      ORIGIN_NAME: props.originName,
      ...this.target.environment,
      CONCURRENCY: number(props.concurrency),
      MAXIMUM_RETRY_ATTEMPTS: number(props.retryAttempts),
      MAXIMUM_RECORD_AGE: seconds(props.maxRecordAge),
      ON_REJECTED: props.onRejected,
      RETRY_DELAY_MIN: seconds(props.minRetryDelay),
      RETRY_DELAY_MAX: seconds(props.maxRetryDelay ?? Duration.seconds(maxRetryDelaySeconds)),
      DEAD_LETTER_QUEUE_URL: this.deadLetterQueue?.queueUrl,
      DEAD_LETTER_BUCKET: this.deadLetterBucket?.bucketName,
      PAUSED: flag(props.paused),
      LOG_LEVEL: props.logLevel,
      METRICS_NAMESPACE: this.metricsNamespace,
    };
  }

  /** Exactly the calls that the bridge makes. */
  #grantCalls(grantee: IGrantable): void {
    this.target.grant(grantee);
    if (this.deadLetterQueue) grantSend(this.deadLetterQueue, grantee);
    if (this.deadLetterBucket) this.#grantObjects(this.deadLetterBucket, grantee);
    if (this.props.nats.secret) grantRead(this.props.nats.secret, grantee);
  }

  #grantObjects(bucket: IBucket, grantee: IGrantable): void {
    grantPut(bucket, grantee);
    acknowledge(this, {
      [wildcard(this, bucket.arnForObjects("*"))]:
        "Dead letters are objects named after their messages: the rest of the ARN is not known beforehand.",
    });
  }

  protected newAlarms({ intervalSeconds, service }: RunningBridge): Alarm[] {
    if (this.metricsNamespace === "off") return [];
    const metrics = {
      forwardLag: (period: Duration): IMetric => this.metricForwardLag({ period }),
      expired: (period: Duration): IMetric => this.metricExpired({ period }),
      retentionHeadroom: (period: Duration): IMetric => this.metricRetentionHeadroom({ period }),
      ready: (period: Duration): IMetric => this.metricReady({ period, statistic: "Maximum" }),
      reports: (period: Duration): IMetric =>
        this.metricReady({ period, statistic: "SampleCount" }),
      deadLettered: (period: Duration): IMetric => this.metricDeadLettered({ period }),
      unaccounted: (period: Duration): IMetric => this.published("unaccounted", { period }),
    };
    const isService = service !== undefined;
    const bridge = { name: this.node.path, metrics, intervalSeconds, isService };
    return bridgeAlarms(this, bridge, this.props.alarms ?? {});
  }

  /** What the deployment prints. */
  protected outputs({ doorbell, function: fn, preflight, service }: RunningBridge): void {
    const values = {
      Consumer: preflight.summary,
      LogGroupName: this.logGroup.logGroupName,
      FunctionName: fn?.functionName,
      ServiceName: service?.serviceName,
      DoorbellUrl: doorbell?.queueUrl,
      DeadLetterQueueUrl: this.deadLetterQueue?.queueUrl,
      DeadLetterBucketName: this.deadLetterBucket?.bucketName,
    };
    for (const [id, value] of Object.entries(values)) {
      if (value !== undefined) new CfnOutput(this, id, { value });
    }
  }

  /**
   * Where order is kept, two bridges on one consumer would only throw each other out; with two targets, each message
   * would go to one of them, and nobody knows to which.
   */
  #namesakes(): string[] {
    const { consumer, stream, target } = this;
    return this.node.root.node
      .findAll()
      .filter((other): other is Bridge => this.#isNamesake(other))
      .filter((other) => target.isOrdered || !isSameTarget(this, target, other.target))
      .map(
        (other) =>
          `consumer: given ${consumer} of stream ${stream} here and in ${other.node.path}, ${target.isOrdered ? ONE_IN_ORDER : ONE_TARGET}`,
      );
  }

  #isNamesake(other: unknown): other is Bridge {
    return (
      other instanceof Bridge &&
      other !== this &&
      other.stream === this.stream &&
      other.consumer === this.consumer &&
      other.props.nats.reaches(this.props.nats)
    );
  }
}

const ONE_IN_ORDER = "expected one bridge for each consumer where order is kept";

const ONE_TARGET =
  "expected the same target in both, or a consumer for each: every message would go to one of the two targets, and not to the other";

/** The same in each deployment, another in each account and region: a namesake would share its messages. */
function consumerName(scope: Construct): string {
  const { account, region } = Stack.of(scope);
  const name = Names.uniqueResourceName(scope, { maxLength: 80, separator: "-" });
  return `${name}-${account}-${region}`;
}

/** Left behind: what is in it has been acknowledged, and may be nowhere else. */
function newDeadLetters(scope: Construct): Queue {
  const queue = newDeadLetterQueue(scope, "DeadLetters");
  queue.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
  return queue;
}

function newLogGroup(scope: Construct): LogGroup {
  return new LogGroup(scope, "LogGroup", {
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}
