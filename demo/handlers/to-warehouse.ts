/** The handler of `npm run demo -- --wake`: a file as users write it. It tells a warehouse of each order. */
import { onMessage, retry } from "jetstream-aws-bridge/handler";

/** What the warehouse gets: all of the message, so that the demo can compare it with what was published. */
export type Parcel = {
  readonly id: string;
  readonly headers: readonly (readonly [string, readonly string[]])[];
  /** The payload, as base64. */
  readonly data: string;
};

const { WAREHOUSE_URL = "https://warehouse.example.com/parcels" } = process.env;

export const handler = onMessage(
  async ({ data, headers, id }, { signal }) => {
    const parcel: Parcel = {
      id,
      headers: [...headers],
      data: Buffer.from(data).toString("base64"),
    };
    const answer = await fetch(WAREHOUSE_URL, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": id },
      body: JSON.stringify(parcel),
      signal,
    });
    if (answer.status === 429) return retry({ after: "1s", reason: "the warehouse is busy" });
    if (!answer.ok) throw new Error(`the warehouse answered ${answer.status}`);
    return undefined; // ack
  },
  // The second token of a subject is the customer: of each of them in order, of all of them side by side.
  { groupBy: "{subject.2}" },
);
