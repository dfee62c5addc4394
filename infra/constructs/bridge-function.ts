import { Duration } from "aws-cdk-lib";
import { Architecture, type Code, Function, type IFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import type { BridgeProps, FunctionProps } from "./bridge-props.ts";
import type { BridgeParts, RunningBridge } from "./bridge.ts";
import { clockProblems, clocksOf, type GivenClocks } from "./clocks.ts";
import { checkEnvironment, type Environment, given, seconds } from "./environment.ts";
import { known } from "./known.ts";
import { networkProps } from "./network.ts";
import { Preflight } from "./preflight.ts";
import { refuse } from "./refuse.ts";
import { bridgeRole } from "./role.ts";
import { doorbellOf, wakeByDoorbell, wakeBySchedule } from "./waking.ts";
import { intervalSeconds, type Wake } from "./wake.ts";

export interface BridgeFunctionProps {
  readonly props: BridgeProps & FunctionProps;
  readonly wake: Wake;
  readonly code: Code;
  readonly description: string;
  /** Longest that one message takes. */
  readonly handlerTime?: Duration;
  /** Messages of one call. */
  readonly batchSize?: number;
  /** Of the user's own. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A bridge as a Lambda function, and what wakes it. */
export function bridgeFunction(
  parts: BridgeParts,
  settings: BridgeFunctionProps,
): RunningBridge & { readonly function: IFunction } {
  const { scope } = parts;
  const { props, wake } = settings;
  const clocks = givenClocks(parts, settings);
  refuse(scope, [...parts.target.problems, ...clockProblems(clocks)]);
  const derived = clocksOf(clocks);
  const timeout = props.timeout ?? Duration.seconds(derived.timeoutSeconds);
  const doorbell = doorbellOf(scope, wake.parts, timeout);
  const environment: Environment = {
    ...parts.environment(derived),
    IDLE_TIMEOUT: seconds(props.idleTimeout),
    WAKE_INTERVAL: wakeInterval(clocks),
    DOORBELL_QUEUE_URL: wake.parts.doorbell?.ringAgain ? doorbell?.queueUrl : undefined,
  };
  checkEnvironment(scope, environment, parts.target.kind === "handler", settings.environment);
  const role = bridgeRole(scope, "Role", { logGroup: parts.logGroup, network: parts.network });
  parts.grant(role);
  const preflight = new Preflight(scope, "Preflight", {
    code: settings.code,
    architecture: props.architecture ?? Architecture.ARM_64,
    role,
    logGroup: parts.logGroup,
    network: parts.network,
    environment: { ...settings.environment, ...environment },
    management: props.consumerManagement ?? "create",
    removesConsumer: parts.removesConsumer,
    provisioningSecret: props.nats.provisioningSecret,
  });
  const fn = new Function(scope, "Function", {
    description: settings.description,
    code: settings.code,
    handler: "index.handler",
    runtime: Runtime.NODEJS_24_X,
    architecture: props.architecture ?? Architecture.ARM_64,
    memorySize: props.memorySize ?? 256,
    timeout,
    role,
    logGroup: parts.logGroup,
    environment: {
      NODE_OPTIONS: "--enable-source-maps",
      ...settings.environment,
      ...given(environment),
    },
    ...(props.reservedConcurrentExecutions !== undefined && {
      reservedConcurrentExecutions: props.reservedConcurrentExecutions,
    }),
    ...networkProps(parts.network),
  });
  // Nothing of it is changed before the preflight has passed.
  fn.node.addDependency(preflight);
  wakeBySchedule(scope, fn, wake.parts);
  wakeByDoorbell(fn, wake.parts, doorbell);
  return { function: fn, role, doorbell, intervalSeconds: clocks.intervalSeconds, preflight };
}

function givenClocks(parts: BridgeParts, settings: BridgeFunctionProps): GivenClocks {
  const { batchSize = 1, handlerTime, props, wake } = settings;
  const { target } = parts;
  return {
    always: wake.parts.always === true,
    intervalSeconds: intervalSeconds(wake.parts),
    hasDoorbell: wake.parts.doorbell !== undefined,
    isFunction: true,
    timeoutSeconds: known(props.timeout),
    ackWaitSeconds: known(props.ackWait),
    handlerSeconds: known(handlerTime),
    batchSize,
    maxRetryDelaySeconds: known(props.maxRetryDelay),
    isFifo: target.kind === "queue" && target.isOrdered,
    callSeconds: known(target.callTimeout),
  };
}

function wakeInterval({ intervalSeconds: interval }: GivenClocks): string | undefined {
  return interval === undefined ? undefined : `${interval}s`;
}
