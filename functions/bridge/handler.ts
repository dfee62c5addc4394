/**
 * What a handler file imports, as `jetstream-aws-bridge/handler`:
 *
 *     export const handler = onMessage(async (message, { signal }) => {
 *       await ship(message.json(), { idempotencyKey: message.id, signal });
 *     });
 *
 * Deployed as a Lambda function, `handler` is its entry: woken by a schedule, a doorbell or by hand, it goes on where its
 * durable consumer stands, calls the function for each message, and ends when there is nothing more. Nothing returned is
 * an ack; `retry({ after })` and `reject(reason)` are the other verdicts; a throw is a retry after a growing delay.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { checkDefinition } from "./sinks/handler/checks.ts";
import type {
  BatchHandler,
  BatchOptions,
  HandlerDefinition,
  HandlerOptions,
  MessageHandler,
} from "./sinks/handler/definition.ts";
import { type LambdaContext, type LambdaHandler, lambdaHandler } from "./wake/host.ts";
import { thisProcess } from "./wake/this-process.ts";

export type {
  BatchContext,
  BatchHandler,
  BatchOptions,
  HandlerLog,
  HandlerOptions,
  MessageContext,
  MessageHandler,
} from "./sinks/handler/definition.ts";
export type { JetStreamMessage } from "./sinks/handler/incoming.ts";
export type { Payload } from "./sinks/handler/payload.ts";
export type { PublishedMessage, PublishOptions } from "./sinks/handler/publishing.ts";
export { reject, retry, type Verdict } from "./sinks/handler/verdict.ts";
export type { LambdaContext } from "./wake/host.ts";

/** A Lambda entry that can be tested without Lambda, see `jetstream-aws-bridge/testing`. */
export interface Handler extends LambdaHandler {
  readonly definition: HandlerDefinition;
}

/**
 * Handles each message on its own.
 *
 * @param handle called once for each delivery. Returns nothing (ack), `retry(…)` or `reject(…)`; a throw is a retry.
 * @param options concurrency, order, schema, subjects it publishes to.
 * @throws TypeError when `handle` is no function, or an option is misspelt or of another type.
 */
export function onMessage<S extends StandardSchemaV1 = StandardSchemaV1>(
  handle: MessageHandler<StandardSchemaV1.InferOutput<S>>,
  options: HandlerOptions<S> = {},
): Handler {
  checkDefinition("onMessage", handle, options);
  return entry({ kind: "one", handle, options });
}

/**
 * Handles messages in batches, for targets that take many at once.
 *
 * @param handle returns nothing (ack for all), or one verdict for each message in their order, `undefined` for an ack. A
 * throw, or another number of verdicts, is a retry of all; where `json()` or `text()` of one message has thrown, that one is
 * rejected, and the others are handled again.
 * @param options concurrency (batches at once), batch size, order, schema, subjects it publishes to.
 * @throws TypeError as `onMessage`.
 */
export function onMessages<S extends StandardSchemaV1 = StandardSchemaV1>(
  handle: BatchHandler<StandardSchemaV1.InferOutput<S>>,
  options: BatchOptions<S> = {},
): Handler {
  checkDefinition("onMessages", handle, options);
  return entry({ kind: "batch", handle, options });
}

/** In Lambda a wrong configuration is told while the module is loaded; elsewhere nothing is read before the first call. */
function entry(definition: HandlerDefinition): Handler {
  const isInLambda = thisProcess.environment["AWS_LAMBDA_FUNCTION_NAME"] !== undefined;
  let opened = isInLambda ? lambdaHandler(thisProcess, definition) : undefined;
  const handler = (event: unknown, context: LambdaContext): ReturnType<LambdaHandler> => {
    opened ??= lambdaHandler(thisProcess, definition);
    return opened(event, context);
  };
  return Object.assign(handler, { definition });
}
