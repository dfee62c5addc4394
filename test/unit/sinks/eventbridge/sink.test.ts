import { expect, test } from "vitest";
import { parseTemplate } from "../../../../functions/bridge/map/template.ts";
import type { EventEntry } from "../../../../functions/bridge/sinks/eventbridge/entry.ts";
import { eventBridgeSink } from "../../../../functions/bridge/sinks/eventbridge/sink.ts";
import type { Sink } from "../../../../functions/bridge/core/ports.ts";
import { awsError } from "../../../support/fake-queue.ts";
import { allPut, fakeBus, type FakeBus } from "../../../support/fake-targets.ts";
import { message, utf8 } from "../../../support/messages.ts";

const signal = new AbortController().signal;
const mapping = {
  origin: "ORDERS",
  source: parseTemplate("s"),
  detailType: parseTemplate("{subject}"),
};

function sinkOf(
  bus: FakeBus,
  given: { maxSize?: number; batchSize?: number; observe?: (event: string) => void } = {},
): Sink<EventEntry> {
  const { batchSize = 10, maxSize = 262_144, observe = () => undefined } = given;
  return eventBridgeSink({ bus, mapping, batchSize, concurrency: 4, maxSize, observe });
}

function prepared(sink: Sink<EventEntry>, ...bodies: readonly string[]): readonly EventEntry[] {
  return bodies.map((body) => sink.prepare(message({ data: utf8(body) })) as EventEntry);
}

test("a call has at most ten entries, and 256 KiB unless one entry may have more", () => {
  expect(sinkOf(fakeBus(), { batchSize: 100, maxSize: 1024 }).limits).toEqual({
    entries: 10,
    bytes: 262_144,
    concurrency: 4,
  });
  expect(sinkOf(fakeBus(), { maxSize: 1_048_576, batchSize: 3 }).limits).toMatchObject({
    entries: 3,
    bytes: 1_048_576,
  });
});

test("an event of exactly the limit is taken, one byte more is rejected", () => {
  const [small] = prepared(sinkOf(fakeBus()), "x");
  const fits = utf8("x".repeat(2048 - (small as EventEntry).bytes + 1));
  const sink = sinkOf(fakeBus(), { maxSize: 2048 });
  const entry = sink.prepare(message({ data: fits })) as EventEntry;
  expect(sink.size(entry)).toBe(2048);
  expect(sink.prepare(message({ data: Buffer.concat([fits, utf8("x")]) }))).toEqual({
    rejected: "2049 bytes as an event, and EVENT_MAX_SIZE is 2048",
  });
});

test("what cannot be an event is rejected before anything is sent", () => {
  expect(sinkOf(fakeBus()).prepare(message({ subject: "x".repeat(129) }))).toHaveProperty(
    "rejected",
  );
});

test("a bus that is there is ready", async () => {
  expect(await sinkOf(fakeBus()).ready(signal)).toBeUndefined();
});

function failingToDescribe(code: string): FakeBus {
  return fakeBus({
    describe: () => {
      throw awsError(code, "said EventBridge");
    },
  });
}

test("a bus that does not exist stops the bridge before anything is pulled", async () => {
  expect(await sinkOf(failingToDescribe("ResourceNotFoundException")).ready(signal)).toEqual({
    kind: "unavailable",
    reason: "orders: ResourceNotFoundException: said EventBridge",
    stop: true,
    maybeTaken: false,
  });
});

test("an outage before the first pull is no reason to give up", async () => {
  const delivery = await sinkOf(failingToDescribe("InternalException")).ready(signal);
  expect(delivery).toMatchObject({ kind: "unavailable", stop: false });
});

test.each(["AccessDenied", "AccessDeniedException"])(
  "without the permission to look (%s) the bus is used all the same, and that is said once",
  async (code) => {
    const said: string[] = [];
    const sink = sinkOf(failingToDescribe(code), { observe: (event) => said.push(event) });
    expect(await sink.ready(signal)).toBeUndefined();
    expect(await sink.ready(signal)).toBeUndefined();
    expect(said).toEqual(["bus-not-readable"]);
  },
);

test("entries are answered at their places", async () => {
  const put = (): object => ({
    Entries: [{ EventId: "e" }, { ErrorCode: "ThrottlingException" }],
  });
  const sink = sinkOf(fakeBus({ put }));
  expect(await sink.deliver(prepared(sink, "a", "b"), signal)).toEqual({
    kind: "answered",
    outcomes: [
      { kind: "accepted", receipt: "e" },
      { kind: "failed", reason: "ThrottlingException" },
    ],
  });
});

test.each(["NotAuthorizedForSourceException", "AccessDeniedException"])(
  "an entry refused with %s stops the bridge, and its neighbours keep their own outcomes",
  async (ErrorCode) => {
    const put = (): object => ({ Entries: [{ EventId: "e" }, { ErrorCode, ErrorMessage: "no" }] });
    const sink = sinkOf(fakeBus({ put }));
    expect(await sink.deliver(prepared(sink, "a", "b"), signal)).toEqual({
      kind: "answered",
      outcomes: [
        { kind: "accepted", receipt: "e" },
        { kind: "unknown", reason: `${ErrorCode}: no` },
      ],
      stop: `${ErrorCode}: no`,
    });
  },
);

test.each([
  ["ThrottlingException", false, false],
  ["InternalException", false, true],
  ["TimeoutError", false, true],
  ["ExpiredTokenException", false, false],
  ["AccessDeniedException", true, false],
  ["UnrecognizedClientException", true, false],
])("a call that fails with %s says nothing about any message", async (code, stop, maybeTaken) => {
  const put = (): never => {
    throw awsError(code);
  };
  const sink = sinkOf(fakeBus({ put }));
  expect(await sink.deliver(prepared(sink, "a"), signal)).toMatchObject({
    kind: "unavailable",
    stop,
    maybeTaken,
  });
});

test("a call refused as a whole is halved until the culprit is alone", async () => {
  const isBad = ({ detail }: EventEntry): boolean => detail.includes("bad");
  const put = (entries: readonly EventEntry[]): ReturnType<typeof allPut> => {
    if (entries.some(isBad)) throw awsError("ValidationException", "over the limit");
    return allPut(entries);
  };
  const bus = fakeBus({ put });
  const sink = sinkOf(bus);
  const delivery = await sink.deliver(prepared(sink, "a", "bad", "c"), signal);
  expect(delivery).toMatchObject({
    outcomes: [
      { kind: "accepted" },
      { kind: "rejected", reason: "ValidationException: over the limit" },
      { kind: "accepted" },
    ],
  });
  expect(bus.calls.map((entries) => entries.length)).toEqual([3, 2, 1, 1, 1]);
});
