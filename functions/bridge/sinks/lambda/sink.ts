/** Any Lambda function as a target, invoked with SQS-shaped batches. */
import type { Delivery, Outcome } from "../../core/outcome.ts";
import type { Sink } from "../../core/ports.ts";
import { deliverOrHalve, unavailable } from "../failed-call.ts";
import { outcomesOf } from "./answer.ts";
import type { TargetFunction } from "./call.ts";
import { LAMBDA_CODES } from "./codes.ts";
import {
  functionEvent,
  type FunctionMapping,
  functionRecord,
  type FunctionRecord,
} from "./record.ts";

/** Most bytes of a synchronous invocation, "Lambda quotas", less the frame around the records. */
export const INVOKE_BYTES: number = 6 * 1024 * 1024 - 64;

export interface LambdaSinkOptions {
  readonly target: TargetFunction;
  readonly mapping: FunctionMapping;
  readonly batchSize: number;
  readonly concurrency: number;
  /** Halve a batch in which the function throws, until the culprit is alone. */
  readonly bisectOnError: boolean;
  /** How an answer is read; the simulator plants its bugs here. */
  readonly read?: typeof outcomesOf;
}

export function lambdaSink(options: LambdaSinkOptions): Sink<FunctionRecord> {
  const { bisectOnError, mapping, read = outcomesOf, target } = options;

  async function send(batch: readonly FunctionRecord[], signal: AbortSignal): Promise<Delivery> {
    const answer = await target.invoke(functionEvent(batch), signal);
    const mayHalve = bisectOnError && batch.length > 1 && !signal.aborted;
    if (!answer.FunctionError || !mayHalve) {
      return { kind: "answered", outcomes: read(batch, answer) };
    }
    const middle = Math.ceil(batch.length / 2);
    const outcomes: Outcome[] = [];
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      const delivery = await deliver(half, signal);
      if (delivery.kind === "answered") outcomes.push(...delivery.outcomes);
      else
        outcomes.push(...half.map((): Outcome => ({ kind: "unknown", reason: delivery.reason })));
    }
    return { kind: "answered", outcomes };
  }

  function deliver(batch: readonly FunctionRecord[], signal: AbortSignal): Promise<Delivery> {
    return deliverOrHalve(batch, (records) => send(records, signal), target.arn, LAMBDA_CODES);
  }

  return {
    limits: {
      entries: options.batchSize,
      bytes: INVOKE_BYTES,
      concurrency: options.concurrency,
      aloneIsEvidence: true,
    },
    async ready(signal) {
      try {
        await target.check(signal);
        return undefined;
      } catch (error) {
        return unavailable(error, target.arn, LAMBDA_CODES);
      }
    },
    prepare(message) {
      const record = functionRecord(message, mapping);
      if (record.bytes <= INVOKE_BYTES) return record;
      return { rejected: `${record.bytes} bytes as a record, and Lambda takes ${INVOKE_BYTES}` };
    },
    size: (record) => record.bytes,
    deliver,
  };
}
