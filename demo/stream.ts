// A stream of our own, on a server of our own or on somebody else's: named so that it meets no other, removed at the end.
import { randomBytes } from "node:crypto";
import {
  jetstream,
  type JetStreamClient,
  jetstreamManager,
  type JetStreamManager,
} from "@nats-io/jetstream";
import {
  connect,
  type ConnectionOptions,
  headers as natsHeaders,
  type NatsConnection,
} from "@nats-io/transport-node";
import { demoMessage, type DemoMessage } from "./messages.ts";

export type ConsumerPosition = {
  /** Delivered to nobody yet. */
  readonly pending: number;
  /** Delivered and not settled. */
  readonly ackPending: number;
};

const CONSUMER = "demo";

/** Kept on the server for no longer than this, in case the demo is killed before it can remove its stream. */
const MAX_AGE_NANOS = 3600 * 1e9;

export class DemoStream {
  readonly name: string = `JETSTREAM_AWS_BRIDGE_DEMO_${randomBytes(4).toString("hex").toUpperCase()}`;
  readonly consumer: string = CONSUMER;
  /** By stream sequence. */
  readonly sent: Map<number, DemoMessage> = new Map<number, DemoMessage>();
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #client: JetStreamClient;
  readonly #prefix = this.name.toLowerCase().replaceAll("_", "-");

  private constructor(connection: NatsConnection, manager: JetStreamManager) {
    this.#connection = connection;
    this.#manager = manager;
    this.#client = jetstream(connection);
  }

  static async connect(natsUrl: string): Promise<DemoStream> {
    const options = connectionOptions(natsUrl);
    let connection: NatsConnection | undefined;
    try {
      connection = await connect(options);
      return new DemoStream(connection, await jetstreamManager(connection));
    } catch (error) {
      await connection?.close();
      throw new Error(
        `given NATS at ${String(options.servers)} (${(error as Error).message}), expected a server with JetStream that lets us in`,
        { cause: error },
      );
    }
  }

  async create(): Promise<void> {
    await this.#manager.streams.add({
      name: this.name,
      subjects: [`${this.#prefix}.>`],
      max_age: MAX_AGE_NANOS,
    });
  }

  /** A durable pull consumer, for a bridge that does not make its own. */
  async createConsumer(ackWaitMs: number): Promise<void> {
    await this.#manager.consumers.add(this.name, {
      durable_name: CONSUMER,
      ack_policy: "explicit",
      ack_wait: ackWaitMs * 1e6,
      max_deliver: -1,
    });
  }

  /** Publishes message number `n` and waits until the server has stored it. */
  async publish(n: number): Promise<void> {
    const message = demoMessage(n);
    const headers = natsHeaders();
    for (const [name, values] of message.headers)
      for (const one of values) headers.append(name, one);
    const { seq } = await this.#client.publish(`${this.#prefix}.${message.subject}`, message.data, {
      headers,
      timeout: 10_000,
    });
    this.sent.set(seq, message);
  }

  /** Undefined as long as there is no consumer. */
  async position(): Promise<ConsumerPosition | undefined> {
    const info = await this.#manager.consumers.info(this.name, CONSUMER).catch(() => undefined);
    return info && { pending: info.num_pending, ackPending: info.num_ack_pending };
  }

  async remove(): Promise<void> {
    try {
      await this.#manager.streams.delete(this.name);
    } finally {
      await this.#connection.close();
    }
  }
}

function connectionOptions(natsUrl: string): ConnectionOptions {
  const url = new URL(natsUrl.replace(/^(nats|tls):/, "http:"));
  const [user, pass] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  return {
    servers: `${url.hostname}:${url.port || (/:80\/?$/.test(natsUrl) ? "80" : "4222")}`,
    name: "jetstream-aws-bridge demo",
    timeout: 3000,
    ...(natsUrl.startsWith("tls:") && { tls: {} }),
    ...(pass !== "" && { user, pass }),
    ...(pass === "" && user !== "" && { token: user }),
  };
}
