// The contract of the service: its configuration, its health port, its receipts, its signals and exit codes.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { startAwsFaultProxy } from "../support/aws-fault-proxy.ts";
import { startBridge } from "../support/bridge-process.ts";
import { PATIENT, QUICK, readiness } from "../support/bridge-settings.ts";
import { freePort } from "../support/free-port.ts";
import { operate } from "../support/jetstream.ts";
import { eventually } from "../support/lane.ts";
import { startNatsServer } from "../support/nats-server.ts";
import type { Route } from "../support/parts.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const { operator, parts } = await partsOfFile();

async function given(name: string, count = 0): Promise<Route> {
  const route = await parts.route(name);
  await operator.publish(`${name}.a`, count);
  return route;
}

function addsUp({ pulled, acked, retried, buried, released, unconfirmed, held }: Receipt): void {
  expect(acked + retried + buried + released + unconfirmed + held).toBe(pulled);
}

describe("configuration", () => {
  test.concurrent("that is wrong is told all at once, before anything connects, with exit code 2", async () => {
    let connections = 0;
    const listener: Server = createServer().on("connection", () => (connections += 1));
    listener.listen(0, "127.0.0.1");
    await eventually(() => expect(listener.listening).toBe(true));
    const { port } = listener.address() as AddressInfo;
    await using bridge = startBridge({
      NATS_URL: `nats://127.0.0.1:${port}`,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      SQS_QUEUE_URL: "orders",
      JETSTREAM_STREAM: "OR.DERS",
      JETSTREAM_ACK_WAIT: "10",
      JETSTREAM_ACKWAIT: "10s",
      BATCH_SIZE: "11",
      ON_REJECTED: "drop",
      DEAD_LETTER_QEUE_URL: "http://127.0.0.1/q",
      PAUSED: "yes",
      HEALTH_PORT: "99999",
      NATS_PORT: "tcp://10.0.0.1:4222",
    });
    expect(await bridge.exited).toBe(2);
    expect(bridge.lines).toEqual([]);
    const lines = bridge.stderr().trimEnd().split("\n");
    for (const line of lines) expect(line).toMatch(/^[A-Z_]+: given .+, expected .+$/);
    expect(new Set(lines.map((line) => line.split(":", 1)[0]))).toEqual(
      new Set([
        "BATCH_SIZE",
        "DEAD_LETTER_QEUE_URL",
        "HEALTH_PORT",
        "JETSTREAM_ACKWAIT",
        "JETSTREAM_ACK_WAIT",
        "JETSTREAM_CONSUMER",
        "JETSTREAM_STREAM",
        "ON_REJECTED",
        "PAUSED",
        "SQS_QUEUE_URL",
      ]),
    );
    expect(lines).toHaveLength(10);
    expect(lines).toContain(`ON_REJECTED: given "drop", expected bury or hold`);
    expect(lines).toContain(
      "JETSTREAM_CONSUMER: given nothing, expected the name of a durable consumer",
    );
    expect(connections).toBe(0);
    listener.close();
  });

  test.concurrent("with a near miss under NATS_ is a warning, and no fault", async () => {
    const { environment } = await given("NEARMISS");
    await using bridge = startBridge({ ...environment, NATS_TIMOUT: "1s", NATS_PORT: "4222" });
    await bridge.waitFor("running");
    const warnings = bridge.lines.filter(({ event }) => event === "configuration");
    expect(warnings).toEqual([
      expect.objectContaining({ level: "warn", warning: expect.stringContaining("NATS_TIMEOUT") }),
    ]);
  });
});

describe("health", () => {
  test.concurrent("is served at a free port that is printed: alive, ready, counted", async () => {
    const route = await given("HEALTH", 7);
    await using bridge = route.start(QUICK);
    await route.drained();
    await bridge.waitFor((line) => line.event === "receipt" && line["acked"] === 7);
    const at = await bridge.health();
    const alive = await fetch(`${at}/healthz`);
    expect([alive.status, await alive.json()]).toEqual([200, { status: "alive" }]);
    expect(await readiness(bridge)).toEqual({ status: 200, reason: undefined });
    const metrics = await (await fetch(`${at}/metrics`)).text();
    expect(metrics).toMatch(/^jetstream_bridge_acked_total 7$/m);
    expect(metrics).toMatch(/^jetstream_bridge_ready 1$/m);
    expect((await fetch(`${at}/elsewhere`)).status).toBe(404);
  });

  test.concurrent("can be off", async () => {
    const { environment } = await given("OFF");
    await using bridge = startBridge({ ...environment, HEALTH_PORT: "off" });
    await bridge.waitFor("running");
    expect(bridge.lines.map(({ event }) => event)).not.toContain("health");
  });

  test.concurrent("on a port that is taken is a warning, and all else goes on", async () => {
    const taken = createServer();
    taken.listen(0, "0.0.0.0");
    await eventually(() => expect(taken.listening).toBe(true));
    const { port } = taken.address() as AddressInfo;
    const route = await given("TAKEN", 3);
    await using bridge = route.start({ HEALTH_PORT: String(port) });
    await route.drained();
    expect(await bridge.waitFor("health")).toMatchObject({
      level: "warn",
      problem: `port ${port} cannot be used (EADDRINUSE)`,
    });
    expect(await bridge.stop()).toBe(0);
    taken.close();
  });
});

describe("running", () => {
  test.concurrent("it writes a receipt at each interval and one at the stop, and all add up", async () => {
    const route = await given("RECEIPTS", 400);
    await using bridge = route.start({ ...PATIENT, RECEIPT_INTERVAL: "100ms" });
    await route.drained();
    await operator.publish("RECEIPTS.a", 100, 401);
    await route.drained();
    await eventually(() => expect(bridge.receipts().length).toBeGreaterThan(3));
    expect(await bridge.stop("SIGINT")).toBe(0);
    const receipts = bridge.receipts();
    const last = receipts.at(-1)!;
    expect(receipts.slice(0, -1).filter(({ stop }) => stop !== null)).toEqual([]);
    expect(last).toMatchObject({
      stop: "deadline",
      pulled: 500,
      acked: 500,
      held: 0,
      duplicates: 0,
    });
    expect(last).toMatchObject({ pending: 0, ackPending: 0, unconfirmed: 0 });
    receipts.forEach(addsUp);
    expect(await parts.sqs.count(route.queueUrl)).toBe(500);
  });

  test.concurrent("with PAUSED it connects and says so, and pulls nothing", async () => {
    const route = await given("PAUSED", 3);
    await using bridge = route.start({ ...QUICK, PAUSED: "true" });
    expect(await bridge.waitFor("receipt")).toMatchObject({
      stop: "paused",
      pulled: 0,
      pending: 3,
    });
    expect(await readiness(bridge)).toEqual({ status: 503, reason: "paused: PAUSED is set" });
    expect((await route.consumer())?.num_waiting).toBe(0);
    expect(await parts.sqs.count(route.queueUrl)).toBe(0);
    expect(await bridge.stop()).toBe(0);
  });

  test.concurrent("told to stop, it settles what is on its way and exits with 0", async () => {
    const route = await given("STOP", 300);
    await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
    proxy.script(() => new Promise((resolve) => setTimeout(resolve, 300, undefined)));
    await using bridge = route.start({ ...PATIENT, AWS_ENDPOINT_URL: proxy.endpoint });
    await eventually(() => expect(proxy.batches.length).toBeGreaterThan(0));
    expect(await bridge.stop()).toBe(0);
    const last = bridge.receipts().at(-1)!;
    addsUp(last);
    expect(last).toMatchObject({ stop: "deadline", held: 0, unconfirmed: 0 });
    // What SQS has is settled, what it has not is there for the next run: each exactly once.
    const info = await route.consumer();
    expect(last.acked).toBe(await parts.sqs.count(route.queueUrl));
    expect(last.acked).toBeGreaterThan(0);
    await using _ = route.start(QUICK);
    await route.drained();
    expect(await parts.sqs.count(route.queueUrl)).toBe(300);
    expect(info?.num_pending).toBeLessThan(300);
  });

  test.concurrent("told to stop while SQS does not answer, it exits with 1 at SHUTDOWN_TIMEOUT", async () => {
    const route = await given("SILENT", 3);
    await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
    proxy.script(() => ({ kind: "silence", taken: false }));
    await using bridge = route.start({
      ...QUICK,
      JETSTREAM_ACK_WAIT: "10s",
      AWS_ENDPOINT_URL: proxy.endpoint,
      SHUTDOWN_TIMEOUT: "1s",
    });
    await eventually(() => expect(proxy.batches.length).toBeGreaterThan(0));
    const toldAt = performance.now();
    expect(await bridge.stop()).toBe(1);
    expect(performance.now() - toldAt).toBeGreaterThan(900);
    expect(performance.now() - toldAt).toBeLessThan(2500);
    expect(bridge.lines.map(({ event }) => event)).toContain("shutdown-timeout");
  });
});

describe("at start", () => {
  test.concurrent("it waits for a NATS server that comes later", async () => {
    const port = await freePort();
    const queueUrl = await parts.sqs.createQueue("LATER");
    await using bridge = startBridge({
      ...parts.sqs.environment,
      ...QUICK,
      NATS_URL: `nats://127.0.0.1:${port}`,
      JETSTREAM_STREAM: "LATER",
      JETSTREAM_CONSUMER: "bridge",
      SQS_QUEUE_URL: queueUrl,
    });
    expect(await bridge.waitFor("receipt")).toMatchObject({ stop: "broken", pulled: 0 });
    const { status, reason } = await readiness(bridge);
    expect(status).toBe(503);
    expect(reason).toMatch(new RegExp(`^broken: cannot connect to NATS at 127.0.0.1:${port}: `));
    const server = await startNatsServer({ port });
    const later = await operate(server.url);
    await later.stream("LATER");
    await later.publish("LATER.a", 3);
    expect(await parts.sqs.receiveAll(queueUrl, { expected: 3 })).toHaveLength(3);
    expect(await bridge.stop()).toBe(0);
    await later.close();
    await server.stop();
  });

  test.concurrent("it waits for a queue that is made later, and delivers nothing meanwhile", async () => {
    const { environment } = await given("NOQUEUE", 3);
    const queueUrl = environment["SQS_QUEUE_URL"]!.replace(/NOQUEUE$/, "MADELATER");
    await using bridge = startBridge({ ...environment, ...QUICK, SQS_QUEUE_URL: queueUrl });
    expect(await bridge.waitFor("receipt")).toMatchObject({ stop: "unavailable", pulled: 0 });
    const { status, reason } = await readiness(bridge);
    expect(status).toBe(503);
    expect(reason).toMatch(/^unavailable: http.*MADELATER: .*(QueueDoesNotExist|NonExistentQueue)/);
    expect(await parts.sqs.createQueue("MADELATER")).toBe(queueUrl);
    expect(await parts.sqs.receiveAll(queueUrl, { expected: 3 })).toHaveLength(3);
    expect(bridge.receipts().every(({ duplicates }) => duplicates === 0)).toBe(true);
    expect(await bridge.stop()).toBe(0);
  });

  test.concurrent("it warns of dead letters that have nowhere to go, and the first rejection blocks it", async () => {
    const route = await given("NOWHERE", 1);
    await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
    const failed = { "0": { code: "InvalidMessageContents", sender: true } };
    proxy.script(() => ({ kind: "entries", failed }));
    await using bridge = route.start({ ...QUICK, AWS_ENDPOINT_URL: proxy.endpoint });
    expect(await bridge.waitFor("no-dead-letters")).toMatchObject({ level: "warn" });
    const receipt = await bridge.waitFor(
      (line) => line.event === "receipt" && line["stop"] === "blocked",
    );
    expect(receipt["reason"]).toMatch(
      /message 1 is rejected \(InvalidMessageContents.*set DEAD_LETTER_QUEUE_URL/,
    );
    addsUp(receipt as unknown as Receipt);
    expect((await readiness(bridge)).reason).toMatch(/^blocked: message 1 is rejected/);
    expect((await route.consumer())?.ack_floor.stream_seq).toBe(0);
    // Once SQS takes it, all is well again.
    proxy.script(undefined);
    await route.drained();
    expect(await bridge.stop()).toBe(0);
  });
});
