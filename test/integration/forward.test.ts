// The main job, on real parts and without faults: all of it arrives, once, as it was published.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { headers } from "@nats-io/transport-node";
import { expect, test } from "vitest";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { acceptedByGroup, expectGoodEnd } from "../support/arrivals.ts";
import type { Bridge } from "../support/bridge-process.ts";
import { findNatsServer, findOldNatsServer, isAtLeast } from "../support/nats-server.ts";
import { GROUPS, numberOf, type Published, startParts, upTo } from "../support/parts.ts";
import { readSqsMessage } from "../support/read-sqs-message.ts";
import type { Received } from "../support/sqs.ts";

const newest = await findNatsServer();
const old = await findOldNatsServer().catch(() => undefined);

/** Nothing of this may ever be in a log. */
const IN_PAYLOADS = "payload-4711";
const IN_HEADERS = "header-4712";

/** 500 bytes, always the same for a number: text, and every seventh of any bytes. */
function payload(number: number): Uint8Array {
  if (number % 7 > 0) {
    return Buffer.from(`{"number":${number},"text":"${IN_PAYLOADS} ä `.padEnd(497, ".") + `"}`);
  }
  const blocks = Array.from({ length: 8 }, (_, i) =>
    createHash("sha512").update(`${number}/${i}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, 500);
}

function numbered(number: number): Published {
  const more = headers();
  more.set("number", String(number));
  more.set("secret", IN_HEADERS);
  return { data: payload(number), ...(number % 5 === 0 && { headers: more }) };
}

/** Each of the messages from 0 on once, with its very bytes and headers. */
function expectAllOnce(arrived: readonly Received[], count: number): void {
  const numbers = arrived.map(numberOf).toSorted((a, b) => a - b);
  expect(numbers).toEqual(upTo(count));
  expect(new Set(arrived.map(({ attributes }) => attributes["nats-id"])).size).toBe(count);
  const wrong = arrived.filter((message) => {
    const { data, headers: got } = readSqsMessage(message.raw);
    const number = numberOf(message);
    const wanted = number % 5 === 0 ? `number=${number},secret=${IN_HEADERS}` : "";
    const given = [...got].map(([name, values]) => `${name}=${values.join("|")}`).join(",");
    return !data.equals(payload(number)) || given !== wanted;
  });
  expect(wrong.map(numberOf)).toEqual([]);
}

function expectToAddUp(receipt: Receipt): void {
  const { acked, buried, held, pulled, released, retried, unconfirmed } = receipt;
  expect(acked + retried + buried + released + unconfirmed + held).toBe(pulled);
}

function expectQuiet(bridge: Bridge): void {
  const said = bridge.lines.map((line) => JSON.stringify(line)).join("\n");
  expect(said).not.toContain(IN_PAYLOADS);
  expect(said).not.toContain(IN_HEADERS);
  expect(said).not.toContain("not JSON");
}

async function forwards(binary: string, count: number): Promise<void> {
  await using parts = await startParts({ binary });
  const route = await parts.route("ORDERS");
  await route.publish(count, numbered);
  expect(await route.consumer()).toBeUndefined();
  await using bridge = route.start({ CONSUMER_MANAGEMENT: "create" });
  await route.drained(60_000);
  await expectGoodEnd(bridge);

  const consumer = await route.consumer();
  expect(consumer).toMatchObject({ num_pending: 0, num_ack_pending: 0, num_redelivered: 0 });
  expectAllOnce(await parts.sqs.receiveAll(route.queueUrl, { expected: count }), count);

  const last = bridge.receipts().at(-1)!;
  expect(last).toMatchObject({ pulled: count, acked: count, held: 0, duplicates: 0, pending: 0 });
  expectToAddUp(last);
  expect(bridge.lines.map(({ event }) => event)).toContain("consumer-made");
  // Start, stop, and a receipt each half second: nothing that grows with the messages.
  const others = bridge.lines.filter(({ event }) => event !== "receipt");
  expect(others.length).toBeLessThan(12);
  expectQuiet(bridge);
}

test(`10,000 messages of 500 bytes arrive once and byte for byte (nats-server ${newest.version})`, () =>
  forwards(newest.path, 10_000));

// Only where the newest is not the oldest as well.
test.skipIf(!old)("the oldest supported server forwards as well", async () => {
  if (isAtLeast(newest.version, "2.10")) await forwards(old!.path, 2000);
});

test("a FIFO queue gets each group in stream order, all of it once", async () => {
  await using parts = await startParts();
  const route = await parts.route("ORDERS", { fifo: true });
  await route.publish(2000, numbered);
  await using bridge = route.start();
  await route.drained(30_000);
  await expectGoodEnd(bridge);
  const arrived = await parts.sqs.receiveAll(route.queueUrl, { expected: 2000 });
  expectAllOnce(arrived, 2000);
  const groups = acceptedByGroup(arrived);
  expect(groups.size).toBe(GROUPS);
  for (const [group, numbers] of groups) {
    expect(numbers).toEqual(upTo(2000).filter((number) => group === `g${number % GROUPS}`));
  }
});

test("what is published while it runs arrives, over a stop and a new start, without a duplicate", async () => {
  await using parts = await startParts();
  const route = await parts.route("ORDERS", { deadLetters: true });
  await using first = route.start({ LOG_LEVEL: "debug" });
  await first.waitFor("running");
  const published = route.publish(3000, numbered);
  await sleep(150);
  await expectGoodEnd(first, "SIGINT");
  await published;
  // This one was made by the first, and the second has no right to make another.
  await using second = route.start({ CONSUMER_MANAGEMENT: "verify", LOG_LEVEL: "debug" });
  await route.drained();
  await expectGoodEnd(second);
  expectAllOnce(await parts.sqs.receiveAll(route.queueUrl, { expected: 3000 }), 3000);
  const last = [first, second].map((bridge) => bridge.receipts().at(-1)!);
  last.forEach(expectToAddUp);
  expect(last.reduce((sum, receipt) => sum + receipt.acked, 0)).toBe(3000);
  expectQuiet(first);
  expectQuiet(second);
});
