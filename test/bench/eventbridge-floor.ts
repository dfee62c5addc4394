// Floor: the AWS SDK's PutEvents alone, the same ten entries again and again; nothing else. The entries are the service's
// own, made once: they have its sizes.
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { eventEntry } from "../../functions/bridge/sinks/eventbridge/entry.ts";
import { again, messages } from "./again.ts";

const [concurrencyText = "", bus = ""] = process.argv.slice(2);
const concurrency = Number(concurrencyText);
// As the service has it: one try, a socket for each call.
const client = new EventBridgeClient({
  maxAttempts: 1,
  requestHandler: { httpAgent: { maxSockets: concurrency } },
});
const details = messages().map((message) => {
  const entry = eventEntry(message, { origin: "BENCH", source: [], detailType: [] });
  if ("rejected" in entry) throw new Error(entry.rejected);
  return entry.detail;
});

await again(concurrency, async () => {
  const Entries = details.map((Detail) => ({
    EventBusName: bus,
    Source: "nats.BENCH",
    DetailType: "bench.eu.7",
    Detail,
    Time: new Date(1_795_271_260_674),
  }));
  const answer = await client.send(new PutEventsCommand({ Entries }), {
    abortSignal: new AbortController().signal,
  });
  return answer.Entries?.filter(({ EventId }) => EventId !== undefined).length ?? 0;
});
