// What the floors of the AWS SDK share: the same call again and again, so many at once, and how many messages were taken.
import type { Message } from "../../functions/bridge/core/ports.ts";

/** Messages of one call. */
export const BATCH = 10;

/** `call` sends a batch, and answers with how many of it were taken. */
export async function again(concurrency: number, call: () => Promise<number>): Promise<void> {
  let sent = 0;
  process.on("message", (question) => {
    if (question === "done") process.send?.({ done: sent });
  });
  process.send?.("ready");
  const sender = async (): Promise<void> => {
    for (;;) {
      // Not `sent += await …`: that adds to what `sent` was before the call.
      const taken = await call();
      sent += taken;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, sender));
}

/** Like those in the stream, for what is made of them to have the same size. */
export function messages(): readonly Message[] {
  return Array.from({ length: BATCH }, (_, position) => ({
    stream: "BENCH",
    consumer: "service-01234567",
    subject: "bench.eu.7",
    streamSequence: 100_000 + position,
    consumerSequence: 100_000 + position,
    deliveryCount: 1,
    timestampNanos: 1_795_271_260_674_195_254n,
    data: new TextEncoder().encode(payload(100_000 + position)),
    headers: new Map([
      ["Content-Type", ["application/json"]],
      ["Tenant", ["tenant-7"]],
    ]),
  }));
}

/** 500 bytes of JSON. */
export function payload(order: number): string {
  const start = `{"order":${order},"note":"`;
  return `${start}${"x".repeat(500 - start.length - 2)}"}`;
}
