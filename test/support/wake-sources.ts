// What wakes a deployed function: a doorbell, which is a real local queue, and ticks of schedules.
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

/** Of EventBridge Scheduler, for a schedule without an input of its own. */
export const SCHEDULER_TICK = {
  version: "0",
  id: "d32c5eb5-9f53-4d5c-a1a0-3b9c1d1f3f4e",
  "detail-type": "Scheduled Event",
  source: "aws.scheduler",
  account: "123456789012",
  time: "2026-11-21T16:53:06Z",
  region: "us-east-1",
  resources: ["arn:aws:scheduler:us-east-1:123456789012:schedule/default/wake"],
  detail: "{}",
};

/** Of a rule with a schedule. */
export const RULE_TICK = {
  ...SCHEDULER_TICK,
  source: "aws.events",
  resources: ["arn:aws:events:us-east-1:123456789012:rule/wake"],
  detail: {},
};
