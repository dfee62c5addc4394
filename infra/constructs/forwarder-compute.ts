import type { Code } from "aws-cdk-lib/aws-lambda";
import { bridgeFunction } from "./bridge-function.ts";
import type { BridgeProps, FunctionProps } from "./bridge-props.ts";
import type { BridgeParts, RunningBridge } from "./bridge.ts";
import { bridgeService } from "./bridge-service.ts";
import type { FargateOptions } from "./fargate-options.ts";
import type { Wake } from "./wake.ts";

export interface ComputeSettings {
  readonly props: BridgeProps & FunctionProps;
  readonly wake: Wake;
  readonly code: Code;
  readonly description: string;
}

/** Where a forwarder runs. */
export class ForwarderCompute {
  /** In a Lambda function. */
  static lambda(): ForwarderCompute {
    return new ForwarderCompute(bridgeFunction);
  }

  /** In a container that is always awake, without a tick's pause of seconds each minute. */
  static fargate(options: FargateOptions): ForwarderCompute {
    return new ForwarderCompute((parts, settings) => bridgeService(parts, settings, options));
  }

  readonly start: (parts: BridgeParts, settings: ComputeSettings) => RunningBridge;

  private constructor(start: ForwarderCompute["start"]) {
    this.start = start;
  }
}
