// A handler of somebody else.
import { appendFileSync } from "node:fs";
import { type Handler, onMessage, reject } from "jetstream-aws-bridge/handler";

interface Order {
  readonly id: string;
  readonly total: number;
}

export const handler: Handler = onMessage(async (message) => {
  const order = message.json<Order>();
  if (order.total <= 0) return reject(`order ${order.id} has no total`);
  appendFileSync(process.env["LEDGER"] ?? "", `${order.id} ${message.id}\n`);
  return undefined;
});
