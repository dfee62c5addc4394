// What the service makes of a server that does not deliver: the true name of the stop, and why, in the receipt and at
// `/readyz`; and that it lives on. How each pull ends is in pull-status.test.ts.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bridge, type Line, startBridge } from "../support/bridge-process.ts";
import { bridgeSettings, readiness } from "../support/bridge-settings.ts";
import { operate, type Operator } from "../support/jetstream.ts";
import { eventually } from "../support/lane.ts";
import { isAtLeast, type RunningServer, startNatsServer } from "../support/nats-server.ts";
import { type LocalSqs, startSqs } from "../support/sqs.ts";

const USERS = `authorization { users: [
  { user: operator, password: operator }
  { user: bridge, password: "bridge-password" }
  { user: no-pull, password: "no-pull-password", permissions: { publish: { deny: "$JS.API.CONSUMER.MSG.NEXT.>" } } }
  { user: no-ack, password: "no-ack-password", permissions: { publish: { deny: "$JS.ACK.>" } } }
  { user: no-subscribe, password: "no-subscribe-password", permissions: { subscribe: { deny: "_INBOX.>" } } }
] }`;

const OPERATOR = { user: "operator", pass: "operator" };

let server: RunningServer;
let sqs: LocalSqs;
let operator: Operator;

beforeAll(async () => {
  [server, sqs] = await Promise.all([startNatsServer({ config: USERS }), startSqs()]);
  operator = await operate(server.url, OPERATOR);
});
afterAll(async () => {
  await operator.close();
  await Promise.all([server.stop(), sqs.stop()]);
});

/** A stream with five messages, a consumer, and a queue of the same name; answers with its URL. */
async function prepare(
  name: string,
  config: Parameters<Operator["consumer"]>[2] = {},
): Promise<string> {
  await operator.stream(name);
  await operator.consumer(name, "bridge", config);
  await operator.publish(`${name}.a`, 5);
  return sqs.createQueue(name);
}

/** A bridge with the permissions of `user`. */
function start(
  name: string,
  queueUrl: string,
  user = "bridge",
  more: Readonly<Record<string, string>> = {},
): Bridge {
  return startBridge({
    ...bridgeSettings(server.url, sqs, name, queueUrl),
    NATS_USER: user,
    NATS_PASSWORD: `${user}-password`,
    ...more,
  });
}

const stopped =
  (stop: string) =>
  (line: Line): boolean =>
    line.event === "receipt" && line["stop"] === stop;

/** It says why, answers 503 with it, and has not ended. */
async function livesOnAs(bridge: Bridge, stop: string, reason: RegExp): Promise<void> {
  const receipt = await bridge.waitFor(stopped(stop));
  expect(receipt["reason"]).toMatch(reason);
  const { status, reason: said } = await readiness(bridge);
  expect(status).toBe(503);
  expect(said).toMatch(new RegExp(`^${stop}: `));
  expect(said).toMatch(reason);
}

describe("the service stops as", () => {
  test.concurrent("`unavailable` without the permission to pull, and says which", async () => {
    await using bridge = start("NOPULL", await prepare("NOPULL"), "no-pull");
    await livesOnAs(
      bridge,
      "unavailable",
      /denies this user \$JS\.API\.CONSUMER\.MSG\.NEXT\.NOPULL/,
    );
    expect(await bridge.stop()).toBe(0);
  });

  test.concurrent("`unavailable` without the permission to ack, and leaves all to be delivered again", async () => {
    await using bridge = start("NOACK", await prepare("NOACK"), "no-ack");
    await livesOnAs(bridge, "unavailable", /denies this user \$JS\.ACK\.NOACK\.bridge/);
    expect((await operator.info("NOACK", "bridge")).ack_floor.stream_seq).toBe(0);
    expect(await bridge.waitFor(stopped("unavailable"))).toMatchObject({
      acked: 0,
      unconfirmed: 5,
    });
  });

  test.concurrent("`unavailable` without the permission to receive answers, and says which", async () => {
    await using bridge = start("NOSUBSCRIBE", await prepare("NOSUBSCRIBE"), "no-subscribe");
    await livesOnAs(bridge, "unavailable", /denies this user _INBOX\./);
  });

  test.concurrent("`unavailable` when the consumer allows no pull as large as its next message", async () => {
    await using bridge = start("MAXBYTES", await prepare("MAXBYTES", { max_bytes: 20 }));
    await livesOnAs(bridge, "unavailable", /larger than what the consumer allows a pull/);
  });

  test.concurrent("`blocked` when others hold as many as the consumer lets out", async () => {
    const queueUrl = await prepare("FULL", { max_ack_pending: 2 });
    const held = await operator.take("FULL", "bridge", 2);
    const working = setInterval(() => held.forEach((message) => message.respond("+WPI")), 200);
    const more = { JETSTREAM_MAX_ACK_PENDING: "2" };
    await using bridge = start("FULL", queueUrl, "bridge", more);
    await livesOnAs(bridge, "blocked", /2 messages are unsettled \(max ack pending 2\) and 3 wait/);
    // Once they are given back, it goes on by itself.
    clearInterval(working);
    await sqs.receiveAll(queueUrl, { expected: 5 });
    expect((await readiness(bridge)).status).toBe(200);
    expect(await bridge.stop()).toBe(0);
  });

  test.concurrent("`paused` when the consumer is paused, and goes on when it is resumed", async ({
    skip,
  }) => {
    skip(!isAtLeast(server.version, "2.11"), "nats-server pauses consumers from 2.11 on");
    const queueUrl = await prepare("PAUSED");
    await using bridge = start("PAUSED", queueUrl);
    await sqs.receiveAll(queueUrl, { expected: 5 });
    await operator.jsm.consumers.pause("PAUSED", "bridge", new Date(Date.now() + 60_000));
    await livesOnAs(bridge, "paused", /the consumer is paused on the server/);
    await operator.publish("PAUSED.a", 3, 6);
    await operator.jsm.consumers.resume("PAUSED", "bridge");
    const after = await sqs.receiveAll(queueUrl, { expected: 3 });
    expect(after.map(({ body }) => body).toSorted()).toEqual(["6", "7", "8"]);
    await eventually(async () => expect((await readiness(bridge)).status).toBe(200));
    expect(await bridge.stop()).toBe(0);
  });
});

test("the service stops as `broken` when the server is killed, and goes on when it is back", async () => {
  const queueUrl = await prepare("KILLED");
  await using bridge = start("KILLED", queueUrl);
  await sqs.receiveAll(queueUrl, { expected: 5 });
  await server.kill();
  await livesOnAs(bridge, "broken", /NATS/);
  await server.restart();
  await operator.close();
  operator = await operate(server.url, OPERATOR);
  await operator.publish("KILLED.a", 3, 6);
  const after = await sqs.receiveAll(queueUrl, { expected: 3 });
  expect(after.map(({ body }) => body)).toEqual(expect.arrayContaining(["6", "7", "8"]));
  // What the server was told in its last moments it may have forgotten: that comes back after the ack wait.
  await expect
    .poll(async () => (await operator.info("KILLED", "bridge")).num_ack_pending, {
      timeout: 15_000,
    })
    .toBe(0);
  expect(await bridge.stop()).toBe(0);
  expect((await operator.info("KILLED", "bridge")).num_ack_pending).toBe(0);
});
