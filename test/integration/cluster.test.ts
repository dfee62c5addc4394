// Three servers, all replicated: leaders change and a server is killed while messages flow, and a leader changes just
// between the acks of a batch and the one that asks for confirmation.
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Verdict } from "../../functions/bridge/core/settlement.ts";
import type { JetStreamSource } from "../../functions/bridge/source/jetstream-source.ts";
import { startAwsFaultProxy } from "../support/aws-fault-proxy.ts";
import { startBridge } from "../support/bridge-process.ts";
import { bridgeSettings } from "../support/bridge-settings.ts";
import type { Held } from "../../functions/bridge/core/ports.ts";
import { openSource, operate, type Operator } from "../support/jetstream.ts";
import { type RunningCluster, startCluster } from "../support/nats-cluster.ts";
import { startSqs } from "../support/sqs.ts";

let cluster: RunningCluster;
let operator: Operator;
const sources: JetStreamSource[] = [];

beforeAll(async () => {
  cluster = await startCluster(3);
  operator = await operate(cluster.url);
});
afterAll(async () => {
  await Promise.all(sources.map((source) => source.close()));
  await operator.close();
  await cluster.stop();
});

/** Again if need be: three servers on a busy machine take their time to agree. */
async function makeStream(stream: string): Promise<void> {
  const make = (): Promise<void> => operator.stream(stream, { num_replicas: 3 });
  await make().catch(make);
}

/** A replicated stream with messages, and a consumer with a long ack wait: what comes twice was not settled. */
async function replicated(stream: string, count: number): Promise<void> {
  await makeStream(stream);
  await operator.publish(`${stream}.a`, count);
  await operator.consumer(stream, "bridge", { ack_wait: 60e9 });
}

async function stepDown(stream: string): Promise<void> {
  await operator.nc
    .request(`$JS.API.CONSUMER.LEADER.STEPDOWN.${stream}.bridge`, "", { timeout: 1000 })
    .catch(() => undefined);
}

interface Hooks {
  /** When the acks of a batch arrive here. */
  readonly beforeAcks: () => Promise<void>;
  /** When they have gone on, and the one that asks for confirmation, with all behind it, still waits here. */
  readonly beforeConfirmation: () => Promise<void>;
}

interface HoldingProxy {
  readonly url: string;
  /** For the next batch of acks. */
  hold(hooks: Hooks): void;
  stop(): void;
}

/** In front of a server, for one connection. */
async function startHoldingProxy(target: number): Promise<HoldingProxy> {
  let hooks: Hooks | undefined;
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: target, host: "127.0.0.1", noDelay: true });
    upstream.pipe(client);
    let before = Promise.resolve();
    const pass = async (bytes: Buffer): Promise<void> => {
      const confirmation = /PUB \$JS\.ACK\.\S+ \S+ \d+\r\n/.exec(bytes.toString("latin1"));
      if (!hooks || !confirmation) return void upstream.write(bytes);
      const { beforeAcks, beforeConfirmation } = hooks;
      hooks = undefined;
      await beforeAcks();
      upstream.write(bytes.subarray(0, confirmation.index));
      await beforeConfirmation();
      upstream.write(bytes.subarray(confirmation.index));
    };
    client.on("data", (bytes: Buffer) => {
      before = before.then(() => pass(bytes));
    });
    client.on("close", () => upstream.destroy());
    for (const socket of [client, upstream]) socket.on("error", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    url: `nats://127.0.0.1:${port}`,
    hold(next) {
      hooks = next;
    },
    stop: () => server.close(),
  };
}

describe("a change of leader", () => {
  test("ends a waiting pull as interrupted, and the next one works", async () => {
    await replicated("PULL", 0);
    const { source } = await openSource(cluster.url, "PULL", "bridge");
    sources.push(source);
    const pulling = source.pull({ batch: 5, waitMs: 5000, maxBytes: 0 });
    await source.state();
    await stepDown("PULL");
    const pulled = await pulling;
    expect(pulled).toMatchObject({ end: "interrupted", held: [] });
    expect((pulled as { cause: Error }).cause.message).toMatch(/leadership change/i);
    await operator.publish("PULL.a", 3);
    await vi.waitFor(
      async () => {
        const { held } = await source.pull({ batch: 3, waitMs: 300, maxBytes: 0 });
        expect(held).toHaveLength(3);
      },
      { timeout: 10_000, interval: 50 },
    );
  });

  test.concurrent.each([0, 20, 100])(
    "between the acks and their confirmation, %i ms before it, leaves nothing unsettled",
    async (delayMs) => {
      const stream = `SETTLE-${delayMs}`;
      await replicated(stream, 100);
      const proxy = await startHoldingProxy(cluster.nodes[delayMs % 3]!.port);
      const { source } = await openSource(proxy.url, stream, "bridge", {
        options: { timeoutMs: 3000 },
      });
      sources.push(source);
      // Its leader may not be ready yet.
      const held: Held[] = [];
      await vi.waitFor(
        async () => {
          held.push(...(await source.pull({ batch: 100, waitMs: 1000, maxBytes: 0 })).held);
          expect(held).toHaveLength(100);
        },
        { timeout: 10_000, interval: 50 },
      );
      // Acks find no leader and vanish; the confirmation finds the new one, which knows nothing of them.
      proxy.hold({
        beforeAcks: () => stepDown(stream),
        beforeConfirmation: () => sleep(delayMs),
      });
      const verdicts = held.map((one): Verdict => ({ kind: "ack", held: one }));
      const { confirmed, unconfirmed } = await source.settle(verdicts);
      expect([confirmed.length, unconfirmed.length]).toEqual([100, 0]);
      // As a run does before it ends, and now and then while it goes on.
      expect(await source.state()).not.toHaveProperty("end");
      await vi.waitFor(
        async () => {
          const info = await operator.info(stream, "bridge");
          expect(info).toMatchObject({
            num_ack_pending: 0,
            num_redelivered: 0,
            delivered: { consumer_seq: 100 },
          });
        },
        { timeout: 3000, interval: 50 },
      );
      proxy.stop();
    },
  );
});

const COUNT = 5000;
const GROUPS = 60;

/** Stored for sure, and once, whatever the servers go through. */
async function publishSurely(stream: string): Promise<void> {
  const js = jetstream(operator.nc);
  let next = 0;
  const publisher = async (): Promise<void> => {
    while (next < COUNT) {
      const number = ++next;
      const subject = `${stream}.g${number % GROUPS}`;
      const options = { msgID: String(number), timeout: 1000 };
      while (!(await js.publish(subject, String(number), options).catch(() => undefined))) {
        await sleep(20);
      }
    }
  };
  await Promise.all(Array.from({ length: 100 }, publisher));
}

test("5,000 messages flow in order while the leader changes each second and a server is killed", async () => {
  const stream = "FLOW";
  await using sqs = await startSqs();
  const queueUrl = await sqs.createQueue("FLOW.fifo");
  // Calls side by side overtake each other: order must not depend on when they are answered.
  await using proxy = await startAwsFaultProxy(sqs.endpoint);
  proxy.script(() => sleep(30 * Math.random(), undefined));
  await makeStream(stream);
  const publishing = publishSurely(stream);
  await using bridge = startBridge({
    ...bridgeSettings(cluster.url, sqs, stream, queueUrl),
    AWS_ENDPOINT_URL: proxy.endpoint,
    RECEIPT_INTERVAL: "1s",
  });
  await bridge.waitFor("running");
  const over = new AbortController();
  const stepping = (async () => {
    for (let second = 1; !over.signal.aborted; second += 1) {
      await stepDown(stream);
      if (second === 3) await cluster.nodes[2]!.kill();
      await sleep(1000);
    }
  })();
  await publishing;
  const isDrained = async (): Promise<void> => {
    // The floor, not the numbers of what is left: a new leader may count in a replica that lags behind.
    const { ack_floor, num_ack_pending } = await operator.info(stream, "bridge");
    expect([ack_floor.stream_seq, num_ack_pending]).toEqual([COUNT, 0]);
  };
  await vi.waitFor(isDrained, { timeout: 40_000, interval: 200 });
  over.abort();
  await stepping;
  expect(await bridge.stop()).toBe(0);

  const received = await sqs.receiveAll(queueUrl, { expected: COUNT });
  expect(new Set(received.map(({ body }) => body)).size).toBe(COUNT);
  // The queue drops what comes twice within five minutes, so that each is there once.
  expect(received).toHaveLength(COUNT);
  const sequence = ({ attributes }: (typeof received)[number]): number =>
    Number(attributes["nats-id"]!.split("/")[1]);
  for (let group = 0; group < GROUPS; group += 1) {
    const own = received.filter((one) => one.group === `${stream}.g${group}`).map(sequence);
    expect(own).toEqual(own.toSorted((a, b) => a - b));
  }
});
