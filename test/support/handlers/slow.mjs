// A handler that takes its time.
import { setTimeout as sleep } from "node:timers/promises";

export const handler = async (event) => {
  for (const record of event.Records) {
    const order = JSON.parse(record.body);
    await sleep(500);
    console.log(`shipped ${order.number}`);
  }
};
