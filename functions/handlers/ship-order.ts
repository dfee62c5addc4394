/** Orders a parcel for each order: an example of a handler with all its verdicts. */
import { onMessage, reject, retry } from "jetstream-aws-bridge/handler";

/** Where parcels are ordered. */
const CARRIER_URL = process.env["CARRIER_URL"] ?? "https://carrier.example.com/parcels";

interface Order {
  readonly id: string;
  readonly total: number;
}

export const handler = onMessage(
  async (message, { log, publish, signal }) => {
    const order = message.json<Order | null>(); // not JSON: rejected for you
    if (!order || !(order.total > 0)) return reject(`order ${order?.id} has no total`);
    // The same key on every redelivery: the carrier makes one parcel of it, however often this runs.
    const answer = await fetch(CARRIER_URL, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": message.id },
      body: JSON.stringify({ order: order.id }),
      signal,
    });
    if (answer.status === 429) return retry({ after: "30s", reason: "the carrier is busy" });
    if (!answer.ok) throw new Error(`the carrier answered ${answer.status}`); // any throw: retry with a growing delay
    const { parcel } = (await answer.json()) as { parcel: string };
    await publish("shipments.created", { order: order.id, parcel }); // stored once, however often this runs
    log.info("shipped", { order: order.id, parcel });
    return undefined; // ack
  },
  // Checked at the start: a stream takes it, and remembers ids for long enough.
  { publishes: ["shipments.created"] },
);
