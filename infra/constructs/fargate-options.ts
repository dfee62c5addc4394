import { Duration, Token } from "aws-cdk-lib";
import type { SubnetSelection } from "aws-cdk-lib/aws-ec2";
import type { ContainerImage, ICluster } from "aws-cdk-lib/aws-ecs";
import { FUNCTION_PROPS, type FunctionProps } from "./bridge-props.ts";
import type { BridgeParts } from "./bridge.ts";
import type { ComputeSettings } from "./forwarder-compute.ts";
import { type Known, unknownProblems } from "./unknown-props.ts";

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

const KNOWN: Known<FargateOptions> = {
  cluster: true,
  image: true,
  cpu: true,
  memoryLimitMiB: true,
  desiredCount: true,
  stopTimeout: true,
  vpcSubnets: true,
  assignPublicIp: true,
};

/** What does not fit: one line each. */
export function serviceProblems(
  { network, target }: BridgeParts,
  { props, wake }: ComputeSettings,
  options: FargateOptions,
): readonly string[] {
  const { cluster, desiredCount = 1 } = options;
  const found = [
    ...unknownProblems(options, KNOWN, "ForwarderCompute.fargate"),
    ...functionProps(props),
    ...stopProblems(options),
  ];
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
  if (network && network.vpc.vpcId !== cluster.vpc.vpcId) {
    found.push(
      `cluster: given one in ${cluster.vpc.node.path} and a connection in ${network.vpc.node.path}, expected both in one network`,
    );
  }
  return found;
}

function functionProps(props: FunctionProps): readonly string[] {
  return Object.keys(FUNCTION_PROPS)
    .filter((name) => props[name as keyof FunctionProps] !== undefined)
    .map(
      (name) =>
        `${name}: given a value with ForwarderCompute.fargate, expected it with Lambda only`,
    );
}

/** From SIGTERM to SIGKILL. What the bridge may take of it follows, and so it must be known. */
export function stopSeconds({ stopTimeout }: FargateOptions): number {
  return (stopTimeout ?? Duration.seconds(60)).toSeconds();
}

function stopProblems(options: FargateOptions): readonly string[] {
  const seconds = stopSeconds(options);
  if (Token.isUnresolved(seconds)) {
    return ["stopTimeout: given a value that is known only while deploying, expected 10 to 120 s"];
  }
  if (seconds >= 10 && seconds <= 120) return [];
  return [`stopTimeout: given ${seconds} s, expected 10 to 120 s, which is Fargate's limit`];
}
