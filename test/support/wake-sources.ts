// What wakes a deployed function: a doorbell, which is a real local queue.
import { expect } from "vitest";
import { type EventQueue, eventQueue, type EventSource } from "./event-source.ts";
import { eventually } from "./lane.ts";
import type { Parts } from "./parts.ts";

/** A doorbell as it is deployed, but for its times. */
export function doorbell(
  { sqs }: Pick<Parts, "sqs">,
  name: string,
  { maxReceiveCount = 20, seconds = 10 }: { maxReceiveCount?: number; seconds?: number } = {},
): Promise<EventQueue> {
  return eventQueue(sqs, `${name}.fifo`, { visibilitySeconds: seconds, maxReceiveCount });
}

/** Until so many batches were delivered, and the queue is empty. */
export async function served(
  { sqs }: Pick<Parts, "sqs">,
  queue: EventQueue,
  source: EventSource,
  batches: number,
): Promise<void> {
  await eventually(() => expect(source.deliveries.length).toBeGreaterThanOrEqual(batches));
  await eventually(async () => expect(await sqs.count(queue.url)).toBe(0));
}
