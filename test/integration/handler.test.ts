// Handlers of the user's on a real NATS server: what becomes of each message, also when the process is killed.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundled } from "../support/bundled.ts";
import { storedIn } from "../support/dead-letters.ts";
import { startDynamodb } from "../support/dynamodb.ts";
import {
  ask,
  ASKING,
  handlerRoute,
  ORDERS_TO_TABLE,
  PARSING,
  receiptsOf,
  SPOILING,
  SHIP_ORDER,
} from "../support/handler-route.ts";
import type { LambdaProcess } from "../support/lambda-process.ts";
import { type NatsProxy, startNatsProxy } from "../support/nats-proxy.ts";
import { type Answer, type Asked, startReceiver } from "../support/receiver.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const LONG = 30_000;

const { operator, parts } = await partsOfFile();
const dynamodb = await startDynamodb();
afterAll(() => dynamodb[Symbol.asyncDispose]());
beforeAll(() => operator.stream("SHIPMENTS", { subjects: ["shipments.>"] }));

/** Kills the process at the very moment at which its first ack would leave, and lets nothing more through. */
async function killedBeforeAck(start: (proxy: NatsProxy) => LambdaProcess): Promise<void> {
  await using proxy = await startNatsProxy(parts.server);
  const process = start(proxy);
  proxy.watch((bytes) => {
    if (!bytes.includes("+ACK")) return bytes;
    proxy.setMode("drop");
    process.kill();
    return Buffer.alloc(0);
  });
  expect(await process.ended).toMatchObject({ code: null, invocations: [] });
}

describe("ship-order", () => {
  /** A carrier that is busy for one order, and does not take another. */
  const carrier = ({ body: { order }, time }: Asked): Answer => {
    if (order === "busy") return { status: 429 };
    if (order === "never" || (order === "later" && time === 1)) return { status: 503 };
    return { body: { parcel: `parcel of ${String(order)}` } };
  };

  test.concurrent("does with each order what its verdict says", async () => {
    const route = await handlerRoute(parts, operator, "VERDICTS");
    await using receiver = await startReceiver(carrier);
    const orders = ["well", "later", "busy", "never"].map(
      (id) => ["new", { id, total: 12 }] as const,
    );
    await route.publish(...orders, ["new", { id: "empty", total: 0 }]);
    const settings = {
      CARRIER_URL: receiver.url,
      CONCURRENCY: "1",
      RETRY_DELAY_MIN: "200ms",
      RETRY_DELAY_MAX: "5s",
      MAXIMUM_RETRY_ATTEMPTS: "4",
    };
    const [receipt] = await receiptsOf(route.start(SHIP_ORDER, settings, LONG));
    expect(receipt).toMatchObject({
      stop: "idle",
      pulled: 5,
      acked: 2,
      buried: 2,
      retried: 1,
      delayed: 1,
      released: 0,
    });
    expect(await route.left()).toEqual([1, 0]);

    const byOrder = Map.groupBy(receiver.asked, ({ body }) => body["order"]);
    const times = [...byOrder].map(([order, all]) => [order, all.length]);
    expect(Object.fromEntries(times)).toEqual({ well: 1, later: 2, busy: 1, never: 4 });
    for (const all of byOrder.values()) {
      expect(new Set(all.map(({ key }) => key)).size).toBe(1);
      expect(all[0]?.key).toMatch(/^VERDICTS\/\d\/\d{19}$/);
    }
    const [first, second, third, fourth] = byOrder.get("never")!.map(({ at }) => at);
    expect(second! - first!).toBeGreaterThanOrEqual(199);
    expect(third! - second!).toBeGreaterThanOrEqual(199);
    expect(fourth! - third!).toBeGreaterThanOrEqual(399);

    const letters = await route.buried(2);
    const reasons = letters.map(({ attributes, body }) => [
      (JSON.parse(body) as { id: string }).id,
      [attributes["dead-letter-reason"], attributes["dead-letter-tries"]],
    ]);
    expect(Object.fromEntries(reasons)).toEqual({
      empty: ["order empty has no total", "1"],
      never: ["Error: the carrier answered 503", "4"],
    });
  });

  test.concurrent("is told at the start that the stream of its parcels forgets ids too soon", async () => {
    const route = await handlerRoute(parts, operator, "WINDOW");
    const window = (await operator.jsm.streams.info("SHIPMENTS")).config.duplicate_window / 1e6;
    // As long as the window by itself, without the run.
    const settings = { RETRY_DELAY_MAX: `${window}ms` };
    // Nobody waits for the answer: a run that ends before it leaves the question to the next.
    const { stdout } = await route.start(SHIP_ORDER, settings, LONG, LONG, LONG).ended;
    const line = stdout.split("\n").find((one) => one.includes('"event":"publish-window"')) ?? "{}";
    const told = JSON.parse(line) as { readonly handledAgainAfterMs: number };
    expect(told).toMatchObject({ level: "warn", stream: "SHIPMENTS", duplicateWindowMs: window });
    expect(told.handledAgainAfterMs).toBeGreaterThan(window);
    expect(told.handledAgainAfterMs).toBeLessThanOrEqual(window + LONG);
  });

  test.concurrent("publishes a parcel once, although it is killed between that and the ack", async () => {
    const route = await handlerRoute(parts, operator, "CRASH");
    await using receiver = await startReceiver(carrier);
    await route.publish(["new", { id: "crash", total: 12 }]);
    const settings = { CARRIER_URL: receiver.url };
    await killedBeforeAck(({ url }) =>
      route.start(SHIP_ORDER, { ...settings, NATS_URL: url }, LONG),
    );
    expect(await route.left()).toEqual([1, 0]);
    const [receipt] = await receiptsOf(route.start(SHIP_ORDER, settings, LONG));
    expect(receipt).toMatchObject({ stop: "idle", acked: 1, duplicates: 1 });
    expect(await route.left()).toEqual([0, 0]);

    const [first, again, ...more] = receiver.asked;
    expect(again?.key).toBe(first?.key);
    expect(more).toEqual([]);
    const shipments = (await storedIn(operator.nc, "SHIPMENTS")).filter(({ data }) =>
      data.includes('"order":"crash"'),
    );
    expect(shipments).toHaveLength(1);
    expect(shipments[0]).toMatchObject({
      subject: "shipments.created",
      headers: new Map([["Nats-Msg-Id", [`${first?.key}/${route.consumer}/shipments.created/1`]]]),
    });
    expect(String(shipments[0]?.data)).toBe('{"order":"crash","parcel":"parcel of crash"}');
  });
});

describe("what a handler", () => {
  test.concurrent("publishes to a subject that no stream takes is said, is no fault of its message, and goes through once there is one", async () => {
    const route = await handlerRoute(parts, operator, "NOWHERE");
    await using receiver = await startReceiver(() => ({
      body: { publishes: [["nobody.listens", "x"]] },
    }));
    await route.publish(["new", {}]);
    const settings = ask(receiver.url, { publishes: ["nobody.listens"] });
    const { ended } = route.start(ASKING, settings, LONG);
    // More tries than what fails by its own fault gets.
    await expect.poll(() => receiver.asked.length, { timeout: 15_000 }).toBeGreaterThan(4);
    await operator.stream("LISTENER", { subjects: ["nobody.listens"] });
    const { invocations, stdout } = await ended;
    expect(invocations[0]?.receipt).toMatchObject({ stop: "idle", acked: 1, buried: 0 });
    expect(stdout).toMatch(/"level":"warn","event":"publish-without-stream","subject":"nobody/);
    const told = stdout.split("\n").filter((line) => line.includes('"event":"publish-failed"'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/"level":"warn".*no stream takes nobody\.listens/);
  });

  test.concurrent("publishes is stored for each of two consumers of one stream, and once in a replay", async () => {
    const route = await handlerRoute(parts, operator, "TWICE");
    await operator.stream("TWICE-OUT", { subjects: ["twice-out.>"] });
    await operator.consumer("TWICE", "another", { ack_wait: 5e9 });
    await using receiver = await startReceiver(() => ({
      body: { publishes: [["twice-out.a", "x"]] },
    }));
    await route.publish(["new", {}]);
    const settings = ask(receiver.url);
    const event = { version: 1, kind: "replay", startSequence: 1 };
    const replay = { granted: LONG, event, requestId: "r-1" };
    const [first, replayed] = await receiptsOf(route.start(ASKING, settings, LONG, replay));
    const other = { ...settings, JETSTREAM_CONSUMER: "another" };
    const [second] = await receiptsOf(route.start(ASKING, other, LONG));
    expect([first, replayed, second]).toMatchObject([{ acked: 1 }, { acked: 1 }, { acked: 1 }]);
    const stored = await storedIn(operator.nc, "TWICE-OUT");
    const id = receiver.asked[0]?.key;
    expect(stored.map(({ headers }) => headers.get("Nats-Msg-Id"))).toEqual([
      [`${id}/TWICE-handler/twice-out.a/1`],
      [`${id}/another/twice-out.a/1`],
    ]);
  });

  test.concurrent("throws is in the log with the lines of its source, bundled and minified as it is", async () => {
    const route = await handlerRoute(parts, operator, "STACK");
    await using receiver = await startReceiver(({ time }) => ({
      status: time === 1 ? 503 : 200,
      body: { parcel: "p-1" },
    }));
    await route.publish(["new", { id: "o-7", total: 12 }]);
    const entry = join(bundled(SHIP_ORDER), "index.mjs");
    // As the constructs set it.
    const settings = { CARRIER_URL: receiver.url, NODE_OPTIONS: "--enable-source-maps" };
    const { invocations, stdout } = await route.start(entry, settings, LONG).ended;
    expect(invocations[0]?.receipt).toMatchObject({ stop: "idle", acked: 1 });
    const line = stdout.split("\n").find((one) => one.includes('"event":"handler-failed"')) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({
      reason: "Error: the carrier answered 503",
      stack: expect.stringMatching(/^at .*functions\/handlers\/ship-order\.ts:\d+:\d+/),
    });
  });

  test.concurrent("is waiting for when its time is up is told why, and has failed with that", async () => {
    const route = await handlerRoute(parts, operator, "ABORTED");
    await using receiver = await startReceiver(() => new Promise(() => undefined));
    await route.publish(["new", {}]);
    const { invocations, stdout } = await route.start(ASKING, ask(receiver.url), 5000).ended;
    expect(invocations[0]?.receipt).toMatchObject({ stop: "deadline", pulled: 1, acked: 0 });
    const line = stdout.split("\n").find((one) => one.includes('"event":"handler-failed"')) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({ reason: "AbortError: the time of this run is up" });
  });

  test.concurrent("logs stands beside the id of its message, and never fails it", async () => {
    const route = await handlerRoute(parts, operator, "LOG");
    await using receiver = await startReceiver();
    await route.publish(["new", {}]);
    const { invocations, stdout } = await route.start(ASKING, ask(receiver.url), LONG).ended;
    expect(invocations[0]?.receipt).toMatchObject({ stop: "idle", acked: 1 });
    const lines = stdout.split("\n").filter((line) => line.includes('"event":"handler"'));
    const common = {
      level: "info",
      event: "handler",
      id: receiver.asked[0]?.key,
      subject: "LOG.new",
    };
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { ...common, text: "told", details: { id: "ours", event: "ours" } },
      { ...common, text: "no JSON", details: { unsaid: "Do not know how to serialize a BigInt" } },
    ]);
  });
});

test.concurrent("a definition that is wrong ends the function while it is loaded, and nothing is pulled", async () => {
  const route = await handlerRoute(parts, operator, "MISSPELT");
  await route.publish(["new", {}]);
  const settings = ask("http://127.0.0.1", { groupby: "{subject.2}" });
  const { code, invocations, stderr } = await route.start(ASKING, settings, LONG).ended;
  expect({ code, invocations }).toEqual({ code: 1, invocations: [] });
  expect(stderr).toContain("TypeError: onMessage: groupby: given a value, expected none");
  expect((await operator.info(route.stream, route.consumer)).delivered.consumer_seq).toBe(0);
});

test.concurrent("what a handler does to the bytes of a message reaches no other try, no neighbour and no dead letter", async () => {
  const route = await handlerRoute(parts, operator, "SPOILED");
  const texts = ["reject 1", "throw 2", "reject 3", "reject 4"];
  for (const text of texts) await parts.jetstream.publish("SPOILED.new", text);
  const settings = { MAXIMUM_RETRY_ATTEMPTS: "2", CONCURRENCY: "1" };
  const [receipt] = await receiptsOf(route.start(SPOILING, settings, LONG));
  expect(receipt).toMatchObject({ stop: "idle", pulled: 4, buried: 4 });
  const letters = await route.buried(4);
  const told = letters.map(({ attributes, body }) => [body, attributes["dead-letter-reason"]]);
  expect(Object.fromEntries(told)).toEqual(
    Object.fromEntries(texts.map((text) => [text, text.replace("throw", "Error: throw")])),
  );
});

test.concurrent("a batch with one payload that is no JSON: that one is buried, the others are handled", async () => {
  const route = await handlerRoute(parts, operator, "BATCH");
  for (const payload of ["1", "2", "3", "4", "oops", "6", "7", "8", "9", "10"]) {
    await parts.jetstream.publish("BATCH.new", payload);
  }
  const [receipt] = await receiptsOf(route.start(PARSING, {}, LONG));
  expect(receipt).toMatchObject({ stop: "idle", pulled: 10, acked: 9, buried: 1, retried: 0 });
  const [letter] = await route.buried(1);
  expect(letter).toMatchObject({
    body: "oops",
    attributes: { "dead-letter-reason": expect.stringMatching(/^the payload is not JSON/) },
  });
});

describe("orders-to-table", () => {
  test.concurrent("writes an order once, although it is killed between that and the ack", async () => {
    const route = await handlerRoute(parts, operator, "TABLE");
    await dynamodb.createTable("TABLE", "messageId");
    await route.publish(["new", { id: "o-1", total: 12 }], ["new", { id: "o-2" }]);
    const settings = { ...dynamodb.environment, TABLE_NAME: "TABLE", CONCURRENCY: "1" };
    const calls = dynamodb.calls.length;
    await killedBeforeAck(({ url }) =>
      route.start(ORDERS_TO_TABLE, { ...settings, NATS_URL: url }, LONG),
    );
    expect(await dynamodb.items("TABLE")).toHaveLength(1);
    const [receipt] = await receiptsOf(route.start(ORDERS_TO_TABLE, settings, LONG));
    expect(receipt).toMatchObject({ stop: "idle", acked: 1, buried: 1 });
    expect(await route.left()).toEqual([0, 0]);
    expect(await dynamodb.items("TABLE")).toEqual([
      {
        messageId: { S: expect.stringMatching(/^TABLE\/1\/\d{19}$/) },
        order: { S: "o-1" },
        total: { N: "12" },
      },
    ]);
    const puts = dynamodb.calls.slice(calls).filter((name) => name === "PutItem");
    expect(puts).toHaveLength(2);
    const [letter] = await route.buried(1);
    expect(letter).toMatchObject({
      body: '{"id":"o-2"}',
      attributes: {
        "dead-letter-reason": expect.stringMatching(/^the payload does not fit: total: /),
        "dead-letter-tries": "1",
      },
    });
  });
});
