import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Duration } from "aws-cdk-lib";
import type { Alarm } from "aws-cdk-lib/aws-cloudwatch";
import type { IPrincipal } from "aws-cdk-lib/aws-iam";
import type { Function } from "aws-cdk-lib/aws-lambda";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { BundlingOptions } from "../bundle.ts";
import { Bridge } from "./bridge.ts";
import { bridgeFunction } from "./bridge-function.ts";
import {
  BRIDGE_PROPS,
  BRIDGE_SHAPES,
  type BridgeProps,
  FUNCTION_PROPS,
  type FunctionProps,
} from "./bridge-props.ts";
import { checkProps, having, type Shapes, text } from "./check-props.ts";
import { handlerCode } from "./code.ts";
import { refuse } from "./refuse.ts";
import type { BoundTarget } from "./target.ts";
import type { Known } from "./unknown-props.ts";
import type { Wake } from "./wake.ts";

export interface JetStreamFunctionProps extends BridgeProps, FunctionProps {
  /**
   * File of the handler: it exports `handler = onMessage(…)` or `onMessages(…)`, of `jetstream-aws-bridge/handler`. Bundled
   * with esbuild, which has to be installed for it. A relative path is one from where the app runs.
   */
  readonly entry: string;
  /** When it is awake. */
  readonly wake: Wake;
  /**
   * Longest that the handler takes for one message (`onMessages`: a batch). The ack wait follows from it, and the deployment
   * is refused where the two do not fit.
   *
   * @default - not known: leases are extended while the handler goes on, unless it blocks the process
   */
  readonly handlerTime?: Duration;
  /**
   * Environment variables of the handler. Those of the bridge itself cannot be set here.
   *
   * @default - none
   */
  readonly environment?: Record<string, string>;
  /**
   * How esbuild bundles the handler.
   *
   * @default - everything that it imports is in the bundle
   */
  readonly bundling?: BundlingOptions;
}

const PROPS: Known<JetStreamFunctionProps> = {
  ...BRIDGE_PROPS,
  ...FUNCTION_PROPS,
  entry: true,
  wake: true,
  handlerTime: true,
  environment: true,
  bundling: true,
};

const SHAPES: Shapes<JetStreamFunctionProps> = {
  ...BRIDGE_SHAPES,
  entry: text("the file of a handler"),
  wake: having("parts", "Wake.always(), Wake.schedule(…) or Wake.doorbell(…)"),
};

/**
 * A handler of yours, run on each message of a stream inside the bridge: a Lambda function that sleeps, is woken, goes on
 * where its durable consumer stands, drains it, and sleeps again.
 */
export class JetStreamFunction extends Bridge {
  /** The function that runs the handler. */
  readonly function: Function;
  /** Grant rights to it: `table.grantWriteData(shipOrder)`. */
  readonly grantPrincipal: IPrincipal;
  /** The queue that wakes it; undefined where none does. */
  readonly doorbell: IQueue | undefined;
  readonly alarms: Alarm[];

  constructor(scope: Construct, id: string, props: JetStreamFunctionProps) {
    super(scope, id, props, {
      check: (bridge) => checkProps(bridge, props, PROPS, SHAPES),
      target: () => handlerTarget(props.entry),
    });
    refuse(this, entryProblems(props.entry));
    const { environment, handlerTime } = props;
    const made = bridgeFunction(this.parts(), {
      props,
      wake: props.wake,
      code: handlerCode(props.entry, props.bundling ?? {}),
      description: `Handles ${props.stream} of NATS JetStream`,
      ...(handlerTime && { handlerTime }),
      ...(environment && { environment }),
    });
    this.function = made.function;
    this.doorbell = made.doorbell;
    this.grantPrincipal = made.role;
    this.alarms = this.newAlarms(made);
    this.outputs(made);
  }
}

function handlerTarget(entry: string): BoundTarget {
  return {
    name: "a handler",
    kind: "handler",
    isOrdered: false,
    entry,
    environment: {},
    grant: () => undefined,
    lists: [],
    problems: [],
  };
}

/** esbuild would say so as well, of a path that nobody wrote. */
function entryProblems(entry: string): readonly string[] {
  if (existsSync(entry)) return [];
  return [`entry: given ${JSON.stringify(entry)}, expected a file, and ${resolve(entry)} is none`];
}
