// Floor: the AWS SDK's Invoke alone, the same payload of ten records again and again; nothing else. The payload is the
// service's own, made and encoded once: it has its size.
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { functionEvent, functionRecord } from "../../functions/bridge/sinks/lambda/record.ts";
import { again, BATCH, messages } from "./again.ts";

const [concurrencyText = "", functionArn = ""] = process.argv.slice(2);
const concurrency = Number(concurrencyText);
// As the service has it: one try, a socket for each call.
const client = new LambdaClient({
  maxAttempts: 1,
  requestHandler: { httpAgent: { maxSockets: concurrency } },
});
const records = messages().map((message) =>
  functionRecord(message, { origin: "BENCH", functionArn }),
);
const Payload = new TextEncoder().encode(functionEvent(records));

await again(concurrency, async () => {
  const { StatusCode } = await client.send(
    new InvokeCommand({ FunctionName: functionArn, Payload }),
    { abortSignal: new AbortController().signal },
  );
  return StatusCode === 200 ? BATCH : 0;
});
