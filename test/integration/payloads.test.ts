// Byte for byte: whatever is published can be read again from what arrives, and SQS would have taken it.
import { expect, test } from "vitest";
import { expectGoodEnd } from "../support/arrivals.ts";
import { startAwsFaultProxy } from "../support/aws-fault-proxy.ts";
import { publishCases, readCases, wantedOf } from "../support/cases.ts";
import { BEYOND, HEADERS, PAYLOADS } from "../support/payload-cases.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const { parts } = await partsOfFile();

test.each([
  ["payloads", PAYLOADS],
  ["headers", HEADERS],
])("%s of all kinds come out as they went in", async (name, cases) => {
  const route = await parts.route(name);
  await publishCases(parts, route, cases);
  await using bridge = route.start();
  await route.drained();
  await expectGoodEnd(bridge);
  const arrived = await parts.sqs.receiveAll(route.queueUrl, { expected: cases.length });
  expect(arrived.length).toBe(cases.length);
  expect(
    readCases(
      cases,
      arrived.map(({ raw }) => raw),
    ),
  ).toEqual(wantedOf(cases));
});

test("characters beyond U+FFFF, and a trace, leave as they came in", async () => {
  const route = await parts.route("beyond");
  await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
  proxy.script(() => ({ kind: "null" }));
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const traced = {
    name: "trace",
    lines: [`traceparent: ${traceparent}`],
    headers: { traceparent: [traceparent] },
  };
  const cases = [...BEYOND, traced];
  await publishCases(parts, route, cases);
  await using bridge = route.start({ AWS_ENDPOINT_URL: proxy.endpoint });
  await route.drained();
  await expectGoodEnd(bridge);
  const entries = proxy.batches.flatMap((batch) => batch.entries);
  const messages = entries.map((entry) => ({
    ...entry,
    MessageId: "",
    ReceiptHandle: "",
    Body: entry.MessageBody,
  }));
  expect(readCases(cases, messages)).toEqual(wantedOf(cases));
  expect(
    entries.map(({ MessageSystemAttributes }) => MessageSystemAttributes?.["AWSTraceHeader"]),
  ).toEqual([
    ...BEYOND.map(() => undefined),
    {
      DataType: "String",
      StringValue: "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1",
    },
  ]);
});
