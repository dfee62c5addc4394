/**
 * Forwards one JetStream consumer to SQS, EventBridge or a Lambda function, one invocation at a time: woken by a schedule,
 * by a doorbell, or by hand. What an invocation does stands in `bridge/wake/host.ts`.
 */
import { type LambdaHandler, lambdaHandler } from "./bridge/wake/host.ts";
import { thisProcess } from "./bridge/wake/this-process.ts";

export const handler: LambdaHandler = lambdaHandler(thisProcess);
