import { Annotations, Duration } from "aws-cdk-lib";
import { type ISecurityGroup, SecurityGroup, type SubnetSelection } from "aws-cdk-lib/aws-ec2";
import { Platform } from "aws-cdk-lib/aws-ecr-assets";
import {
  ContainerImage,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  type ICluster,
  LogDrivers,
  OperatingSystemFamily,
} from "aws-cdk-lib/aws-ecs";
import { Architecture } from "aws-cdk-lib/aws-lambda";
import { acknowledge } from "./acknowledgements.ts";
import { FUNCTION_PROPS, type FunctionProps } from "./bridge-props.ts";
import type { BridgeParts, RunningBridge } from "./bridge.ts";
import { clockProblems, clocksOf, type GivenClocks } from "./clocks.ts";
import { checkEnvironment, type Environment, given } from "./environment.ts";
import type { ComputeSettings } from "./forwarder-compute.ts";
import { known } from "./known.ts";
import type { Network } from "./network.ts";
import { Preflight } from "./preflight.ts";
import { prebuilt, source } from "./prebuilt.ts";
import { refuse } from "./refuse.ts";
import { bridgeRole } from "./role.ts";

export interface FargateOptions {
  /** Where the service runs. */
  readonly cluster: ICluster;
  /**
   * Built for ARM.
   *
   * @default - one of this project; a deployment then needs Docker or what stands in for it (`CDK_DOCKER`)
   */
  readonly image?: ContainerImage;
  /**
   * In units of 1/1024 virtual CPU.
   *
   * @default 256
   */
  readonly cpu?: number;
  /**
   * In MiB.
   *
   * @default 512
   */
  readonly memoryLimitMiB?: number;
  /**
   * Copies. A bridge that keeps order has one.
   *
   * @default 1
   */
  readonly desiredCount?: number;
  /**
   * From SIGTERM to SIGKILL: what is under way ends, and is settled. 10 to 120 seconds, Fargate's limit.
   *
   * @default Duration.seconds(60)
   */
  readonly stopTimeout?: Duration;
  /**
   * Where in the cluster's network.
   *
   * @default - private subnets
   */
  readonly vpcSubnets?: SubnetSelection;
  /**
   * A public address, for public subnets. The preflight, a function, cannot have one: it then runs outside of the network.
   *
   * @default false
   */
  readonly assignPublicIp?: boolean;
}

/** What the process needs to write its last lines after it has settled. */
const LAST_LINES_SECONDS = 5;

const HEALTH_PORT = 8080;

const HEALTH_COMMAND = `fetch("http://127.0.0.1:${HEALTH_PORT}/healthz").then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`;

/** A bridge as a service of Amazon ECS on Fargate. */
export function bridgeService(
  parts: BridgeParts,
  settings: ComputeSettings,
  options: FargateOptions,
): RunningBridge {
  const { scope } = parts;
  const clocks = givenClocks(parts, settings);
  refuse(scope, [
    ...parts.target.problems,
    ...serviceProblems(parts, settings, options),
    ...clockProblems(clocks),
  ]);
  const stopTimeout = options.stopTimeout ?? Duration.seconds(60);
  const environment: Environment = {
    METRICS_NAMESPACE: "JetStreamBridge",
    ...parts.environment(clocksOf(clocks)),
    HEALTH_PORT: String(HEALTH_PORT),
    SHUTDOWN_TIMEOUT: `${(known(stopTimeout) ?? 60) - LAST_LINES_SECONDS}s`,
  };
  checkEnvironment(scope, environment, false);
  const network = networkOf(parts, options);
  const preflight = checkFirst(parts, settings, environment, options, network);
  const task = taskOf(parts, environment, options, stopTimeout);
  const service = new FargateService(scope, "Service", {
    cluster: options.cluster,
    taskDefinition: task,
    desiredCount: options.desiredCount ?? 1,
    // Where order is kept the old copy ends before the new one starts.
    minHealthyPercent: parts.target.isOrdered ? 0 : 100,
    maxHealthyPercent: parts.target.isOrdered ? 100 : 200,
    circuitBreaker: { rollback: true },
    securityGroups: network.securityGroups,
    ...(network.vpcSubnets && { vpcSubnets: network.vpcSubnets }),
    assignPublicIp: options.assignPublicIp ?? false,
  });
  service.node.addDependency(preflight);
  return { service, role: task.taskRole, intervalSeconds: 60, preflight };
}

function givenClocks(parts: BridgeParts, { props }: ComputeSettings): GivenClocks {
  return {
    always: false,
    intervalSeconds: undefined,
    hasDoorbell: false,
    isFunction: false,
    timeoutSeconds: undefined,
    ackWaitSeconds: known(props.ackWait),
    handlerSeconds: undefined,
    batchSize: 1,
    maxRetryDelaySeconds: known(props.maxRetryDelay),
    isFifo: parts.target.kind === "queue" && parts.target.isOrdered,
    callSeconds: undefined,
  };
}

function serviceProblems(
  { target }: BridgeParts,
  { props, wake }: ComputeSettings,
  { desiredCount = 1, stopTimeout }: FargateOptions,
): readonly string[] {
  const found = Object.keys(FUNCTION_PROPS)
    .filter((name) => props[name as keyof FunctionProps] !== undefined)
    .map(
      (name) =>
        `${name}: given a value with ForwarderCompute.fargate, expected it with Lambda only`,
    );
  if (!wake.parts.always) {
    found.push(
      "wake: given a schedule or a doorbell with ForwarderCompute.fargate, expected Wake.always(): a container does not sleep",
    );
  }
  if (target.isOrdered && desiredCount > 1) {
    found.push(
      `desiredCount: given ${desiredCount} and a target that keeps order, expected 1: of several copies one goes on, and the others end`,
    );
  }
  const seconds = known(stopTimeout);
  if (seconds !== undefined && (seconds < 10 || seconds > 120)) {
    found.push(`stopTimeout: given ${seconds} s, expected 10 to 120 s, which is Fargate's limit`);
  }
  return found;
}

function networkOf({ network, scope }: BridgeParts, options: FargateOptions): Network {
  if (network) return network;
  const { vpc } = options.cluster;
  const securityGroups: ISecurityGroup[] = [
    new SecurityGroup(scope, "SecurityGroup", { vpc, description: "A bridge from NATS JetStream" }),
  ];
  const [first] = securityGroups;
  return { vpc, vpcSubnets: options.vpcSubnets, securityGroups, connections: first!.connections };
}

/** As a function with the same rights, in the same network where a function can be there. */
function checkFirst(
  parts: BridgeParts,
  { code, props }: ComputeSettings,
  environment: Environment,
  { assignPublicIp }: FargateOptions,
  network: Network,
): Preflight {
  const { logGroup, scope } = parts;
  const near = assignPublicIp ? undefined : network;
  if (assignPublicIp) {
    Annotations.of(scope).addWarningV2(
      "jetstream-aws-bridge:preflight-outside",
      "the service has a public address, which a function cannot have: the preflight checks everything from outside of its network",
    );
  }
  const role = bridgeRole(scope, "PreflightRole", { logGroup, network: near });
  parts.grant(role);
  return new Preflight(scope, "Preflight", {
    code,
    architecture: Architecture.ARM_64,
    role,
    logGroup,
    network: near,
    environment,
    management: props.consumerManagement ?? "create",
    removesConsumer: parts.removesConsumer,
    provisioningSecret: props.nats.provisioningSecret,
  });
}

function taskOf(
  parts: BridgeParts,
  environment: Environment,
  options: FargateOptions,
  stopTimeout: Duration,
): FargateTaskDefinition {
  const task = new FargateTaskDefinition(parts.scope, "Task", {
    cpu: options.cpu ?? 256,
    memoryLimitMiB: options.memoryLimitMiB ?? 512,
    runtimePlatform: {
      cpuArchitecture: CpuArchitecture.ARM64,
      operatingSystemFamily: OperatingSystemFamily.LINUX,
    },
  });
  parts.grant(task.taskRole);
  task.addContainer("Bridge", {
    image: options.image ?? projectImage(),
    environment: given(environment),
    logging: LogDrivers.awsLogs({ logGroup: parts.logGroup, streamPrefix: "bridge" }),
    // The image's own user, `node`, who is not root.
    user: "1000",
    readonlyRootFilesystem: true,
    stopTimeout,
    healthCheck: {
      command: ["CMD", "node", "-e", HEALTH_COMMAND],
      interval: Duration.seconds(30),
      timeout: Duration.seconds(5),
      startPeriod: Duration.seconds(10),
    },
  });
  acknowledge(task, {
    "AwsSolutions-ECS2":
      "What is in the environment is no secret: credentials are read from Secrets Manager at run time.",
    "AwsSolutions-IAM5[Resource::*]": "ecr:GetAuthorizationToken knows no resource.",
  });
  return task;
}

function projectImage(): ContainerImage {
  const context = prebuilt("image") ?? source(".");
  return ContainerImage.fromAsset(context, { platform: Platform.LINUX_ARM64 });
}
