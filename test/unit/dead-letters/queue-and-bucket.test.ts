import fc from "fast-check";
import { expect, test } from "vitest";
import type { Delivery, Outcome } from "../../../functions/bridge/core/outcome.ts";
import type { DeadLetters } from "../../../functions/bridge/core/ports.ts";
import { queueAndBucket } from "../../../functions/bridge/dead-letters/queue-and-bucket.ts";
import { message, utf8 } from "../../support/messages.ts";

const signal = new AbortController().signal;
const letter = { reason: "r", evidence: "e", tries: 1 };

interface FakeStore extends DeadLetters<string> {
  readonly calls: readonly (readonly string[])[];
}

/** Prepares a message as its own text, unless it is longer than `most`; answers as told. */
function fakeStore(answer: (batch: readonly string[]) => Delivery, most = Infinity): FakeStore {
  const calls: (readonly string[])[] = [];
  return {
    calls,
    limits: { entries: 10, bytes: 100, concurrency: 1 },
    prepare({ data }) {
      const text = Buffer.from(data).toString();
      return text.length > most ? { rejected: "too large" } : text;
    },
    size: (text) => text.length,
    async deliver(batch) {
      calls.push(batch);
      return answer(batch);
    },
  };
}

function answeredBy(outcomeOf: (text: string) => Outcome): (batch: readonly string[]) => Delivery {
  return (batch) => ({ kind: "answered", outcomes: batch.map(outcomeOf) });
}

const stored = (where: string): ((batch: readonly string[]) => Delivery) =>
  answeredBy((text) => ({ kind: "accepted", receipt: `${text} in the ${where}` }));

function down(stop: boolean, reason = "down"): () => Delivery {
  return () => ({ kind: "unavailable", reason, stop, maybeTaken: false });
}

async function deliver(
  queue: FakeStore,
  bucket: FakeStore,
  ...texts: readonly string[]
): Promise<Delivery> {
  const both = queueAndBucket(queue, bucket);
  const batch = texts.map((text) => both.prepare(message({ data: utf8(text) }), letter));
  return both.deliver(batch as Exclude<(typeof batch)[number], { rejected: string }>[], signal);
}

test("what the queue takes goes to the queue, and the bucket is not asked", async () => {
  const [queue, bucket] = [fakeStore(stored("queue")), fakeStore(stored("bucket"))];
  expect(await deliver(queue, bucket, "a", "b")).toMatchObject({
    outcomes: [{ receipt: "a in the queue" }, { receipt: "b in the queue" }],
  });
  expect(bucket.calls).toEqual([]);
});

test("what is too large for the queue goes to the bucket, and the queue is not asked for it", async () => {
  const [queue, bucket] = [fakeStore(stored("queue"), 3), fakeStore(stored("bucket"))];
  expect(await deliver(queue, bucket, "large", "b")).toMatchObject({
    outcomes: [{ receipt: "large in the bucket" }, { receipt: "b in the queue" }],
  });
  expect([queue.calls, bucket.calls]).toEqual([[["b"]], [["large"]]]);
  await deliver(queue, bucket, "large");
  expect(queue.calls).toHaveLength(1);
});

test("what the queue refuses when it sees it goes to the bucket, too", async () => {
  const refuse = answeredBy((text) =>
    text === "odd" ? { kind: "rejected", reason: "no" } : { kind: "accepted", receipt: "m" },
  );
  const [queue, bucket] = [fakeStore(refuse), fakeStore(stored("bucket"))];
  expect(await deliver(queue, bucket, "a", "odd")).toEqual({
    kind: "answered",
    outcomes: [
      { kind: "accepted", receipt: "m" },
      { kind: "accepted", receipt: "odd in the bucket" },
    ],
  });
});

test("a queue that is down is no reason for the bucket", async () => {
  const [queue, bucket] = [fakeStore(down(false)), fakeStore(stored("bucket"))];
  expect(await deliver(queue, bucket, "a")).toMatchObject({ kind: "unavailable", stop: false });
  expect(bucket.calls).toEqual([]);
});

test("while the queue is down the bucket goes on taking what is for it", async () => {
  const [queue, bucket] = [fakeStore(down(true), 3), fakeStore(stored("bucket"))];
  expect(await deliver(queue, bucket, "a", "large")).toEqual({
    kind: "answered",
    outcomes: [
      { kind: "unknown", reason: "down" },
      { kind: "accepted", receipt: "large in the bucket" },
    ],
    stop: "down",
  });
});

test("when both are down, the one that needs somebody to change something is told", async () => {
  const [queue, bucket] = [fakeStore(down(false), 3), fakeStore(down(true, "denied"))];
  expect(await deliver(queue, bucket, "a", "large")).toMatchObject({
    kind: "unavailable",
    reason: "denied",
    stop: true,
  });
});

test("when the queue took so long that it is too late, the bucket is not asked any more", async () => {
  const refuse = answeredBy(() => ({ kind: "rejected", reason: "no" }));
  const [queue, bucket] = [fakeStore(refuse), fakeStore(stored("bucket"))];
  const both = queueAndBucket(queue, bucket);
  const one = both.prepare(message(), letter);
  if ("rejected" in one) throw new Error(one.rejected);
  expect(await both.deliver([one], signal, () => queue.calls.length > 0)).toEqual({
    kind: "answered",
    outcomes: [{ kind: "unknown", reason: "not stored: out of time" }],
  });
  expect(bucket.calls).toEqual([]);
});

test("the size of a letter is what it takes in the queue", () => {
  const both = queueAndBucket(fakeStore(stored("queue"), 3), fakeStore(stored("bucket")));
  const sizes = ["abc", "large"].map((text) => {
    const prepared = both.prepare(message({ data: utf8(text) }), letter);
    return "rejected" in prepared ? prepared : both.size(prepared);
  });
  expect(sizes).toEqual([3, 0]);
});

test("whatever the two say, each letter has one outcome, and accepted ones are in a store", async () => {
  const kinds = fc.constantFrom("accepted", "failed", "rejected", "unknown");
  const letters = fc.array(fc.tuple(kinds, kinds, fc.boolean()), { minLength: 1, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(letters, async (given) => {
      const texts = given.map(([, , isLarge], at) => (isLarge ? `large ${at}` : String(at)));
      const say =
        (column: 0 | 1) =>
        (text: string): Outcome => {
          const kind = given[texts.indexOf(text)]?.[column] ?? "unknown";
          return kind === "accepted" ? { kind, receipt: text } : { kind, reason: text };
        };
      const queue = fakeStore(answeredBy(say(0)), 3);
      const bucket = fakeStore(answeredBy(say(1)));
      const delivery = await deliver(queue, bucket, ...texts);
      const wanted = given.map(([inQueue, inBucket, isLarge]) =>
        isLarge || inQueue === "rejected" ? inBucket : inQueue,
      );
      expect(delivery).toMatchObject({ outcomes: wanted.map((kind) => ({ kind })) });
    }),
  );
});
