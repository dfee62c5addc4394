// Asks the test, by HTTP, what to do with each message.
import { onMessage, reject, retry } from "jetstream-aws-bridge/handler";

const { ASK_URL, OPTIONS = "{}" } = process.env;

export const handler = onMessage(async (message, { log, publish, signal }) => {
  const { id, deliveryCount, subject } = message;
  const answer = await fetch(ASK_URL, {
    method: "POST",
    headers: { "idempotency-key": id },
    body: JSON.stringify({ subject, deliveryCount, text: message.text() }),
    signal,
  });
  const { after, publishes = [], verdict } = await answer.json();
  log.info("told", { id: "ours", event: "ours", verdict });
  log.info("no JSON", { sequence: BigInt(message.streamSequence) });
  for (const [to, data] of publishes) await publish(to, data);
  if (verdict === "retry") return retry({ after });
  if (verdict === "reject") return reject("told so");
  if (verdict === "throw") throw new Error("told so");
  return undefined;
}, JSON.parse(OPTIONS));
