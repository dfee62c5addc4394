// What the service does when its consumer or stream is not there: at start it waits and says so, later it gives up, and
// in no case does one process make the same consumer twice.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBridge, type Bridge } from "../support/bridge-process.ts";
import { bridgeSettings, readiness } from "../support/bridge-settings.ts";
import { operate, type Operator } from "../support/jetstream.ts";
import { eventually } from "../support/lane.ts";
import { findOldNatsServer, type RunningServer, startNatsServer } from "../support/nats-server.ts";
import { type LocalSqs, startSqs } from "../support/sqs.ts";

const old = await findOldNatsServer().catch(() => undefined);

let server: RunningServer;
let sqs: LocalSqs;
let operator: Operator;

beforeAll(async () => {
  [server, sqs] = await Promise.all([startNatsServer(), startSqs()]);
  operator = await operate(server.url);
});
afterAll(async () => {
  await operator.close();
  await Promise.all([server.stop(), sqs.stop()]);
});

async function start(
  name: string,
  more: Readonly<Record<string, string>> = {},
): Promise<{ bridge: Bridge; queueUrl: string }> {
  const queueUrl = await sqs.createQueue(name);
  const settings = bridgeSettings(server.url, sqs, name, queueUrl);
  return { bridge: startBridge({ ...settings, ...more }), queueUrl };
}

async function untilNotReady(bridge: Bridge, reason: RegExp): Promise<void> {
  await bridge.waitFor("receipt");
  const { status, reason: said } = await readiness(bridge);
  expect(status).toBe(503);
  expect(said).toMatch(reason);
}

describe("the service", () => {
  test.concurrent("waits for a stream that is missing at start, and then makes its consumer with a warning", async () => {
    const { bridge, queueUrl } = await start("LATER");
    await using _ = bridge;
    await untilNotReady(bridge, /^unavailable: .*stream LATER.*stream not found/);
    await operator.stream("LATER");
    await operator.publish("LATER.a", 3);
    expect(await sqs.receiveAll(queueUrl, { expected: 3 })).toHaveLength(3);
    expect(await bridge.waitFor("consumer-made")).toMatchObject({
      level: "warn",
      stream: "LATER",
      consumer: "bridge",
    });
    await eventually(async () => expect((await readiness(bridge)).status).toBe(200));
    expect(await bridge.stop()).toBe(0);
  });

  test.concurrent("waits with `verify` for a consumer that is missing at start, and makes none", async () => {
    await operator.stream("VERIFY");
    await operator.publish("VERIFY.a", 3);
    const { bridge, queueUrl } = await start("VERIFY", { CONSUMER_MANAGEMENT: "verify" });
    await using _ = bridge;
    await untilNotReady(
      bridge,
      /^unavailable: consumer bridge of stream VERIFY: consumer not found/,
    );
    await expect(operator.info("VERIFY", "bridge")).rejects.toThrow(/not found/);
    await operator.consumer("VERIFY", "bridge");
    expect(await sqs.receiveAll(queueUrl, { expected: 3 })).toHaveLength(3);
    expect(bridge.lines.map(({ event }) => event)).not.toContain("consumer-made");
    expect(await bridge.stop()).toBe(0);
  });

  test.concurrent("waits for a consumer that does not fit, and goes on once it was edited", async () => {
    await operator.stream("FITS");
    await operator.publish("FITS.a", 3);
    await operator.consumer("FITS", "bridge", { max_deliver: 7 });
    const { bridge, queueUrl } = await start("FITS");
    await using _ = bridge;
    await untilNotReady(bridge, /^unavailable: .*max_deliver is 7, expected -1/);
    expect(await sqs.count(queueUrl)).toBe(0);
    await operator.jsm.consumers.update("FITS", "bridge", { max_deliver: -1 });
    expect(await sqs.receiveAll(queueUrl, { expected: 3 })).toHaveLength(3);
    expect(await bridge.stop()).toBe(0);
  });

  test.concurrent("gives up with exit code 3 when its consumer vanishes, and does not make it anew", async () => {
    await operator.stream("VANISH");
    await operator.publish("VANISH.a", 3);
    const { bridge, queueUrl } = await start("VANISH");
    await using _ = bridge;
    await sqs.receiveAll(queueUrl, { expected: 3 });
    await operator.jsm.consumers.delete("VANISH", "bridge");
    expect(await bridge.exited).toBe(3);
    expect(bridge.receipts().at(-1)).toMatchObject({ stop: "gone", acked: 3, unconfirmed: 0 });
    await expect(operator.info("VANISH", "bridge")).rejects.toThrow(/not found/);
    expect(await sqs.count(queueUrl)).toBe(0);
  });

  test.concurrent("gives up with exit code 3 when its stream is deleted", async () => {
    await operator.stream("DELETED");
    const { bridge } = await start("DELETED");
    await using _ = bridge;
    await bridge.waitFor("running");
    await operator.jsm.streams.delete("DELETED");
    expect(await bridge.exited).toBe(3);
    expect(bridge.receipts().at(-1)).toMatchObject({ stop: "gone" });
  });

  test.concurrent("does not make its consumer anew when it vanishes between two runs", async () => {
    await operator.stream("BETWEEN");
    const queue = "BETWEEN-queue";
    const queueUrl = new URL(queue, await sqs.createQueue("BETWEEN-other")).href;
    const settings = bridgeSettings(server.url, sqs, "BETWEEN", queueUrl);
    await using bridge = startBridge(settings);
    // The queue does not exist: run after run ends as unavailable, with the consumer made by the first.
    await bridge.waitFor((line) => line.event === "receipt" && line["stop"] === "unavailable");
    await operator.jsm.consumers.delete("BETWEEN", "bridge");
    expect(await bridge.exited).toBe(3);
    await expect(operator.info("BETWEEN", "bridge")).rejects.toThrow(/not found/);
    expect(bridge.lines.filter(({ event }) => event === "consumer-made")).toHaveLength(1);
  });
});

test.skipIf(!old)(
  "the oldest supported server makes no difference to a consumer that vanishes",
  async () => {
    const oldServer = await startNatsServer({ binary: old!.path });
    const oldOperator = await operate(oldServer.url);
    await oldOperator.stream("OLD");
    await oldOperator.publish("OLD.a", 3);
    const queueUrl = await sqs.createQueue("OLD");
    await using bridge = startBridge(bridgeSettings(oldServer.url, sqs, "OLD", queueUrl));
    await sqs.receiveAll(queueUrl, { expected: 3 });
    await expect
      .poll(async () => (await oldOperator.info("OLD", "bridge")).ack_floor.stream_seq)
      .toBe(3);
    await oldOperator.jsm.consumers.delete("OLD", "bridge");
    expect(await bridge.exited).toBe(3);
    expect(bridge.receipts().at(-1)).toMatchObject({ stop: "gone", acked: 3 });
    await oldOperator.close();
    await oldServer.stop();
  },
);
