import { Annotations, Duration } from "aws-cdk-lib";
import { Architecture, type Code, Function, Runtime } from "aws-cdk-lib/aws-lambda";
import type { Role } from "aws-cdk-lib/aws-iam";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { acknowledge } from "./acknowledgements.ts";
import type { BridgeProps, FunctionProps } from "./bridge-props.ts";
import type { BridgeParts, RunningBridge } from "./bridge.ts";
import { clockProblems, clockWarnings } from "./clock-rules.ts";
import { clocksOf, type GivenClocks } from "./clocks.ts";
import { checkEnvironment, type Environment, given, seconds } from "./environment.ts";
import { known } from "./known.ts";
import type { NatsConnection } from "./nats-connection.ts";
import { networkProps } from "./network.ts";
import { Preflight } from "./preflight.ts";
import { refuse } from "./refuse.ts";
import { bridgeRole } from "./role.ts";
import { doorbellOf, wakeByDoorbell, wakeBySchedule } from "./waking.ts";
import { intervalSeconds, type Wake, wakeProblems } from "./wake.ts";

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
): RunningBridge & { readonly function: Function } {
  const { scope } = parts;
  const { props, wake } = settings;
  const clocks = checkedClocks(parts, settings);
  const derived = clocksOf(clocks);
  const run = props.timeout ?? Duration.seconds(derived.timeoutSeconds);
  const timeout = wake.parts.always && !props.timeout ? withSettling(run, props.nats) : run;
  const doorbell = doorbellOf(scope, wake.parts, timeout);
  refuse(scope, ringProblems(parts, doorbell));
  const environment: Environment = {
    ...parts.environment(derived),
    // One that is always awake stays until the next tick.
    IDLE_TIMEOUT: seconds(props.idleTimeout ?? (wake.parts.always && run)),
    WAKE_INTERVAL: wakeInterval(clocks),
    DOORBELL_QUEUE_URL: wake.parts.doorbell?.ringAgain ? doorbell?.queueUrl : undefined,
  };
  checkEnvironment(scope, environment, parts.target.kind === "handler", settings.environment);
  const role = bridgeRole(scope, "Role", { logGroup: parts.logGroup, network: parts.network });
  parts.grant(role);
  const preflight = checkFirst(parts, settings, role, environment);
  const fn = newFunction(parts, settings, { role, environment, timeout });
  // Nothing of it is changed before the preflight has passed.
  fn.node.addDependency(preflight);
  wakeBySchedule(scope, fn, wake.parts);
  wakeByDoorbell(scope, fn, wake.parts, doorbell);
  return { function: fn, role, doorbell, intervalSeconds: clocks.intervalSeconds, preflight };
}

function checkedClocks(parts: BridgeParts, settings: BridgeFunctionProps): GivenClocks {
  const { scope, target } = parts;
  const clocks = givenClocks(parts, settings);
  refuse(scope, [
    ...target.problems,
    ...wakeProblems(settings.wake.parts),
    ...clockProblems(clocks),
  ]);
  for (const { id, text } of clockWarnings(clocks)) {
    Annotations.of(scope).addWarningV2(`jetstream-aws-bridge:${id}`, text);
  }
  return clocks;
}

/** Of the connection, the bridge's own default. */
const NATS_TIMEOUT = Duration.seconds(3);

/** For what the bridge keeps back before Lambda's timeout, to settle: thrice the connection's, at most half of all. */
const SETTLING_TIMEOUTS = 3;

/**
 * So that a run which is followed by the next works until its own end, and only a settling that takes as long as it may
 * reaches into the next minute. Nothing where that is known only while deploying: runs that meet are worse than a pause.
 */
function withSettling(run: Duration, { timeout = NATS_TIMEOUT }: NatsConnection): Duration {
  const settling = SETTLING_TIMEOUTS * (known(timeout) ?? 0);
  return Duration.seconds(Math.ceil(run.toSeconds() + Math.min(settling, run.toSeconds())));
}

/** A queue that the bridge itself fills must not wake it. */
function ringProblems(parts: BridgeParts, doorbell: IQueue | undefined): readonly string[] {
  const isFilled = doorbell && parts.filledQueueUrls.includes(doorbell.queueUrl);
  if (!isFilled) return [];
  return [
    "doorbell: given a queue that the bridge itself sends to, expected another one: each message that it forwards would wake it again, and be gone",
  ];
}

function checkFirst(
  parts: BridgeParts,
  { code, environment: own, props }: BridgeFunctionProps,
  role: Role,
  environment: Environment,
): Preflight {
  return new Preflight(parts.scope, "Preflight", {
    ...parts.preflight,
    code,
    architecture: props.architecture ?? Architecture.ARM_64,
    role,
    network: parts.network,
    environment: { ...own, ...environment },
  });
}

interface RunSettings {
  readonly role: Role;
  readonly environment: Environment;
  readonly timeout: Duration;
}

function newFunction(
  { logGroup, network, scope }: BridgeParts,
  { code, description, environment: own, props }: BridgeFunctionProps,
  { environment, role, timeout }: RunSettings,
): Function {
  const fn = new Function(scope, "Function", {
    description,
    code,
    handler: "index.handler",
    runtime: Runtime.NODEJS_24_X,
    architecture: props.architecture ?? Architecture.ARM_64,
    memorySize: props.memorySize ?? 256,
    timeout,
    role,
    logGroup,
    environment: { NODE_OPTIONS: "--enable-source-maps", ...own, ...given(environment) },
    ...(props.reservedConcurrentExecutions !== undefined && {
      reservedConcurrentExecutions: props.reservedConcurrentExecutions,
    }),
    ...networkProps(network),
  });
  acknowledge(fn, {
    "Serverless-LambdaTracing":
      "Each message takes the trace of its publisher along; that of a run would be one for thousands of messages.",
  });
  return fn;
}

function givenClocks(parts: BridgeParts, settings: BridgeFunctionProps): GivenClocks {
  const { batchSize = 1, handlerTime, props, wake } = settings;
  const { target } = parts;
  return {
    always: wake.parts.always === true,
    hasSchedule: wake.parts.schedule !== undefined,
    intervalSeconds: intervalSeconds(wake.parts),
    hasDoorbell: wake.parts.doorbell !== undefined,
    isFunction: true,
    timeoutSeconds: known(props.timeout),
    ackWaitSeconds: known(props.ackWait),
    handlerSeconds: known(handlerTime),
    batchSize,
    windowSeconds: known(target.window),
    minRetryDelaySeconds: known(props.minRetryDelay),
    maxRetryDelaySeconds: known(props.maxRetryDelay),
    isFifo: target.kind === "queue" && target.isOrdered,
    callSeconds: known(target.callTimeout),
  };
}

function wakeInterval({ intervalSeconds: interval }: GivenClocks): string | undefined {
  return interval === undefined ? undefined : `${interval}s`;
}
