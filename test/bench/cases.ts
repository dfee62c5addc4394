// What is measured: the service, and the floors that it stands on.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { connect, headers as natsHeaders, type NatsConnection } from "@nats-io/transport-node";
import { type RunningServer, startNatsServer } from "../support/nats-server.ts";
import { payload } from "./again.ts";
import { Measured, type Measurement } from "./measured.ts";
import { type Floor, type TargetName, TARGETS } from "./targets.ts";

export type Plan = {
  readonly concurrency: number;
  readonly latencyMs: number;
  readonly warmUp: number;
  readonly messages: number;
  /** Ends sooner when so much time has gone by. */
  readonly seconds: number;
};

const STREAM = "BENCH";

const file = (name: string): string => join(import.meta.dirname, name);
const SERVICE = file("../../functions/forward.service.ts");

export class Bench implements AsyncDisposable {
  readonly #server: RunningServer;
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;

  private constructor(
    server: RunningServer,
    connection: NatsConnection,
    manager: JetStreamManager,
  ) {
    this.#server = server;
    this.#connection = connection;
    this.#manager = manager;
  }

  get serverVersion(): string {
    return this.#server.version;
  }

  /** A server whose stream holds `messages` of 500 bytes, with two headers each. */
  static async prepare(messages: number): Promise<Bench> {
    const server = await startNatsServer();
    const connection = await connect({ servers: server.url });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: STREAM, subjects: ["bench.>"] });
    const headers = natsHeaders();
    headers.set("Content-Type", "application/json");
    headers.set("Tenant", "tenant-7");
    for (let n = 0; n < messages; n++) {
      connection.publish(`bench.eu.${n % 50}`, payload(n), { headers });
      if (n % 1000 === 999) await connection.flush();
    }
    const stored = async (): Promise<number> => (await manager.streams.info(STREAM)).state.messages;
    while ((await stored()) < messages) await connection.flush();
    return new Bench(server, connection, manager);
  }

  /** The service entry as it is, its own process. */
  async service(
    plan: Plan,
    target: TargetName,
    node: readonly string[] = [],
  ): Promise<Measurement> {
    const consumer = uniqueName("service");
    const endpoint = await startEndpoint(plan.latencyMs);
    const settings = {
      ...endpoint.environment,
      ...TARGETS[target].settings,
      NATS_URL: this.#server.url,
      JETSTREAM_STREAM: STREAM,
      JETSTREAM_CONSUMER: consumer,
      CONCURRENCY: String(plan.concurrency),
      HEALTH_PORT: "off",
    };
    const service = new Measured(SERVICE, [], settings, node);
    try {
      return await service.measure({ ...bounds(plan), count: () => this.#settled(consumer) });
    } finally {
      await service.end("SIGTERM");
      await endpoint.end();
      await this.#manager.consumers.delete(STREAM, consumer);
    }
  }

  async sdkFloor(plan: Plan, { args, file: name }: Floor): Promise<Measurement> {
    const endpoint = await startEndpoint(plan.latencyMs);
    const all = [String(plan.concurrency), ...args];
    return floor(new Measured(file(name), all, endpoint.environment), plan, endpoint);
  }

  async natsFloor(plan: Plan): Promise<Measurement> {
    const consumer = uniqueName("floor");
    const args = [this.#server.url, STREAM, consumer, String(10 * plan.concurrency)];
    try {
      return await floor(new Measured(file("nats-floor.ts"), args, {}), plan);
    } finally {
      await this.#manager.consumers.delete(STREAM, consumer);
    }
  }

  async #settled(consumer: string): Promise<number> {
    const info = await this.#manager.consumers.info(STREAM, consumer).catch(() => undefined);
    return info ? info.delivered.stream_seq - info.num_ack_pending : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
    await this.#server.stop();
  }
}

type Endpoint = { readonly environment: Record<string, string>; end(): Promise<void> };

async function startEndpoint(latencyMs: number): Promise<Endpoint> {
  const process = new Measured(file("null-aws.ts"), [String(latencyMs)], {});
  const { port } = await process.hears<{ port: number }>();
  return {
    environment: {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "bench",
      AWS_SECRET_ACCESS_KEY: "bench",
      AWS_SESSION_TOKEN: "b".repeat(400),
    },
    end: () => process.end(),
  };
}

async function floor(process: Measured, plan: Plan, endpoint?: Endpoint): Promise<Measurement> {
  try {
    await process.hears();
    const count = async (): Promise<number> => (await process.ask<{ done: number }>("done")).done;
    return await process.measure({ ...bounds(plan), count });
  } finally {
    await process.end();
    await endpoint?.end();
  }
}

function bounds(plan: Plan): { warmUp: number; until: number; seconds: number } {
  return { warmUp: plan.warmUp, until: plan.warmUp + plan.messages, seconds: plan.seconds };
}

function uniqueName(start: string): string {
  return `${start}-${randomBytes(4).toString("hex")}`;
}
