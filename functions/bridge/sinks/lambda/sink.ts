/** Any Lambda function as a target, invoked with SQS-shaped batches. */
import type { Delivery } from "../../core/outcome.ts";
import type { Sink } from "../../core/ports.ts";
import { deliverOrHalve, halves } from "../failed-call.ts";
import { readiness } from "../ready.ts";
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

  async function deliver(
    batch: readonly FunctionRecord[],
    signal: AbortSignal,
    isOver: () => boolean = () => signal.aborted,
  ): Promise<Delivery> {
    const send = async (records: readonly FunctionRecord[]): Promise<Delivery> => {
      const answer = await target.invoke(functionEvent(records), signal);
      if (answer.FunctionError && bisectOnError && records.length > 1) {
        return halves(records, isOver, (half) => deliver(half, signal, isOver));
      }
      return { kind: "answered", outcomes: read(records, answer) };
    };
    return deliverOrHalve(batch, { send, target: target.arn, codes: LAMBDA_CODES, isOver });
  }

  return {
    limits: {
      entries: options.batchSize,
      bytes: INVOKE_BYTES,
      concurrency: options.concurrency,
      aloneIsEvidence: true,
    },
    ready: readiness({
      ask: (signal) => target.check(signal),
      target: target.arn,
      codes: LAMBDA_CODES,
    }),
    prepare(message) {
      const record = functionRecord(message, mapping);
      if (record.bytes <= INVOKE_BYTES) return record;
      return { rejected: `${record.bytes} bytes as a record, and Lambda takes ${INVOKE_BYTES}` };
    },
    size: (record) => record.bytes,
    deliver,
  };
}
