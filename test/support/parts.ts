// The real parts between which the bridge runs: a NATS server, a local SQS, and routes from a stream to a queue.
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ConsumerInfo,
  jetstream,
  type JetStreamClient,
  jetstreamManager,
  type JetStreamManager,
} from "@nats-io/jetstream";
import { connect, type MsgHdrs, type NatsConnection } from "@nats-io/transport-node";
import { type Bridge, startBridge } from "./bridge-process.ts";
import { type RunningServer, startNatsServer, type StartOptions } from "./nats-server.ts";
import { type LocalSqs, type Received, startSqs } from "./sqs.ts";

export interface Parts extends AsyncDisposable {
  readonly server: RunningServer;
  readonly sqs: LocalSqs;
  readonly connection: NatsConnection;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  /** A stream of this name that takes `<name>.>`, a queue of this name, and no consumer yet. */
  route(name: string, options?: RouteOptions): Promise<Route>;
}

interface RouteOptions {
  readonly fifo?: boolean;
  readonly deadLetters?: boolean;
  readonly queueAttributes?: Readonly<Record<string, string>>;
}

/** The second token of a subject is one of so many groups. */
export const GROUPS = 20;

export interface Published {
  readonly data: Uint8Array | string;
  readonly headers?: MsgHdrs;
}

export interface Route {
  readonly stream: string;
  readonly isFifo: boolean;
  readonly queueName: string;
  readonly queueUrl: string;
  /** Empty when there is none. */
  readonly deadLetterUrl: string;
  /** All that the service needs to work on this route. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Publishes so many, numbered on from the last, to `<stream>.g<number % 20>.<number>`; returns when the stream has
   * them.
   */
  publish(count: number, make?: (number: number) => Published): Promise<void>;
  /** Starts the service on this route, with more settings or others. */
  start(more?: Readonly<Record<string, string>>): Bridge;
  /** What the server says about the consumer; undefined while there is none. */
  consumer(): Promise<ConsumerInfo | undefined>;
  /** Waits until something is delivered, and all of it settled; throws with the consumer's state when that takes too long. */
  drained(timeoutMs?: number): Promise<void>;
}

export async function startParts(options: StartOptions = {}): Promise<Parts> {
  const [server, sqs] = await Promise.all([startNatsServer(options), startSqs()]);
  const connection = await connect({ servers: server.url });
  const manager = await jetstreamManager(connection);
  return {
    server,
    sqs,
    connection,
    manager,
    jetstream: jetstream(connection),
    route: (name, more = {}) => route({ server, sqs, connection, manager }, name, more),
    async [Symbol.asyncDispose]() {
      await connection.close();
      await Promise.all([server.stop("SIGKILL"), sqs.stop()]);
    },
  };
}

async function route(
  { server, sqs, connection, manager }: Pick<Parts, "server" | "sqs" | "connection" | "manager">,
  name: string,
  { fifo = false, deadLetters = false, queueAttributes = {} }: RouteOptions,
): Promise<Route> {
  const ending = fifo ? ".fifo" : "";
  await manager.streams.add({ name, subjects: [`${name}.>`] });
  const queueName = `${name}${ending}`;
  const queueUrl = await sqs.createQueue(queueName, queueAttributes);
  const deadLetterUrl = deadLetters ? await sqs.createQueue(`${name}-dead${ending}`) : "";
  const durable = `${name}-to-sqs`;
  const started: Bridge[] = [];
  const environment = {
    ...sqs.environment,
    NATS_URL: server.url,
    JETSTREAM_STREAM: name,
    JETSTREAM_CONSUMER: durable,
    SQS_QUEUE_URL: queueUrl,
    ...(deadLetters && { DEAD_LETTER_QUEUE_URL: deadLetterUrl }),
    ...(fifo && { SQS_MESSAGE_GROUP_ID: "{subject.2}" }),
    RECEIPT_INTERVAL: "500ms",
  };
  const consumer = async (): Promise<ConsumerInfo | undefined> =>
    manager.consumers.info(name, durable).catch(() => undefined);
  return {
    stream: name,
    isFifo: fifo,
    queueName,
    queueUrl,
    deadLetterUrl,
    environment,
    async publish(count, make = (number) => ({ data: `{"number":${number}}` })) {
      const { state } = await manager.streams.info(name);
      const all = state.last_seq + count;
      for (let number = state.last_seq; number < all; number += 1) {
        const { data, headers } = make(number);
        const subject = `${name}.g${number % GROUPS}.${number}`;
        connection.publish(subject, data, headers ? { headers } : {});
      }
      await connection.flush();
      await stored(manager, name, all);
    },
    start(more = {}) {
      const bridge = startBridge({ ...environment, ...more });
      started.push(bridge);
      return bridge;
    },
    consumer,
    async drained(timeoutMs = 45_000) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const info = await consumer();
        // One that was made a moment ago may say 0 of messages that are still on their way into the stream.
        const isAtWork = info !== undefined && info.delivered.consumer_seq > 0;
        if (isAtWork && info.num_pending === 0 && info.num_ack_pending === 0) return;
        if (Date.now() > deadline) {
          const said = started.map((bridge) => bridge.said()).join("\n");
          throw new Error(`not drained within ${timeoutMs} ms: ${JSON.stringify(info)}\n${said}`);
        }
        await sleep(25);
      }
    },
  };
}

/** Until a stream has so many: what the server has read is not in the stream yet. */
export async function stored(
  manager: JetStreamManager,
  stream: string,
  count: number,
): Promise<void> {
  while ((await manager.streams.info(stream)).state.last_seq < count) await sleep(10);
}

/** The number under which `publish` made it. */
export function numberOf(message: Pick<Received, "attributes">): number {
  return Number(message.attributes["nats-subject"]?.split(".").at(-1));
}

/** `upTo(3)`: 0, 1, 2. */
export function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, number) => number);
}
