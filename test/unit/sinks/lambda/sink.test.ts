import fc from "fast-check";
import { expect, test } from "vitest";
import type { Sink } from "../../../../functions/bridge/core/ports.ts";
import type { FunctionRecord } from "../../../../functions/bridge/sinks/lambda/record.ts";
import { INVOKE_BYTES, lambdaSink } from "../../../../functions/bridge/sinks/lambda/sink.ts";
import { awsError } from "../../../support/fake-queue.ts";
import {
  fakeFunction,
  type FakeFunction,
  FUNCTION_ARN,
  threw,
} from "../../../support/fake-targets.ts";
import { message, utf8 } from "../../../support/messages.ts";

const signal = new AbortController().signal;
const mapping = { origin: "ORDERS", functionArn: FUNCTION_ARN };

function sinkOf(target: FakeFunction, bisectOnError = false): Sink<FunctionRecord> {
  return lambdaSink({ target, mapping, batchSize: 100, concurrency: 4, bisectOnError });
}

function prepared(sink: Sink<FunctionRecord>, bodies: readonly string[]): FunctionRecord[] {
  return bodies.map(
    (body, at) =>
      sink.prepare(message({ data: utf8(body), streamSequence: at + 1 })) as FunctionRecord,
  );
}

/** Throws for a batch in which a body starts with "bad". */
function picky(): FakeFunction {
  return fakeFunction({
    invoke: (records) => (records.some(({ body }) => body.startsWith("bad")) ? threw("bad") : {}),
  });
}

test("a call has as many records as asked for, and a failure alone is evidence", () => {
  expect(sinkOf(fakeFunction()).limits).toEqual({
    entries: 100,
    bytes: 6 * 1024 * 1024 - 64,
    concurrency: 4,
    aloneIsEvidence: true,
  });
});

test("a record that fills a call is taken, one byte more is rejected", async () => {
  const target = fakeFunction();
  const sink = sinkOf(target);
  const empty = sink.prepare(message({ data: utf8("x") })) as FunctionRecord;
  // A quotation mark takes two bytes once it is encoded.
  const marks = Math.floor((INVOKE_BYTES - empty.bytes) / 2);
  const fits = `${'"'.repeat(marks)}${"x".repeat(INVOKE_BYTES - empty.bytes - 2 * marks + 1)}`;
  const record = sink.prepare(message({ data: utf8(fits) })) as FunctionRecord;
  expect(sink.size(record)).toBe(INVOKE_BYTES);
  expect(sink.prepare(message({ data: utf8(`${fits}x`) }))).toEqual({
    rejected: "6291393 bytes as a record, and Lambda takes 6291392",
  });
  await sink.deliver([record], signal);
  expect(target.calls).toEqual([[fits]]);
});

test("a function that is there is ready, without being run", async () => {
  const target = fakeFunction();
  expect(await sinkOf(target).ready(signal)).toBeUndefined();
  expect(target.calls).toEqual([]);
});

test.each([
  ["ResourceNotFoundException", true],
  ["AccessDeniedException", true],
  ["TooManyRequestsException", false],
  ["ServiceException", false],
])("a function that cannot be asked (%s) is not ready", async (code, stop) => {
  const target = fakeFunction({
    check: () => {
      throw awsError(code, "said Lambda");
    },
  });
  expect(await sinkOf(target).ready(signal)).toMatchObject({
    kind: "unavailable",
    reason: `${FUNCTION_ARN}: ${code}: said Lambda`,
    stop,
  });
});

test.each([
  ["TooManyRequestsException", false, false],
  ["ThrottlingException", false, false],
  ["EC2ThrottledException", false, false],
  ["ENILimitReachedException", false, false],
  ["SnapStartNotReadyException", false, false],
  ["ResourceConflictException", false, false],
  ["ServiceException", false, true],
  ["TimeoutError", false, true],
  ["AccessDeniedException", true, false],
  ["ResourceNotFoundException", true, false],
  ["KMSDisabledException", true, false],
  ["InvalidRuntimeException", true, false],
])("a call that fails with %s says nothing about messages", async (code, stop, maybeTaken) => {
  const target = fakeFunction({
    invoke: () => {
      throw awsError(code);
    },
  });
  const sink = sinkOf(target, true);
  expect(await sink.deliver(prepared(sink, ["a", "b"]), signal)).toMatchObject({
    kind: "unavailable",
    stop,
    maybeTaken,
  });
  expect(target.calls).toEqual([["a", "b"]]);
});

test("when the function throws, all of its batch have failed, and nothing is sent again here", async () => {
  const target = picky();
  const sink = sinkOf(target);
  const reason = "Error: bad";
  expect(await sink.deliver(prepared(sink, ["a", "bad", "c"]), signal)).toEqual({
    kind: "answered",
    outcomes: [
      { kind: "failed", reason },
      { kind: "failed", reason },
      { kind: "failed", reason },
    ],
  });
  expect(target.calls).toEqual([["a", "bad", "c"]]);
});

test("with BISECT_ON_ERROR the batch is halved until the culprit is alone", async () => {
  const target = picky();
  const sink = sinkOf(target, true);
  expect(await sink.deliver(prepared(sink, ["a", "b", "bad", "d", "e"]), signal)).toMatchObject({
    outcomes: [
      { kind: "accepted" },
      { kind: "accepted" },
      { kind: "failed", reason: "Error: bad" },
      { kind: "accepted" },
      { kind: "accepted" },
    ],
  });
  expect(target.calls).toEqual([
    ["a", "b", "bad", "d", "e"],
    ["a", "b", "bad"],
    ["a", "b"],
    ["bad"],
    ["d", "e"],
  ]);
});

test("exactly the culprits fail when batches are halved, and nothing is accepted twice", async () => {
  const anyBodies = fc.array(fc.constantFrom("good", "good", "bad"), {
    minLength: 1,
    maxLength: 20,
  });
  await fc.assert(
    fc.asyncProperty(anyBodies, async (kinds) => {
      const target = picky();
      const sink = sinkOf(target, true);
      const bodies = kinds.map((kind, at) => `${kind} ${at}`);
      expect(await sink.deliver(prepared(sink, bodies), signal)).toMatchObject({
        kind: "answered",
        outcomes: kinds.map((kind) => ({ kind: kind === "bad" ? "failed" : "accepted" })),
      });
      const succeeded = target.calls
        .filter((call) => !call.some((body) => body.startsWith("bad")))
        .flat();
      expect(succeeded).toEqual(bodies.filter((body) => body.startsWith("good")));
    }),
  );
});

test("what there is no time for while halving is unknown, not failed", async () => {
  const target = picky();
  const sink = sinkOf(target, true);
  const isOver = (): boolean => target.calls.length >= 2;
  expect(await sink.deliver(prepared(sink, ["a", "b", "bad", "d"]), signal, isOver)).toMatchObject({
    outcomes: [
      { kind: "accepted" },
      { kind: "accepted" },
      { kind: "unknown" },
      { kind: "unknown" },
    ],
  });
});

test("an event that Lambda finds too large is halved, whatever is set, and alone rejected", async () => {
  const target = fakeFunction({
    invoke: (records) => {
      if (records.some(({ body }) => body === "bad")) throw awsError("RequestTooLargeException");
      return {};
    },
  });
  const sink = sinkOf(target);
  expect(await sink.deliver(prepared(sink, ["a", "bad"]), signal)).toMatchObject({
    outcomes: [{ kind: "accepted" }, { kind: "rejected" }],
  });
});
