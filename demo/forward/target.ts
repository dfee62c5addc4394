// What the demo forwards to, and how it reads what arrived there: all of it local, in this process or its children.
import { startEvents } from "../../test/support/event-bus.ts";
import { type LocalFunctions, startFunctions } from "../../test/support/function-endpoint.ts";
import { readDetail } from "../../test/support/read-detail.ts";
import { readSqsMessage } from "../../test/support/read-sqs-message.ts";
import { startSqs } from "../../test/support/sqs.ts";
import type { DemoOptions } from "../options.ts";
import type { Arrival } from "../verdict.ts";

export type DemoTarget = {
  /** Where it is, for people. */
  readonly place: string;
  /** Undefined where order is kept; else what does not promise it. */
  readonly unordered: string | undefined;
  /** What the service needs to find it. */
  readonly environment: Readonly<Record<string, string>>;
  /** How many arrived so far, copies included. */
  count(): Promise<number>;
  /** All that arrived; of each group in order, where order is kept. */
  arrivals(): Promise<readonly Arrival[]>;
  stop(): Promise<void>;
};

export function startTarget({ queue, target }: DemoOptions): Promise<DemoTarget> {
  switch (target) {
    case "sqs":
      return queueTarget(queue === "fifo");
    case "eventbridge":
      return busTarget();
    case "lambda":
      return functionTarget();
  }
}

async function queueTarget(isFifo: boolean): Promise<DemoTarget> {
  const sqs = await startSqs();
  const url = await sqs.createQueue(isFifo ? "orders.fifo" : "orders");
  return {
    place: `SQS          ${url} (fauxqs, in this process)`,
    unordered: isFifo ? undefined : "a standard queue",
    environment: {
      ...sqs.environment,
      SQS_QUEUE_URL: url,
      ...(isFifo && { SQS_MESSAGE_GROUP_ID: "{subject.2}" }),
    },
    count: () => sqs.count(url),
    async arrivals() {
      const received = await sqs.receiveAll(url);
      return received.map(({ attributes, raw }) => {
        const { data, headers } = readSqsMessage(raw);
        return { id: attributes["nats-id"] ?? "", data, headers };
      });
    },
    stop: () => sqs.stop(),
  };
}

async function busTarget(): Promise<DemoTarget> {
  const events = await startEvents();
  events.createBus("orders");
  return {
    place: `EventBridge  bus orders at ${events.endpoint} (a strict stand-in, in this process)`,
    unordered: "an event bus",
    environment: { ...events.environment, EVENT_BUS_NAME: "orders" },
    count: async () => events.arrived.length,
    async arrivals() {
      return events.arrived.map(({ detail }) => {
        const { data, nats } = readDetail(detail);
        return { id: nats.id, data, headers: new Map(Object.entries(nats.headers)) };
      });
    },
    stop: () => events.stop(),
  };
}

async function functionTarget(): Promise<DemoTarget> {
  const functions = await startFunctions();
  const arn = functions.deploy("ship-order", "accepting.mjs");
  return {
    place: `Lambda       ${arn} at ${functions.endpoint} (a stand-in; the function in a process of its own)`,
    unordered: "a function",
    environment: {
      ...functions.environment,
      FUNCTION_ARN: arn,
      BATCH_SIZE: "50",
      CONCURRENCY: "2",
    },
    count: async () => recordsOf(functions).length,
    arrivals: async () => recordsOf(functions).map(arrivalOf),
    stop: () => functions.stop(),
  };
}

type FunctionRecord = LocalFunctions["invocations"][number]["records"][number];

function recordsOf({ invocations }: LocalFunctions): readonly FunctionRecord[] {
  return invocations.flatMap(({ ran, records }) => (ran && "returned" in ran ? records : []));
}

function arrivalOf({ body, messageAttributes, messageId }: FunctionRecord): Arrival {
  const attributes = Object.entries(messageAttributes).map(
    ([name, { stringValue }]) => [name, { StringValue: stringValue }] as const,
  );
  const message = { Body: body, MessageAttributes: Object.fromEntries(attributes) };
  return { id: messageId, ...readSqsMessage(message) };
}
