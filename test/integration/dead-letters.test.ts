// What is rejected is stored, with all that is needed to send it again and what shows that it had to be: in a queue, in
// a bucket, or in the bucket when the queue cannot take it.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { expectArrivals, expectGoodEnd, sorted } from "../support/arrivals.ts";
import { numberIn, startAwsFaultProxy } from "../support/aws-fault-proxy.ts";
import { readiness } from "../support/bridge-settings.ts";
import { publishCases, readCases, wantedOf } from "../support/cases.ts";
import { startEvents } from "../support/event-bus.ts";
import { numberOf, type Route, upTo } from "../support/parts.ts";
import { BEYOND, HEADERS, PAYLOADS } from "../support/payload-cases.ts";
import { type LocalBucket, localBucket, type S3Object } from "../support/s3.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const { parts } = await partsOfFile();

const QUICK = {
  JETSTREAM_ACK_WAIT: "2s",
  RETRY_DELAY_MIN: "50ms",
  RETRY_DELAY_MAX: "500ms",
  MAXIMUM_RETRY_ATTEMPTS: "2",
};

/** Settings of a target for which every message of the route lacks something. */
function rejecting(endpoint: string): Record<string, string> {
  return {
    ...QUICK,
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoint,
    SQS_QUEUE_URL: "",
    EVENT_BUS_NAME: "default",
    EVENT_DETAIL_TYPE: "{header.Never}",
  };
}

const REASON = "the template asks for the header Never, which is missing or empty";

interface ReadObject {
  readonly number: number;
  readonly data: Buffer;
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** As a receiver reads it: the object, and what did not fit into its metadata beside it. */
async function readBucket(bucket: LocalBucket): Promise<readonly ReadObject[]> {
  const objects = await bucket.objects();
  const text = (object: S3Object, name: string): string =>
    decodeURIComponent(object.metadata[name] ?? "");
  const beside = (object: S3Object): string | undefined =>
    objects.find(({ key }) => key === `${object.key}.headers.json`)?.body.toString();
  return objects
    .filter(({ metadata }) => "nats-id" in metadata)
    .map((object) => ({
      number: Number(text(object, "nats-subject").split(".").at(-1)),
      data: object.body,
      headers: JSON.parse(
        beside(object) || text(object, "nats-headers") || "{}",
      ) as ReadObject["headers"],
    }));
}

async function buried(route: Route, count: number): Promise<void> {
  await route.drained();
  while ((await route.consumer())?.ack_floor.stream_seq !== count) await sleep(20);
}

describe.concurrent("dead letters", () => {
  test("in a queue, payloads and headers of all kinds are as they were, with reason, evidence and tries", async () => {
    await using events = await startEvents();
    const route = await parts.route("queue", { deadLetters: true });
    const cases = [...PAYLOADS, ...HEADERS];
    await publishCases(parts, route, cases);
    await using bridge = route.start(rejecting(events.endpoint));
    await route.drained();
    await expectGoodEnd(bridge);
    expect(events.calls).toEqual([]);
    const letters = await parts.sqs.receiveAll(route.deadLetterUrl, { expected: cases.length });
    const raw = letters.map((letter) => letter.raw);
    expect(raw.length).toBe(cases.length);
    expect(readCases(cases, raw)).toEqual(wantedOf(cases));
    for (const { attributes } of letters) {
      expect(attributes["nats-id"]).toMatch(/^queue\/\d+\/\d{19}$/);
      expect(attributes["dead-letter-reason"]).toBe(REASON);
      expect(attributes["dead-letter-evidence"]).toBe(`rejected: ${REASON}`);
      expect(Number(attributes["dead-letter-tries"])).toBeLessThanOrEqual(1);
    }
    expect(bridge.receipts().at(-1)).toMatchObject({ buried: cases.length, acked: 0 });
  });

  test("in a bucket, payloads and headers of all kinds are as they were, with reason, evidence and tries", async () => {
    await using events = await startEvents();
    const route = await parts.route("bucket");
    const bucket = await localBucket(parts.sqs.endpoint, "bucket");
    const cases = [...PAYLOADS, ...HEADERS, ...BEYOND];
    await publishCases(parts, route, cases);
    await using bridge = route.start({
      ...rejecting(events.endpoint),
      DEAD_LETTER_BUCKET: bucket.name,
    });
    await route.drained();
    await expectGoodEnd(bridge);
    const read = (await readBucket(bucket)).map(
      ({ data, headers, number }) =>
        [cases[number]!.name, { data: data.toString("hex"), headers }] as const,
    );
    expect(read.length).toBe(cases.length);
    expect(Object.fromEntries(read)).toEqual(wantedOf(cases));
    for (const { key, metadata } of await bucket.objects()) {
      expect(key).toMatch(/^bucket\/\d{4}-\d\d-\d\d\/\d+-\d{19}(\.headers\.json)?$/);
      if (key.endsWith(".json")) continue;
      expect(metadata).toMatchObject({
        "nats-stream": "bucket",
        "dead-letter-reason": REASON,
        "dead-letter-evidence": `rejected: ${REASON}`,
      });
    }
  });

  test("with both, what the queue cannot take for its size or its characters goes to the bucket", async () => {
    await using events = await startEvents();
    const route = await parts.route("both", { deadLetters: true });
    const bucket = await localBucket(parts.sqs.endpoint, "both");
    const large = Buffer.alloc(900_000, 255);
    // The local SQS takes no characters beyond U+FFFF: here it stands for all that a queue may refuse.
    const payloads = ["small", large, "🦀", "small, too"];
    await route.publish(4, (number) => ({ data: payloads[number]! }));
    await using bridge = route.start({
      ...rejecting(events.endpoint),
      DEAD_LETTER_BUCKET: bucket.name,
    });
    await buried(route, 4);
    await expectGoodEnd(bridge);
    const letters = await parts.sqs.receiveAll(route.deadLetterUrl, { expected: 2 });
    expect(sorted(letters.map(numberOf))).toEqual([0, 3]);
    const objects = await readBucket(bucket);
    expect(
      objects.map(({ number, data }) => [number, data.equals(Buffer.from(payloads[number]!))]),
    ).toEqual([
      [1, true],
      [2, true],
    ]);
    expect(bridge.receipts().at(-1)).toMatchObject({ buried: 4, retried: 0 });
  });

  test("a queue that is down, or takes only some, is asked again, and nothing rejected is sent to the target twice", async () => {
    const route = await parts.route("down", { deadLetters: true });
    await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
    let letters = 0;
    proxy.script(({ entries, queue }) => {
      if (queue === route.queueName) {
        const failed = entries
          .filter((entry) => numberIn(entry) % 5 === 0)
          .map(({ Id }) => [Id, { code: "InvalidMessageContents", sender: true }] as const);
        return { kind: "entries", failed: Object.fromEntries(failed) };
      }
      letters += 1;
      if (letters <= 2) return { kind: "error", status: 503, code: "ServiceUnavailable" };
      const some = entries
        .filter((_, at) => letters === 3 && at % 2 === 0)
        .map(({ Id }) => [Id, { code: "InternalError", sender: false }] as const);
      return { kind: "entries", failed: Object.fromEntries(some) };
    });
    await route.publish(50);
    await using bridge = route.start({ ...QUICK, AWS_ENDPOINT_URL: proxy.endpoint });
    await buried(route, 50);
    await expectGoodEnd(bridge);
    const poison = upTo(50).filter((number) => number % 5 === 0);
    await expectArrivals(parts, route, 50, new Set(poison));
    const found = await parts.sqs.receiveAll(route.deadLetterUrl, { expected: poison.length });
    expect(sorted(found.map(numberOf))).toEqual(poison);
    const sent = proxy.batches
      .filter(({ queue }) => queue === route.queueName)
      .flatMap(({ entries }) => entries.map(numberIn));
    expect(sorted(sent)).toEqual(upTo(50));
    expect(bridge.lines.some(({ event }) => event === "dead-letters-unavailable")).toBe(true);
  });

  test("a bucket that is missing blocks the bridge, which says so; once it is there all is stored", async () => {
    await using events = await startEvents();
    const route = await parts.route("unmade");
    await route.publish(20);
    await using bridge = route.start({
      ...rejecting(events.endpoint),
      DEAD_LETTER_BUCKET: "unmade",
    });
    await bridge.waitFor(({ stop }) => stop === "blocked");
    const { reason, status } = await readiness(bridge);
    expect([status, reason]).toEqual([503, expect.stringContaining("NoSuchBucket")]);
    const bucket = await localBucket(parts.sqs.endpoint, "unmade");
    await buried(route, 20);
    await expectGoodEnd(bridge);
    const stored = (await readBucket(bucket)).map(({ number }) => number);
    expect(sorted(stored)).toEqual(upTo(20));
  });

  test("messages older than MAXIMUM_RECORD_AGE are buried as too old, by the server's clock", async () => {
    const route = await parts.route("age", { deadLetters: true });
    await route.publish(10);
    await sleep(4100);
    await using bridge = route.start({ ...QUICK, MAXIMUM_RECORD_AGE: "4s" });
    await bridge.waitFor("running");
    await route.publish(10);
    await buried(route, 20);
    await expectGoodEnd(bridge);
    const letters = await parts.sqs.receiveAll(route.deadLetterUrl, { expected: 10 });
    expect(sorted(letters.map(numberOf))).toEqual(upTo(10));
    for (const { attributes } of letters) {
      expect(attributes).toMatchObject({
        "dead-letter-reason": "too old",
        "dead-letter-evidence": expect.stringMatching(
          /^\d+ ms old by the server's clock, allowed are 4000$/,
        ) as string,
        "dead-letter-tries": "0",
      });
    }
    const arrived = await parts.sqs.receiveAll(route.queueUrl, { expected: 10 });
    expect(sorted(arrived.map(numberOf))).toEqual(upTo(20).slice(10));
  });

  test("with ON_REJECTED=hold a rejected message waits, and its group behind it; all others arrive (fifo)", async () => {
    const route = await parts.route("hold", { fifo: true, deadLetters: true });
    await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
    proxy.script(({ entries }) => {
      const failed = entries
        .filter((entry) => numberIn(entry) === 23)
        .map(({ Id }) => [Id, { code: "InvalidMessageContents", sender: true }] as const);
      return { kind: "entries", failed: Object.fromEntries(failed) };
    });
    await route.publish(100);
    await using bridge = route.start({
      ...QUICK,
      AWS_ENDPOINT_URL: proxy.endpoint,
      ON_REJECTED: "hold",
    });
    // The groups are the numbers modulo 20.
    const held = new Set([23, 43, 63, 83]);
    await bridge.waitFor(({ acked }) => acked === 96);
    await expectArrivals(parts, route, 100, held);
    expect(bridge.receipts().at(-1)).toMatchObject({ stop: null, held: 4, buried: 0, retried: 0 });
    await expectGoodEnd(bridge);
    expect(await parts.sqs.count(route.deadLetterUrl)).toBe(0);
    // Once it is mended, the next run sends them, in order.
    proxy.script(undefined);
    await using next = route.start({ ...QUICK, AWS_ENDPOINT_URL: proxy.endpoint });
    await route.drained();
    await expectGoodEnd(next);
    const late = await parts.sqs.receiveAll(route.queueUrl, { expected: 4 });
    expect(late.map(numberOf)).toEqual([...held]);
  });

  test("with ON_REJECTED=hold a rejected message of no group goes back, and is never buried", async () => {
    const route = await parts.route("back", { deadLetters: true });
    await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
    let isFixed = false;
    proxy.script(({ entries }) => {
      const failed = entries
        .filter((entry) => !isFixed && numberIn(entry) === 23)
        .map(({ Id }) => [Id, { code: "InvalidMessageContents", sender: true }] as const);
      return { kind: "entries", failed: Object.fromEntries(failed) };
    });
    await route.publish(100);
    await using bridge = route.start({
      ...QUICK,
      AWS_ENDPOINT_URL: proxy.endpoint,
      ON_REJECTED: "hold",
    });
    while (
      proxy.batches.flatMap(({ entries }) => entries).filter((e) => numberIn(e) === 23).length < 3
    )
      await sleep(20);
    expect((await route.consumer())?.num_ack_pending).toBe(1);
    isFixed = true;
    await buried(route, 100);
    await expectGoodEnd(bridge);
    await expectArrivals(parts, route, 100);
    expect(await parts.sqs.count(route.deadLetterUrl)).toBe(0);
  });
});
