// A stream with its durable consumer and dead letters, and a handler's Lambda entry that works on it.
import type { ConsumerConfig, StreamConfig } from "@nats-io/jetstream";
import { expect } from "vitest";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { QUICK, SOON } from "./bridge-settings.ts";
import type { Operator } from "./jetstream.ts";
import { type LambdaProcess, startLambda } from "./lambda-process.ts";
import type { Parts } from "./parts.ts";
import type { Received } from "./sqs.ts";

export const SHIP_ORDER = "functions/handlers/ship-order.ts";
export const ORDERS_TO_TABLE = "functions/handlers/orders-to-table.ts";
/** Does what the test says. */
export const ASKING = "test/support/handlers/asking.mjs";
/** Spoils the memory of its messages, and throws or rejects with their text. */
export const SPOILING = "test/support/handlers/spoiling.mjs";
/** Takes batches, and reads the JSON of each message. */
export const PARSING = "test/support/handlers/parsing.mjs";

export interface HandlerRoute {
  readonly stream: string;
  readonly consumer: string;
  /** Publishes each as JSON to `<stream>.<group>`; returns when all are stored. */
  publish(...messages: readonly (readonly [group: string, json: unknown])[]): Promise<void>;
  start(
    entry: string,
    more: Readonly<Record<string, string>>,
    ...calls: Parameters<typeof startLambda>[2][]
  ): LambdaProcess;
  /** What is unsettled, and what was never delivered. */
  left(): Promise<readonly [number, number]>;
  /** Of the dead letters: the payload, and why it is there. */
  buried(expected: number): Promise<readonly Pick<Received, "body" | "attributes">[]>;
}

const ACK_WAIT_S = 5;

interface Given {
  readonly stream?: Partial<StreamConfig>;
  readonly consumer?: Partial<ConsumerConfig>;
}

export async function handlerRoute(
  { jetstream, server, sqs }: Parts,
  operator: Operator,
  name: string,
  given: Given = {},
): Promise<HandlerRoute> {
  const consumer = `${name}-handler`;
  await operator.stream(name, given.stream);
  await operator.consumer(name, consumer, { ack_wait: ACK_WAIT_S * 1e9, ...given.consumer });
  const deadLetters = await sqs.createQueue(`${name}-dead`);
  const environment = {
    ...sqs.environment,
    ...QUICK,
    ...SOON,
    // Many processes start side by side, perhaps on a machine that has other things to do.
    NATS_TIMEOUT: "3s",
    JETSTREAM_ACK_WAIT: `${ACK_WAIT_S}s`,
    NATS_URL: server.url,
    JETSTREAM_STREAM: name,
    JETSTREAM_CONSUMER: consumer,
    DEAD_LETTER_QUEUE_URL: deadLetters,
    IDLE_TIMEOUT: "300ms",
  };
  return {
    stream: name,
    consumer,
    async publish(...messages) {
      for (const [group, json] of messages) {
        await jetstream.publish(`${name}.${group}`, JSON.stringify(json));
      }
    },
    start: (entry, more, ...calls) => startLambda(entry, { ...environment, ...more }, ...calls),
    async left() {
      const { num_ack_pending, num_pending } = await operator.info(name, consumer);
      return [num_ack_pending, num_pending];
    },
    buried: (expected) => sqs.receiveAll(deadLetters, { expected }),
  };
}

/** The receipts of a process that ended well. */
export async function receiptsOf({ ended }: LambdaProcess): Promise<readonly Receipt[]> {
  const { invocations, stderr } = await ended;
  return invocations.map(({ error, receipt }) => receipt ?? expect.fail(`${error}\n${stderr}`));
}

/** What `ASKING` needs to know. */
export const ask = (url: string, options: object = {}): Readonly<Record<string, string>> => ({
  ASK_URL: url,
  OPTIONS: JSON.stringify(options),
});
