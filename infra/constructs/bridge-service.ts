import { Annotations, Duration } from "aws-cdk-lib";
import { SecurityGroup } from "aws-cdk-lib/aws-ec2";
import { Platform } from "aws-cdk-lib/aws-ecr-assets";
import {
  ContainerImage,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  LogDrivers,
  OperatingSystemFamily,
} from "aws-cdk-lib/aws-ecs";
import { Architecture } from "aws-cdk-lib/aws-lambda";
import { acknowledge } from "./acknowledgements.ts";
import type { BridgeParts, RunningBridge } from "./bridge.ts";
import { clockProblems } from "./clock-rules.ts";
import { clocksOf, type GivenClocks } from "./clocks.ts";
import { checkEnvironment, type Environment, given } from "./environment.ts";
import { type FargateOptions, serviceProblems, stopSeconds } from "./fargate-options.ts";
import type { ComputeSettings } from "./forwarder-compute.ts";
import { known } from "./known.ts";
import type { Network } from "./network.ts";
import { Preflight } from "./preflight.ts";
import { prebuilt, source } from "./prebuilt.ts";
import { refuse } from "./refuse.ts";
import { wakeProblems } from "./wake.ts";
import { bridgeRole } from "./role.ts";

/** What the process needs to write its last lines after it has settled. */
const LAST_LINES_SECONDS = 5;

/** Between two receipts, and so between two lines of metrics; the bridge's own default. */
const RECEIPT_SECONDS = 60;

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
    ...wakeProblems(settings.wake.parts),
    ...serviceProblems(parts, settings, options),
    ...clockProblems(clocks),
  ]);
  const environment: Environment = {
    ...parts.environment(clocksOf(clocks)),
    HEALTH_PORT: String(HEALTH_PORT),
    SHUTDOWN_TIMEOUT: `${stopSeconds(options) - LAST_LINES_SECONDS}s`,
  };
  checkEnvironment(scope, environment, false);
  const network = networkOf(parts, options);
  const preflight = checkFirst(parts, settings, environment, options, network);
  const task = taskOf(parts, environment, options);
  const service = serviceOf(parts, task, options, network);
  service.node.addDependency(preflight);
  return { service, role: task.taskRole, intervalSeconds: RECEIPT_SECONDS, preflight };
}

function serviceOf(
  { scope, target }: BridgeParts,
  taskDefinition: FargateTaskDefinition,
  { assignPublicIp, cluster, desiredCount }: FargateOptions,
  { securityGroups, vpcSubnets }: Network,
): FargateService {
  return new FargateService(scope, "Service", {
    cluster,
    taskDefinition,
    desiredCount: desiredCount ?? 1,
    // Where order is kept the old copy ends before the new one starts.
    minHealthyPercent: target.isOrdered ? 0 : 100,
    maxHealthyPercent: target.isOrdered ? 100 : 200,
    circuitBreaker: { rollback: true },
    securityGroups,
    ...(vpcSubnets && { vpcSubnets }),
    assignPublicIp: assignPublicIp ?? false,
  });
}

function givenClocks(parts: BridgeParts, { props }: ComputeSettings): GivenClocks {
  return {
    always: false,
    hasSchedule: false,
    intervalSeconds: undefined,
    hasDoorbell: false,
    isFunction: false,
    timeoutSeconds: undefined,
    ackWaitSeconds: known(props.ackWait),
    handlerSeconds: undefined,
    batchSize: 1,
    windowSeconds: known(parts.target.window),
    minRetryDelaySeconds: known(props.minRetryDelay),
    maxRetryDelaySeconds: known(props.maxRetryDelay),
    isFifo: parts.target.kind === "queue" && parts.target.isOrdered,
    callSeconds: undefined,
  };
}

/** The connection's, where it has one; else the cluster's. */
function networkOf({ network, scope }: BridgeParts, options: FargateOptions): Network {
  const vpcSubnets = options.vpcSubnets ?? network?.vpcSubnets;
  if (network) return { ...network, vpcSubnets };
  const { vpc } = options.cluster;
  const group = new SecurityGroup(scope, "SecurityGroup", {
    vpc,
    description: "A bridge from NATS JetStream",
  });
  return { vpc, vpcSubnets, securityGroups: [group], connections: group.connections };
}

/** As a function with the same rights, in the same network where a function can be there. */
function checkFirst(
  parts: BridgeParts,
  { code }: ComputeSettings,
  environment: Environment,
  { assignPublicIp }: FargateOptions,
  network: Network,
): Preflight {
  const { logGroup, scope } = parts;
  // Public subnets are of no use to a function; where the connection has a network, that is the way to NATS.
  const near = assignPublicIp ? parts.network : network;
  if (!near) {
    Annotations.of(scope).addWarningV2(
      "jetstream-aws-bridge:preflight-outside",
      "the service has a public address, which a function cannot have: the preflight checks everything from outside of its network",
    );
  }
  const role = bridgeRole(scope, "PreflightRole", { logGroup, network: near });
  parts.grant(role);
  return new Preflight(scope, "Preflight", {
    ...parts.preflight,
    code,
    architecture: Architecture.ARM_64,
    role,
    network: near,
    environment,
  });
}

function taskOf(
  parts: BridgeParts,
  environment: Environment,
  options: FargateOptions,
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
    stopTimeout: Duration.seconds(stopSeconds(options)),
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
