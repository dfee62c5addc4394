// What a call that failed as a whole says: about the target as a rule, about a message only when it was alone.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { SqsEntry } from "../../../../functions/bridge/sinks/sqs/entry.ts";
import { sqsSink, type SqsSink } from "../../../../functions/bridge/sinks/sqs/sink.ts";
import { allSent, awsError, fakeQueue, type FakeQueue } from "../../../support/fake-queue.ts";
import { message, utf8 } from "../../../support/messages.ts";

const signal = new AbortController().signal;

function sinkOf(queue: FakeQueue): SqsSink {
  return sqsSink({
    queue,
    mapping: { origin: "ORDERS" },
    batchSize: 10,
    concurrency: 4,
    observe: () => undefined,
  });
}

function prepared(sink: SqsSink, bodies: readonly string[]): readonly SqsEntry[] {
  return bodies.map((body) => sink.prepare(message({ data: utf8(body) })) as SqsEntry);
}

function failing(error: unknown): FakeQueue {
  return fakeQueue({
    send: () => {
      throw error;
    },
  });
}

test.each([
  ["throttling", awsError("RequestThrottled"), false, false],
  ["throttling of the key", awsError("KmsThrottled"), false, false],
  ["credentials that ran out", awsError("ExpiredToken"), false, false],
  [
    "an internal error",
    awsError("InternalError", "500", { $metadata: { httpStatusCode: 500 } }),
    false,
    true,
  ],
  ["an unavailable service", awsError("ServiceUnavailable"), false, true],
  ["a time limit", awsError("TimeoutError"), false, true],
  ["an aborted call", awsError("AbortError"), false, true],
  ["a connection that was cut", awsError("Error", "read", { code: "ECONNRESET" }), false, true],
  ["an answer that cannot be read", new SyntaxError("Unexpected end of JSON input"), false, true],
  ["something that is no error", "boom", false, true],
  ["missing access", awsError("AccessDenied"), true, false],
  ["a missing queue", awsError("QueueDoesNotExist"), true, false],
  ["a key that is switched off", awsError("KmsDisabled"), true, false],
])("%s says nothing about any message", async (_what, error, stop, maybeTaken) => {
  const sink = sinkOf(failing(error));
  const delivery = await sink.deliver(prepared(sink, ["a", "b"]), signal);
  expect(delivery).toMatchObject({ kind: "unavailable", stop, maybeTaken });
});

test("the reason names the queue, the error, its status and its code", async () => {
  const more = { $metadata: { httpStatusCode: 503 }, code: "EPIPE" };
  const sink = sinkOf(failing(awsError("ServiceUnavailable", "try later", more)));
  expect(await sink.deliver(prepared(sink, ["a"]), signal)).toMatchObject({
    reason:
      "https://sqs.eu-west-1.amazonaws.com/123456789012/orders: ServiceUnavailable: try later (HTTP 503, EPIPE)",
  });
});

/** Refuses every call in which a body starts with "bad", as SQS does, without saying which. */
function picky(code: string): FakeQueue {
  return fakeQueue({
    send(entries) {
      if (entries.some(({ body }) => body.startsWith("bad"))) throw awsError(code);
      return allSent(entries);
    },
  });
}

test.each(["BatchRequestTooLong", "InvalidMessageContents", "InvalidParameterValue"])(
  "a call refused with %s is halved until the culprit is alone, and its neighbours are sent",
  async (code) => {
    const queue = picky(code);
    const sink = sinkOf(queue);
    const delivery = await sink.deliver(prepared(sink, ["a", "b", "bad", "d", "e"]), signal);
    expect(delivery).toMatchObject({
      outcomes: [
        { kind: "accepted" },
        { kind: "accepted" },
        { kind: "rejected", reason: `${code}: said SQS` },
        { kind: "accepted" },
        { kind: "accepted" },
      ],
    });
    expect(queue.calls).toEqual([
      ["a", "b", "bad", "d", "e"],
      ["a", "b", "bad"],
      ["a", "b"],
      ["bad"],
      ["d", "e"],
    ]);
  },
);

test("when the target goes away while a call is halved, the rest is unknown and not rejected", async () => {
  let calls = 0;
  const queue = fakeQueue({
    send(entries) {
      calls += 1;
      if (calls === 1) throw awsError("BatchRequestTooLong");
      if (calls === 2) return allSent(entries);
      throw awsError("ServiceUnavailable");
    },
  });
  const sink = sinkOf(queue);
  const delivery = await sink.deliver(prepared(sink, ["a", "b", "c", "d"]), signal);
  expect(delivery).toMatchObject({
    outcomes: [
      { kind: "accepted" },
      { kind: "accepted" },
      { kind: "unknown" },
      { kind: "unknown" },
    ],
  });
});

test("when access is lost while a call is halved, the bridge has to stop", async () => {
  let calls = 0;
  const queue = fakeQueue({
    send(entries) {
      calls += 1;
      if (calls === 1) throw awsError("BatchRequestTooLong");
      if (calls === 2) return allSent(entries);
      throw awsError("AccessDenied");
    },
  });
  const sink = sinkOf(queue);
  expect(await sink.deliver(prepared(sink, ["a", "b"]), signal)).toMatchObject({
    outcomes: [{ kind: "accepted" }, { kind: "unknown" }],
    stop: `${queue.url}: AccessDenied: said SQS`,
  });
});

test("whoever is bad, exactly they are rejected, and no entry is accepted twice", async () => {
  const anyBodies = fc.array(fc.constantFrom("good", "good", "bad"), {
    minLength: 1,
    maxLength: 10,
  });
  await fc.assert(
    fc.asyncProperty(anyBodies, async (kinds) => {
      const accepted: string[] = [];
      const queue = fakeQueue({
        send(entries) {
          if (entries.some(({ body }) => body.startsWith("bad")))
            throw awsError("InvalidMessageContents");
          accepted.push(...entries.map(({ body }) => body));
          return allSent(entries);
        },
      });
      const sink = sinkOf(queue);
      const bodies = kinds.map((kind, at) => `${kind} ${at}`);
      const delivery = await sink.deliver(prepared(sink, bodies), signal);
      expect(delivery).toMatchObject({
        kind: "answered",
        outcomes: kinds.map((kind) => ({ kind: kind === "bad" ? "rejected" : "accepted" })),
      });
      expect(accepted).toEqual(bodies.filter((body) => body.startsWith("good")));
    }),
  );
});
