import type { Alarm } from "aws-cdk-lib/aws-cloudwatch";
import type { FargateService } from "aws-cdk-lib/aws-ecs";
import type { IPrincipal } from "aws-cdk-lib/aws-iam";
import type { Function } from "aws-cdk-lib/aws-lambda";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { Bridge } from "./bridge.ts";
import {
  BRIDGE_PROPS,
  BRIDGE_SHAPES,
  type BridgeProps,
  FUNCTION_PROPS,
  type FunctionProps,
} from "./bridge-props.ts";
import { checkProps, having, type Shapes } from "./check-props.ts";
import { forwarderCode } from "./code.ts";
import { number } from "./environment.ts";
import { ForwarderCompute } from "./forwarder-compute.ts";
import type { BoundTarget, Target } from "./target.ts";
import type { Known } from "./unknown-props.ts";
import { Wake } from "./wake.ts";

export interface JetStreamForwarderProps extends BridgeProps, FunctionProps {
  /** Where messages go. */
  readonly target: Target;
  /**
   * When it is awake.
   *
   * @default Wake.always()
   */
  readonly wake?: Wake;
  /**
   * Where it runs. The props of a function (timeout, memorySize and so on) are for Lambda.
   *
   * @default ForwarderCompute.lambda()
   */
  readonly compute?: ForwarderCompute;
  /**
   * Messages of one call: 1 to 10 for a queue or a bus, 1 to 10,000 for a function.
   *
   * @default 10
   */
  readonly batchSize?: number;
}

const PROPS: Known<JetStreamForwarderProps> = {
  ...BRIDGE_PROPS,
  ...FUNCTION_PROPS,
  target: true,
  wake: true,
  compute: true,
  batchSize: true,
};

const SHAPES: Shapes<JetStreamForwarderProps> = {
  ...BRIDGE_SHAPES,
  target: having("bound", "Target.queue(…), Target.eventBus(…) or Target.function(…)"),
};

/**
 * Forwards a stream of NATS JetStream to an SQS queue, an event bus or a function. A message is acknowledged in NATS only
 * after AWS has accepted it by its own entry.
 */
export class JetStreamForwarder extends Bridge {
  /** Undefined where it runs in a container. */
  readonly function: Function | undefined;
  /** Undefined where it runs in Lambda. */
  readonly service: FargateService | undefined;
  readonly grantPrincipal: IPrincipal;
  /** The queue that wakes it; undefined where none does. */
  readonly doorbell: IQueue | undefined;
  readonly alarms: Alarm[];

  constructor(scope: Construct, id: string, props: JetStreamForwarderProps) {
    super(scope, id, props, {
      check: (bridge) => checkProps(bridge, props, PROPS, SHAPES),
      target: () => boundOf(props),
    });
    const { compute = ForwarderCompute.lambda(), wake = Wake.always() } = props;
    const description = `Forwards ${props.stream} of NATS JetStream to ${props.target.bound.name}`;
    const made = compute.start(this.parts(), { props, wake, code: forwarderCode(), description });
    this.function = made.function;
    this.service = made.service;
    this.doorbell = made.doorbell;
    this.grantPrincipal = made.role;
    this.alarms = this.newAlarms(made);
    this.outputs(made);
  }
}

function boundOf({ batchSize, target: { bound } }: JetStreamForwarderProps): BoundTarget {
  return { ...bound, environment: { ...bound.environment, BATCH_SIZE: number(batchSize) } };
}
