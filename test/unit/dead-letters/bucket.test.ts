import fc from "fast-check";
import { expect, test } from "vitest";
import type { DeadLetters, Letter, Message } from "../../../functions/bridge/core/ports.ts";
import {
  deadLetterBucket,
  type DeadObject,
} from "../../../functions/bridge/dead-letters/bucket.ts";
import { fakeBucket, type FakeBucket } from "../../support/fake-targets.ts";
import { awsError } from "../../support/fake-queue.ts";
import { anyMessage, anyText, headers, message, utf8 } from "../../support/messages.ts";

const signal = new AbortController().signal;
const letter: Letter = { reason: "too old", evidence: "61 s old", tries: 2 };

function storeOf(bucket: FakeBucket = fakeBucket(), origin = "ORDERS"): DeadLetters<DeadObject> {
  return deadLetterBucket(bucket, origin);
}

function objectOf(given: Partial<Message> = {}, more: Partial<Letter> = {}): DeadObject {
  return storeOf().prepare(message(given), { ...letter, ...more }) as DeadObject;
}

/** As S3 counts it, with what stands before each name on the wire. */
function sizeOf(metadata: Readonly<Record<string, string>>): number {
  return Object.entries(metadata)
    .map(([name, value]) => Buffer.byteLength(`x-amz-meta-${name}${value}`))
    .reduce((sum, size) => sum + size, 0);
}

test("an object is the payload as it was, under a key of origin, date and id", () => {
  const data = Uint8Array.from([0, 255, 10]);
  expect(objectOf({ data })).toEqual({
    key: "ORDERS/2023-11-14/42-1700000000123456789",
    body: data,
    metadata: {
      "nats-id": "ORDERS/42/1700000000123456789",
      "nats-stream": "ORDERS",
      "nats-subject": "orders.eu.7",
      "dead-letter-reason": "too old",
      "dead-letter-evidence": "61 s old",
      "dead-letter-tries": "2",
    },
  });
});

test("an origin with slashes is one part of the key", () => {
  const prepared = storeOf(fakeBucket(), "eu/orders").prepare(message(), letter) as DeadObject;
  expect(prepared.key).toBe("eu%2Forders/2023-11-14/42-1700000000123456789");
});

test("headers are a JSON object in the metadata, percent-encoded where they are not printable ASCII", () => {
  const given = headers({ A: ["1", "2"], B: "grüße, 100 %\n" });
  const { metadata } = objectOf({ headers: given });
  expect(metadata["nats-headers"]).toBe(
    String.raw`{"A":["1","2"],"B":["gr%C3%BC%C3%9Fe, 100 %25\n"]}`,
  );
});

test("headers that do not fit are an object beside it", async () => {
  const given = headers({ V: "v".repeat(2000), W: "ü" });
  const bucket = fakeBucket();
  const store = storeOf(bucket);
  const prepared = store.prepare(message({ headers: given }), letter) as DeadObject;
  expect(prepared.metadata).toMatchObject({ "nats-headers-in": "headers.json" });
  expect(prepared.metadata).not.toHaveProperty("nats-headers");
  await store.deliver([prepared], signal);
  // The object itself comes last: where it is, everything is.
  expect(bucket.objects.map(({ key }) => key)).toEqual([
    "ORDERS/2023-11-14/42-1700000000123456789.headers.json",
    "ORDERS/2023-11-14/42-1700000000123456789",
  ]);
  expect(JSON.parse(String(bucket.objects[0]?.body))).toEqual(Object.fromEntries(given));
});

test("a subject that does not fit is an object beside it", async () => {
  const subject = `orders.${"ü".repeat(500)}`;
  const bucket = fakeBucket();
  const store = storeOf(bucket);
  const prepared = store.prepare(message({ subject }), letter) as DeadObject;
  expect(prepared.metadata).toMatchObject({ "nats-subject-in": "subject.txt" });
  expect(prepared.metadata).not.toHaveProperty("nats-subject");
  await store.deliver([prepared], signal);
  expect(
    bucket.objects.map(({ key, body }) => [key.slice(-12), Buffer.from(body as string).toString()]),
  ).toEqual([
    [".subject.txt", subject],
    ["000123456789", "hello"],
  ]);
});

test("a long reason is cut between two characters", () => {
  const { metadata } = objectOf({}, { reason: "🦀".repeat(100), evidence: "%".repeat(300) });
  expect(decodeURIComponent(metadata["dead-letter-reason"] ?? "")).toBe("🦀".repeat(21));
  expect(decodeURIComponent(metadata["dead-letter-evidence"] ?? "")).toBe("%".repeat(85));
});

test("whatever a message is, its metadata is printable, within 2 KB, and says the same once decoded", () => {
  const letters = fc.record({ reason: anyText(), evidence: anyText(), tries: fc.nat() });
  fc.assert(
    fc.property(anyMessage(), letters, (one, why) => {
      const prepared = storeOf().prepare(one, why) as DeadObject;
      const { metadata } = prepared;
      expect(sizeOf(metadata)).toBeLessThanOrEqual(2048);
      for (const value of Object.values(metadata)) {
        expect(value).toMatch(/^([!-~]|[!-~][ -~]*[!-~])?$/);
      }
      const read = (name: string): string => decodeURIComponent(metadata[name] ?? "");
      expect(prepared.subject ?? read("nats-subject")).toBe(one.subject);
      expect(read("dead-letter-reason")).toBe(why.reason.toWellFormed());
      const text = prepared.headers ?? metadata["nats-headers"];
      const known =
        text === undefined ? {} : JSON.parse(prepared.headers ?? decodeURIComponent(text));
      expect(new Map(Object.entries(known as object))).toEqual(one.headers);
      expect(prepared.body).toBe(one.data);
    }),
  );
});

test("when it is too late once the headers are stored, the object is not, and the letter stays", async () => {
  const bucket = fakeBucket();
  const store = storeOf(bucket);
  const large = message({ headers: headers({ V: "v".repeat(2000) }) });
  const prepared = store.prepare(large, letter) as DeadObject;
  const isOver = (): boolean => bucket.objects.length > 0;
  expect(await store.deliver([prepared], signal, isOver)).toMatchObject({
    outcomes: [{ kind: "unknown" }],
  });
  expect(bucket.objects).toHaveLength(1);
});

test("what is stored is accepted, and the receipt says where it is", async () => {
  const delivery = await storeOf().deliver([objectOf()], signal);
  expect(delivery).toEqual({
    kind: "answered",
    outcomes: [
      { kind: "accepted", receipt: "s3://letters/ORDERS/2023-11-14/42-1700000000123456789" },
    ],
  });
});

/** Refuses the keys that start with a digit of these sequences. */
function refusing(faults: Readonly<Record<number, string>>): FakeBucket {
  return fakeBucket((key) => {
    const sequence = Number(/(\d+)-\d+/.exec(key.split("/")[2] ?? "")?.[1]);
    const code = faults[sequence];
    if (code) throw awsError(code, "said S3");
  });
}

function three(): readonly DeadObject[] {
  return [1, 2, 3].map((streamSequence) => objectOf({ streamSequence, data: utf8("x") }));
}

test("each object has its own outcome; one that will never be taken is rejected", async () => {
  const bucket = refusing({ 1: "SlowDown", 2: "MetadataTooLarge" });
  expect(await storeOf(bucket).deliver(three(), signal)).toEqual({
    kind: "answered",
    outcomes: [
      { kind: "unknown", reason: "s3://letters: SlowDown: said S3" },
      { kind: "rejected", reason: "MetadataTooLarge: said S3" },
      { kind: "accepted", receipt: "s3://letters/ORDERS/2023-11-14/3-1700000000123456789" },
    ],
  });
});

test.each([
  ["SlowDown", false, false],
  ["ServiceUnavailable", false, true],
  ["TimeoutError", false, true],
  ["NoSuchBucket", true, false],
  ["AccessDenied", true, false],
  ["KMS.DisabledException", true, false],
])("when all fail with %s it is about the bucket", async (code, stop, maybeTaken) => {
  const bucket = refusing({ 1: code, 2: code, 3: code });
  expect(await storeOf(bucket).deliver(three(), signal)).toEqual({
    kind: "unavailable",
    reason: `s3://letters: ${code}: said S3`,
    stop,
    maybeTaken,
  });
});

test("when only some are refused for want of access, that is said all the same", async () => {
  const delivery = await storeOf(refusing({ 2: "AccessDenied" })).deliver(three(), signal);
  expect(delivery).toMatchObject({
    outcomes: [{ kind: "accepted" }, { kind: "unknown" }, { kind: "accepted" }],
    stop: "s3://letters: AccessDenied: said S3",
  });
});
