// Stream or consumer change under messages that the bridge holds. An ack names nothing but a sequence: sent to a stream
// that was made anew, it would settle a message that nobody has seen.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type AwsFaultProxy, startAwsFaultProxy } from "../support/aws-fault-proxy.ts";
import { type Bridge, startBridge } from "../support/bridge-process.ts";
import { bothServers } from "../support/both-servers.ts";
import { bridgeSettings } from "../support/bridge-settings.ts";
import { operate, type Operator } from "../support/jetstream.ts";
import { isAtLeast, type RunningServer, startNatsServer } from "../support/nats-server.ts";
import { type LocalSqs, startSqs } from "../support/sqs.ts";

/** For so long the bridge takes consumer and stream to be the same without asking. */
const PROVEN_MS = 400;

let sqs: LocalSqs;
beforeAll(async () => {
  sqs = await startSqs();
});
afterAll(() => sqs.stop());

interface Holding extends AsyncDisposable {
  readonly bridge: Bridge;
  readonly queueUrl: string;
  readonly proxy: AwsFaultProxy;
  /** SQS takes what the bridge has sent, and answers. */
  readonly release: () => void;
}

describe.each(await bothServers())("on $which", ({ binary, version }) => {
  /** One says that it goes, the other does not. */
  const signal = isAtLeast(version, "2.10") ? "SIGTERM" : "SIGKILL";
  let server: RunningServer;
  let operator: Operator;

  beforeAll(async () => {
    if (!binary) return;
    server = await startNatsServer({ binary });
    operator = await operate(server.url);
  });
  afterAll(async () => {
    await operator?.close();
    await server?.stop();
  });

  /** A bridge that has sent five messages of `stream` to an SQS that does not answer yet. */
  async function holding(stream: string): Promise<Holding> {
    await operator.stream(stream);
    await operator.publish(`${stream}.a`, 5);
    const queueUrl = await sqs.createQueue(`${stream}-${server.version.replaceAll(".", "-")}`);
    const proxy = await startAwsFaultProxy(sqs.endpoint);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    proxy.script(() => promise);
    const bridge = startBridge({
      ...bridgeSettings(server.url, sqs, stream, queueUrl),
      JETSTREAM_ACK_WAIT: "5s",
      AWS_ENDPOINT_URL: proxy.endpoint,
      RECEIPT_INTERVAL: "60s",
    });
    const sent = () =>
      new Set(proxy.batches.flatMap(({ entries }) => entries.map((one) => one.MessageBody)));
    await vi.waitFor(() => expect(sent().size).toBe(5), { timeout: 15_000 });
    return {
      bridge,
      queueUrl,
      proxy,
      release: () => resolve(undefined),
      async [Symbol.asyncDispose]() {
        await bridge[Symbol.asyncDispose]();
        await proxy.stop();
      },
    };
  }

  /** Somebody else takes five messages of seven, and the bridge has what it holds of old ones accepted by SQS. */
  async function nothingStrays(stream: string, held: Holding): Promise<void> {
    await operator.consumer(stream, "bridge", { ack_wait: 60e9 });
    const others = await operator.take(stream, "bridge", 5);
    expect(others).toHaveLength(5);
    await sleep(PROVEN_MS);
    held.release();
    expect(await held.bridge.exited).toBe(3);
    // None of the five was settled or given back, and the other two were left alone.
    expect(await operator.info(stream, "bridge")).toMatchObject({
      num_ack_pending: 5,
      num_redelivered: 0,
      num_pending: 2,
      ack_floor: { stream_seq: 0 },
    });
    const last = held.bridge.receipts().at(-1)!;
    expect(last).toMatchObject({ stop: "gone", pulled: 5, acked: 0, unconfirmed: 5, held: 0 });
    expect(last.reason).toMatch(/made anew/);
    expect(held.bridge.lines.map(({ event }) => event)).toContain("verdicts-dropped");
  }

  test.skipIf(!binary).concurrent("a stream made anew: no ack strays, stop `gone`", async () => {
    await using held = await holding("STREAM");
    await operator.jsm.streams.delete("STREAM");
    await operator.stream("STREAM");
    await operator.publish("STREAM.a", 7);
    await nothingStrays("STREAM", held);
  });

  test.skipIf(!binary).concurrent("a consumer made anew: no ack strays, stop `gone`", async () => {
    await using held = await holding("CONSUMER");
    await operator.jsm.consumers.delete("CONSUMER", "bridge");
    await operator.publish("CONSUMER.a", 2, 6);
    await nothingStrays("CONSUMER", held);
  });

  test
    .skipIf(!binary)
    .concurrent("a consumer deleted: what SQS took is unconfirmed, stop `gone`", async () => {
      await using held = await holding("DELETED");
      await operator.jsm.consumers.delete("DELETED", "bridge");
      held.release();
      expect(await held.bridge.exited).toBe(3);
      const last = held.bridge.receipts().at(-1)!;
      expect(last).toMatchObject({ stop: "gone", pulled: 5, acked: 0, unconfirmed: 5, held: 0 });
      expect(last.reason).toMatch(/consumer not found/);
      expect(await sqs.count(held.queueUrl)).toBe(5);
    });

  test.skipIf(!binary)(
    "the server goes and comes back while messages are held: it goes on, and nothing is lost",
    async () => {
      await using held = await holding("RESTART");
      await server.kill(signal);
      await server.restart();
      await operator.close();
      operator = await operate(server.url);
      held.release();
      await operator.publish("RESTART.a", 5, 6);
      const isDrained = async () => {
        const { num_ack_pending, num_pending } = await operator.info("RESTART", "bridge");
        expect({ num_ack_pending, num_pending }).toEqual({ num_ack_pending: 0, num_pending: 0 });
      };
      await vi.waitFor(isDrained, { timeout: 25_000, interval: 100 });
      const bodies = (await sqs.receiveAll(held.queueUrl)).map(({ body }) => Number(body));
      expect([...new Set(bodies)].toSorted((a, b) => a - b)).toEqual([
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
      ]);
      expect(await held.bridge.stop()).toBe(0);
      const stops = held.bridge.receipts().map(({ stop }) => stop);
      expect(stops).not.toContain("gone");
    },
  );
});
