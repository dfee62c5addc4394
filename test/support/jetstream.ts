// JetStream as an operator has it (streams, consumers, publishing), and our source opened without the rest of a bridge.
import {
  type ConsumerConfig,
  type ConsumerInfo,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type StreamConfig,
} from "@nats-io/jetstream";
import { connect, type Msg, type NatsConnection } from "@nats-io/transport-node";
import { systemClock } from "../../functions/bridge/clock.ts";
import { dialer } from "../../functions/bridge/source/connection.ts";
import type { WantedConsumer } from "../../functions/bridge/source/consumer.ts";
import {
  JetStreamSource,
  type SourceOptions,
} from "../../functions/bridge/source/jetstream-source.ts";
import type { ConnectionSettings } from "../../functions/bridge/source/open.ts";

export interface Operator {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  /** Makes a stream that takes `<name>.>`. */
  stream(name: string, config?: Partial<StreamConfig>): Promise<void>;
  /** Makes a durable pull consumer as the bridge would, but for what is given. */
  consumer(stream: string, name: string, config?: Partial<ConsumerConfig>): Promise<ConsumerInfo>;
  /** Publishes `count` messages whose payload is their number from `first` on; all are stored when it returns. */
  publish(
    subject: string | ((number: number) => string),
    count: number,
    first?: number,
  ): Promise<void>;
  info(stream: string, consumer: string): Promise<ConsumerInfo>;
  /** Takes up to `batch` messages, as another program would, and settles none of them. */
  take(stream: string, consumer: string, batch: number, waitMs?: number): Promise<readonly Msg[]>;
  close(): Promise<void>;
}

const NANOS_PER_MS = 1_000_000;

/** Most publishes on their way at once. */
const WINDOW = 500;

export async function operate(
  servers: string,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Operator> {
  const nc = await connect({
    servers: servers.split(","),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
    reconnectJitter: 0,
    ...options,
  });
  const js = jetstream(nc);
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  return {
    nc,
    jsm,
    async stream(name, config = {}) {
      await jsm.streams.add({ name, subjects: [`${name}.>`], ...config });
    },
    consumer: (stream, name, config = {}) =>
      jsm.consumers.add(stream, {
        durable_name: name,
        ack_policy: "explicit",
        ack_wait: 1000 * NANOS_PER_MS,
        max_deliver: -1,
        ...config,
      }),
    async publish(subject, count, first = 1) {
      for (let done = 0; done < count; done += WINDOW) {
        const numbers = Array.from(
          { length: Math.min(WINDOW, count - done) },
          (_, at) => first + done + at,
        );
        const subjectOf = typeof subject === "string" ? (): string => subject : subject;
        await Promise.all(numbers.map((number) => js.publish(subjectOf(number), String(number))));
      }
    },
    info: (stream, consumer) => jsm.consumers.info(stream, consumer),
    take: (stream, consumer, batch, waitMs = 500) => take(nc, stream, consumer, batch, waitMs),
    close: () => nc.close(),
  };
}

async function take(
  nc: NatsConnection,
  stream: string,
  consumer: string,
  batch: number,
  waitMs: number,
): Promise<readonly Msg[]> {
  const inbox = `_INBOX.take.${Math.random().toString(36).slice(2)}`;
  const messages: Msg[] = [];
  const subscription = nc.subscribe(inbox);
  const request = { batch, no_wait: true, expires: waitMs * NANOS_PER_MS };
  nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), {
    reply: inbox,
  });
  for await (const message of subscription) {
    if (!message.reply) break;
    if (messages.push(message) === batch) break;
  }
  return messages;
}

export interface OpenedSource {
  readonly source: JetStreamSource;
  readonly made: boolean;
  /** What it told, oldest first. */
  readonly events: readonly { readonly event: string; readonly details: unknown }[];
}

export interface SourceGiven {
  readonly wanted?: Partial<WantedConsumer>;
  readonly connection?: Partial<ConnectionSettings>;
  readonly options?: Partial<SourceOptions>;
}

/** The source of a bridge that takes a `consumer` of `stream`; short times, so that tests are short. */
export async function openSource(
  servers: string,
  stream: string,
  consumer: string,
  given: SourceGiven = {},
): Promise<OpenedSource> {
  const events: { event: string; details: unknown }[] = [];
  const { source, made } = await JetStreamSource.open({
    dial: dialer({
      servers: servers.split(",").map((url) => new URL(url).host),
      credentials: {},
      inboxPrefix: "_INBOX",
      timeoutMs: 1000,
      name: "source under test",
      ...given.connection,
    }),
    clock: systemClock,
    observe: (event, details) => events.push({ event, details }),
    wanted: {
      stream,
      consumer,
      filterSubjects: [],
      deliverPolicy: "all",
      ackWaitMs: 1000,
      maxAckPending: 1000,
      leastMaxAckPending: 1,
      ...given.wanted,
    },
    management: "create",
    apiPrefix: "$JS.API",
    timeoutMs: 500,
    ...given.options,
  });
  return { source, made, events };
}
