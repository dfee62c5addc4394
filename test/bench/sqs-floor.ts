// Floor: the AWS SDK's SendMessageBatch alone, the same ten entries again and again; nothing else.
import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { again, BATCH } from "./again.ts";

const [concurrencyText = "", queueUrl = "", attributesText = ""] = process.argv.slice(2);
const concurrency = Number(concurrencyText);
// As the service has it: one try, MD5 not checked by the SDK, a socket for each call.
const client = new SQSClient({
  useQueueUrlAsEndpoint: false,
  maxAttempts: 1,
  md5: false,
  requestHandler: { httpAgent: { maxSockets: concurrency } },
});
const values = [
  ["nats-id", "BENCH/123456/1795271260674195254"],
  ["nats-subject", "bench.eu.7"],
  ["Content-Type", "application/json"],
  ["Tenant", "tenant-7"],
].slice(0, Number(attributesText));

await again(concurrency, async () => {
  const Entries = Array.from({ length: BATCH }, (_, i) => ({
    Id: String(i),
    MessageBody: "x".repeat(500),
    MessageAttributes: Object.fromEntries(
      values.map(([name, StringValue]) => [name, { DataType: "String", StringValue }]),
    ),
  }));
  const { Successful = [] } = await client.send(
    new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }),
    { abortSignal: new AbortController().signal },
  );
  return Successful.length;
});
