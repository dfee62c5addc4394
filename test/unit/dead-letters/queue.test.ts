import { expect, test } from "vitest";
import { deadLetterQueue } from "../../../functions/bridge/dead-letters/queue.ts";
import type { SqsEntry } from "../../../functions/bridge/sinks/sqs/entry.ts";
import { fakeQueue } from "../../support/fake-queue.ts";
import { headers, message, utf8 } from "../../support/messages.ts";

const letter = { reason: "MalformedDetail: no", evidence: "rejected", tries: 3 };
const observe = (): void => undefined;

test("a dead letter is the message as the queue target has it, with three attributes more", () => {
  const store = deadLetterQueue(fakeQueue(), "ORIGIN", observe);
  const given = message({ headers: headers({ A: "1" }) });
  const entry = store.prepare(given, letter) as SqsEntry;
  expect(entry.body).toBe("hello");
  expect(Object.fromEntries(entry.attributes)).toEqual({
    "nats-id": "ORIGIN/42/1700000000123456789",
    "nats-subject": "orders.eu.7",
    "dead-letter-reason": "MalformedDetail: no",
    "dead-letter-evidence": "rejected",
    "dead-letter-tries": "3",
    A: "1",
  });
});

test("in a FIFO queue letters keep the order of each subject", () => {
  const queue = { ...fakeQueue(), url: "https://sqs.eu-west-1.amazonaws.com/1/dead.fifo" };
  const entry = deadLetterQueue(queue, "O", observe).prepare(message(), letter);
  expect(entry).toMatchObject({
    group: "orders.eu.7",
    deduplication: "O/42/1700000000123456789",
  });
});

test("a letter that is too large with its reason is rejected", () => {
  const store = deadLetterQueue(fakeQueue(), "O", observe);
  const data = utf8("x".repeat(1_048_500));
  expect(store.prepare(message({ data }), letter)).toHaveProperty("rejected");
});

test("letters are stored ten at once", () => {
  expect(deadLetterQueue(fakeQueue(), "O", observe).limits).toMatchObject({
    entries: 10,
    concurrency: 1,
  });
});
