import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Message } from "../../../../functions/bridge/core/ports.ts";
import {
  functionEvent,
  functionRecord,
  type FunctionRecord,
} from "../../../../functions/bridge/sinks/lambda/record.ts";
import { FUNCTION_ARN } from "../../../support/fake-targets.ts";
import { anyMessage, headers, message, utf8 } from "../../../support/messages.ts";
import { readSqsMessage } from "../../../support/read-sqs-message.ts";

const mapping = { origin: "ORIGIN", functionArn: FUNCTION_ARN };

function recordOf(given: Partial<Message>): FunctionRecord {
  return functionRecord(message(given), mapping);
}

interface SqsRecord {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<Record<string, { readonly stringValue: string }>>;
}

function parsed({ json }: FunctionRecord): SqsRecord {
  return JSON.parse(json) as SqsRecord;
}

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

test("a record has every field that a record of SQS has", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const record = recordOf({
    deliveryCount: 3,
    headers: headers({ "Content-Type": "text/plain", traceparent }),
  });
  const text = (stringValue: string): object => ({
    stringValue,
    stringListValues: [],
    binaryListValues: [],
    dataType: "String",
  });
  expect(parsed(record)).toEqual({
    messageId: "ORIGIN/42/1700000000123456789",
    receiptHandle: "ORIGIN/42/1700000000123456789",
    body: "hello",
    attributes: {
      ApproximateReceiveCount: "3",
      SentTimestamp: "1700000000123",
      SenderId: "jetstream-aws-bridge",
      ApproximateFirstReceiveTimestamp: "1700000000123",
      AWSTraceHeader: "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1",
    },
    messageAttributes: {
      "nats-id": text("ORIGIN/42/1700000000123456789"),
      "nats-subject": text("orders.eu.7"),
      "Content-Type": text("text/plain"),
      traceparent: text(traceparent),
    },
    md5OfBody: md5("hello"),
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-west-1:123456789012:ORDERS-orders-to-sqs",
    awsRegion: "eu-west-1",
  });
  expect(record.id).toBe("ORIGIN/42/1700000000123456789");
});

test("region, account and partition are those of the function", () => {
  const functionArn = "arn:aws-cn:lambda:cn-north-1:210987654321:function:f:live";
  expect(parsed(functionRecord(message(), { origin: "O", functionArn }))).toMatchObject({
    eventSourceARN: "arn:aws-cn:sqs:cn-north-1:210987654321:ORDERS-orders-to-sqs",
    awsRegion: "cn-north-1",
  });
});

test("without a traceparent there is no trace header", () => {
  expect(parsed(recordOf({})).attributes).not.toHaveProperty("AWSTraceHeader");
});

test.each([
  ["binary", Uint8Array.from([0, 255]), "AP8=", "base64"],
  ["empty", utf8(""), " ", "empty"],
  ["with a control character", utf8("a\u0000"), "YQA=", "base64"],
])("a payload that is %s comes as an SQS body does", (_what, data, body, encoding) => {
  expect(parsed(recordOf({ data }))).toMatchObject({
    body,
    messageAttributes: { "nats-encoding": { stringValue: encoding } },
  });
});

test("headers that do not fit into ten attributes are in one of them", () => {
  const many = Array.from({ length: 12 }, (_, i) => [`h${i}`, `v${i}`] as const);
  const { messageAttributes } = parsed(recordOf({ headers: headers(Object.fromEntries(many)) }));
  expect(Object.keys(messageAttributes)).toHaveLength(10);
  expect(JSON.parse(messageAttributes["nats-headers"]?.stringValue ?? "")).toEqual({
    h7: ["v7"],
    h8: ["v8"],
    h9: ["v9"],
    h10: ["v10"],
    h11: ["v11"],
  });
});

test("an event is its records, and its size is counted as encoded", () => {
  const records = ["a", `"\\\n`, "ü🦀"].map((body) => recordOf({ data: utf8(body) }));
  const event = functionEvent(records);
  const { Records } = JSON.parse(event) as { Records: readonly SqsRecord[] };
  expect(Records.map(({ body }) => body)).toEqual(["a", `"\\\n`, "ü🦀"]);
  const counted = records.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(Buffer.byteLength(event)).toBeLessThanOrEqual(counted + 14);
});

test("payload and headers of any message can be read off its record", () => {
  fc.assert(
    fc.property(anyMessage(), (one) => {
      const { body, messageAttributes } = parsed(functionRecord(one, mapping));
      const entries = Object.entries(messageAttributes).map(
        ([name, { stringValue }]) => [name, { StringValue: stringValue }] as const,
      );
      const { data, headers: read } = readSqsMessage({
        Body: body,
        MessageAttributes: Object.fromEntries(entries),
      });
      expect(data.toString("hex")).toBe(Buffer.from(one.data).toString("hex"));
      expect(read).toEqual(one.headers);
    }),
  );
});
