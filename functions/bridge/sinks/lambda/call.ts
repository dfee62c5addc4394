/** The one narrow seam to Lambda: an event in, the function's answer out, or an error. */
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { clientSettings } from "../client-settings.ts";
import type { FunctionAnswer } from "./answer.ts";

export interface TargetFunction {
  readonly arn: string;
  /** Synchronous. */
  invoke(event: string, signal: AbortSignal): Promise<FunctionAnswer>;
  /** Rejects when the function does not exist or may not be invoked; does not run it. */
  check(signal: AbortSignal): Promise<void>;
}

export interface TargetFunctionOptions {
  readonly arn: string;
  readonly timeoutMs: number;
  readonly concurrency: number;
}

export function targetFunction(options: TargetFunctionOptions): TargetFunction {
  const { arn } = options;
  const region = /^arn:[^:]+:lambda:([^:]+):/.exec(arn)?.[1];
  const client = new LambdaClient(clientSettings(region, options));
  return {
    arn,
    async invoke(event, signal) {
      const command = new InvokeCommand({
        FunctionName: arn,
        Payload: new TextEncoder().encode(event),
      });
      return client.send(command, { abortSignal: signal });
    },
    async check(signal) {
      const command = new InvokeCommand({ FunctionName: arn, InvocationType: "DryRun" });
      await client.send(command, { abortSignal: signal });
    },
  };
}
