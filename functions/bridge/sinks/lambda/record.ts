/** Message → record of an SQS-shaped event, so that a function written for SQS runs unchanged. */
import { hash } from "node:crypto";
import type { Message } from "../../core/ports.ts";
import { mapMessage } from "../../map/mapped-message.ts";
import { utf8Length } from "../../map/text.ts";

/** One record, already as JSON: the payload of a call is these with commas between. */
export interface FunctionRecord {
  /** `messageId`, and what `batchItemFailures` names. */
  readonly id: string;
  readonly json: string;
  readonly bytes: number;
}

export interface FunctionMapping {
  readonly origin: string;
  /** Of the function: it names region and account, as an SQS record does. */
  readonly functionArn: string;
}

/**
 * `messageId` and `receiptHandle` are the message's id; `attributes` tells the delivery count and the stream's time;
 * `messageAttributes` are those of the SQS target; `eventSourceARN` names the consumer in the function's region.
 */
export function functionRecord(message: Message, mapping: FunctionMapping): FunctionRecord {
  const { attributes, body, id, trace } = mapMessage(message, mapping.origin);
  const [, partition = "aws", , region = "", account = ""] = mapping.functionArn.split(":");
  const storedAt = String(message.timestampNanos / 1_000_000n);
  const json = JSON.stringify({
    messageId: id,
    receiptHandle: id,
    body,
    attributes: {
      ApproximateReceiveCount: String(message.deliveryCount),
      SentTimestamp: storedAt,
      SenderId: "jetstream-aws-bridge",
      ApproximateFirstReceiveTimestamp: storedAt,
      ...(trace !== undefined && { AWSTraceHeader: trace }),
    },
    messageAttributes: Object.fromEntries(
      [...attributes].map(([name, stringValue]) => [
        name,
        { stringValue, stringListValues: [], binaryListValues: [], dataType: "String" },
      ]),
    ),
    md5OfBody: md5(body),
    eventSource: "aws:sqs",
    eventSourceARN: `arn:${partition}:sqs:${region}:${account}:${message.stream}-${message.consumer}`,
    awsRegion: region,
  });
  return { id, json, bytes: utf8Length(json) + 1 };
}

/** The whole event of a call. */
export function functionEvent(records: readonly FunctionRecord[]): string {
  return `{"Records":[${records.map(({ json }) => json).join(",")}]}`;
}

/** Undefined where MD5 is not to be had (FIPS). */
function md5(text: string): string | undefined {
  try {
    return hash("md5", text);
  } catch {
    return undefined;
  }
}
