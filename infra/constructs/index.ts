/** The constructs, as `jetstream-aws-bridge`. */
export type { BundlingOptions } from "../bundle.ts";
export type { AlarmOptions } from "./alarms.ts";
export { Bridge } from "./bridge.ts";
export type { BridgeProps, FunctionProps } from "./bridge-props.ts";
export { DeliverPolicy } from "./deliver-policy.ts";
export type { FargateOptions } from "./fargate-options.ts";
export { ForwarderCompute } from "./forwarder-compute.ts";
export { JetStreamEventSource, type JetStreamEventSourceProps } from "./jetstream-event-source.ts";
export { JetStreamForwarder, type JetStreamForwarderProps } from "./jetstream-forwarder.ts";
export { JetStreamFunction, type JetStreamFunctionProps } from "./jetstream-function.ts";
export { NatsConnection, type NatsConnectionProps } from "./nats-connection.ts";
export {
  type EventBusTargetOptions,
  type FunctionTargetOptions,
  type QueueTargetOptions,
  Target,
} from "./target.ts";
export { type DoorbellOptions, Wake } from "./wake.ts";
