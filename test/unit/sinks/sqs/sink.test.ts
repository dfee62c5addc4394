import { expect, test } from "vitest";
import type { SqsEntry } from "../../../../functions/bridge/sinks/sqs/entry.ts";
import { sqsSink, type SqsSink } from "../../../../functions/bridge/sinks/sqs/sink.ts";
import { allSent, awsError, fakeQueue, type FakeQueue } from "../../../support/fake-queue.ts";
import { headers, message, utf8 } from "../../../support/messages.ts";

const signal = new AbortController().signal;

function sinkOf(queue: FakeQueue, observe: (event: string) => void = () => undefined): SqsSink {
  return sqsSink({ queue, mapping: { origin: "ORDERS" }, batchSize: 10, concurrency: 4, observe });
}

function prepared(sink: SqsSink, ...bodies: readonly string[]): readonly SqsEntry[] {
  return bodies.map((body) => sink.prepare(message({ data: utf8(body) })) as SqsEntry);
}

/** So large that the entry as a whole has `bytes`. */
function messageOf(bytes: number): ReturnType<typeof message> {
  const sink = sinkOf(fakeQueue());
  const [one] = prepared(sink, "x");
  return message({ data: utf8("x".repeat(bytes - (one as SqsEntry).bytes + 1)) });
}

test("a call has at most ten entries, whatever was asked for", () => {
  const options = { queue: fakeQueue(), mapping: { origin: "O" }, observe: () => undefined };
  expect(sqsSink({ ...options, batchSize: 100, concurrency: 3 }).limits).toEqual({
    entries: 10,
    bytes: 1_048_576,
    concurrency: 3,
  });
  expect(sqsSink({ ...options, batchSize: 4, concurrency: 3 }).limits.entries).toBe(4);
});

test("a message of exactly 1 MiB with its attributes is taken, one byte more is rejected", () => {
  const sink = sinkOf(fakeQueue());
  expect(sink.prepare(messageOf(1_048_575))).toMatchObject({ bytes: 1_048_575 });
  expect(sink.prepare(messageOf(1_048_576))).toMatchObject({ bytes: 1_048_576 });
  expect(sink.prepare(messageOf(1_048_577))).toEqual({
    rejected: "1048577 bytes with attributes, and the queue takes 1048576",
  });
});

test("a queue that takes less is asked how much, and obeyed to the byte", async () => {
  const sink = sinkOf(fakeQueue({ attributes: () => ({ MaximumMessageSize: "2048" }) }));
  expect(await sink.ready(signal)).toBeUndefined();
  expect(sink.prepare(messageOf(2048))).toMatchObject({ bytes: 2048 });
  expect(sink.prepare(messageOf(2049))).toEqual({
    rejected: "2049 bytes with attributes, and the queue takes 2048",
  });
  expect(sink.limits.bytes).toBe(1_048_576);
});

test.each([{}, { MaximumMessageSize: "" }, { MaximumMessageSize: "9999999" }])(
  "a queue that says %o takes 1 MiB",
  async (attributes) => {
    const sink = sinkOf(fakeQueue({ attributes: () => attributes }));
    await sink.ready(signal);
    expect(sink.prepare(messageOf(1_048_576))).not.toHaveProperty("rejected");
    expect(sink.prepare(messageOf(1_048_577))).toHaveProperty("rejected");
  },
);

test("the size of an entry is the one that SQS counts", () => {
  const sink = sinkOf(fakeQueue());
  const entry = sink.prepare(message({ headers: headers({ a: "ü" }) })) as SqsEntry;
  expect(sink.size(entry)).toBe(entry.bytes);
});

test("a dead letter is prepared like any other message, and its letter counts", () => {
  const sink = sinkOf(fakeQueue());
  const letter = { reason: "too old", evidence: "61 s", tries: 2 };
  const [plain] = prepared(sink, "hello");
  const entry = sink.prepare(message(), letter) as SqsEntry;
  expect(entry.attributes.get("dead-letter-reason")).toBe("too old");
  expect(entry.bytes).toBeGreaterThan((plain as SqsEntry).bytes);
});

test("without the permission to read its attributes the queue is used all the same, and that is said once", async () => {
  const said: string[] = [];
  const queue = fakeQueue({
    attributes: () => {
      throw awsError("AccessDenied");
    },
  });
  const sink = sinkOf(queue, (event) => said.push(event));
  expect(await sink.ready(signal)).toBeUndefined();
  expect(await sink.ready(signal)).toBeUndefined();
  expect(said).toEqual(["queue-not-readable"]);
});

test("a queue that does not exist stops the bridge before anything is pulled", async () => {
  const queue = fakeQueue({
    attributes: () => {
      throw awsError("QueueDoesNotExist", "no such queue");
    },
  });
  expect(await sinkOf(queue).ready(signal)).toEqual({
    kind: "unavailable",
    reason: `${queue.url}: QueueDoesNotExist: no such queue`,
    stop: true,
    maybeTaken: false,
  });
});

test("an outage before the first pull is no reason to give up", async () => {
  const queue = fakeQueue({
    attributes: () => {
      throw awsError("Error", "connect refused", { code: "ECONNREFUSED" });
    },
  });
  expect(await sinkOf(queue).ready(signal)).toMatchObject({ kind: "unavailable", stop: false });
});

test("every entry that was sent has an outcome at its own place", async () => {
  const queue = fakeQueue({
    send: () => ({
      Successful: [{ Id: "2", MessageId: "m" }],
      Failed: [{ Id: "0", Code: "InternalError" }],
    }),
  });
  const sink = sinkOf(queue);
  expect(await sink.deliver(prepared(sink, "a", "b", "c"), signal)).toEqual({
    kind: "answered",
    outcomes: [
      { kind: "failed", reason: "InternalError" },
      { kind: "failed", reason: "missing from SQS's answer", maybeTaken: true },
      { kind: "accepted", receipt: "m" },
    ],
  });
});

test("when an entry was refused for want of access, the bridge has to stop, and no message is to blame", async () => {
  const Failed = ["0", "1"].map((Id) => ({ Id, Code: "KMS.DisabledException", Message: "off" }));
  const sink = sinkOf(fakeQueue({ send: () => ({ Failed }) }));
  const reason = "KMS.DisabledException: off";
  expect(await sink.deliver(prepared(sink, "a", "b"), signal)).toEqual({
    kind: "answered",
    outcomes: [
      { kind: "unknown", reason },
      { kind: "unknown", reason },
    ],
    stop: reason,
  });
});

test("when only some were refused for want of access, the others keep their own outcomes", async () => {
  const answer = { Successful: [{ Id: "0" }], Failed: [{ Id: "1", Code: "AccessDenied" }] };
  const sink = sinkOf(fakeQueue({ send: () => answer }));
  expect(await sink.deliver(prepared(sink, "a", "b"), signal)).toMatchObject({
    outcomes: [{ kind: "accepted" }, { kind: "unknown" }],
    stop: "AccessDenied",
  });
});

test("an entry that is unknown for another reason stops nothing", async () => {
  const answer = { Successful: [{ Id: "0", MD5OfMessageBody: "another" }] };
  const sink = sinkOf(fakeQueue({ send: () => answer }));
  expect(await sink.deliver(prepared(sink, "a"), signal)).not.toHaveProperty("stop");
});

test("the answer is read by the reader that was planted", async () => {
  const options = {
    mapping: { origin: "O" },
    batchSize: 10,
    concurrency: 1,
    observe: () => undefined,
  };
  const queue = fakeQueue({ send: allSent });
  const sink = sqsSink({ ...options, queue, read: () => [{ kind: "rejected", reason: "bug" }] });
  expect(await sink.deliver(prepared(sink, "a"), signal)).toEqual({
    kind: "answered",
    outcomes: [{ kind: "rejected", reason: "bug" }],
  });
});
