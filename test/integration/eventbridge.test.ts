// From JetStream to an event bus that takes nothing AWS would not take, and answers as AWS can at its worst.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { expectGoodEnd, sorted } from "../support/arrivals.ts";
import { PATIENT, readiness } from "../support/bridge-settings.ts";
import { publishCases, wantedOf } from "../support/cases.ts";
import {
  type ArrivedEvent,
  type EventFault,
  type LocalEvents,
  startEvents,
} from "../support/event-bus.ts";
import type { PutEntry } from "../support/event-rules.ts";
import { numberOf, type Route, upTo } from "../support/parts.ts";
import { BEYOND, HEADERS, PAYLOADS } from "../support/payload-cases.ts";
import { readDetail } from "../support/read-detail.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const { parts } = await partsOfFile();

/** A route to a bus of the same name in place of the queue, with short times. */
function towards(events: LocalEvents, route: Route): Record<string, string> {
  return {
    ...events.environment,
    SQS_QUEUE_URL: "",
    EVENT_BUS_NAME: route.stream,
    ...PATIENT,
    RETRY_DELAY_MIN: "50ms",
    RETRY_DELAY_MAX: "500ms",
    MAXIMUM_RETRY_ATTEMPTS: "3",
  };
}

const numberIn = ({ detail }: Pick<ArrivedEvent, "detail">): number =>
  Number(readDetail(detail).nats.subject.split(".").at(-1));

const numbersOf = (entries: readonly PutEntry[]): readonly number[] =>
  entries.map(({ Detail }) => numberIn({ detail: String(Detail) }));

const everyEntry = (code: string): EventFault => ({
  kind: "entries",
  codes: Object.fromEntries(upTo(10).map((at) => [at, code])),
});

const FAULTS: readonly EventFault[] = [
  { kind: "error", status: 500, code: "InternalException" },
  { kind: "error", status: 400, code: "ThrottlingException" },
  { kind: "error", status: 400, code: "NeverHeardOfIt" },
  { kind: "reset", taken: false },
  { kind: "reset", taken: true },
  { kind: "truncated" },
  { kind: "short" },
  everyEntry("ThrottlingException"),
  { kind: "entries", codes: { 0: "InternalFailure", 2: "ThrottlingException" } },
];

describe.concurrent("events", () => {
  test("calls and entries go wrong, each in another way, and nothing is lost", async () => {
    await using events = await startEvents();
    const route = await parts.route("wild", { deadLetters: true });
    events.createBus(route.stream);
    const script = [...FAULTS];
    const takenInSilence = new Set<number>();
    events.script(({ entries, number }) => {
      const fault = number % 3 === 1 ? script.shift() : undefined;
      const isSilent = fault?.kind === "truncated" || fault?.kind === "short";
      if (isSilent || (fault?.kind === "reset" && fault.taken)) {
        for (const one of numbersOf(entries)) takenInSilence.add(one);
      }
      return fault;
    });
    await route.publish(500);
    await using bridge = route.start(towards(events, route));
    await route.drained();
    await expectGoodEnd(bridge);
    expect(script).toEqual([]);
    const counts = Map.groupBy(events.arrived.map(numberIn), (number) => number);
    expect(sorted(counts.keys())).toEqual(upTo(500));
    const twice = [...counts].filter(([, all]) => all.length > 1).map(([number]) => number);
    expect(twice.filter((number) => !takenInSilence.has(number))).toEqual([]);
    expect(await parts.sqs.count(route.deadLetterUrl)).toBe(0);
    expect(bridge.receipts().at(-1)?.duplicates).toBeGreaterThanOrEqual(twice.length);
  });

  test("entries that fail for ever are buried with the evidence, and their neighbours are sent once", async () => {
    await using events = await startEvents();
    const route = await parts.route("own", { deadLetters: true });
    events.createBus(route.stream);
    const codes: Readonly<Record<number, string>> = { 3: "MalformedDetail", 27: "InternalFailure" };
    events.script(({ entries }) => {
      const failing = numbersOf(entries).map((number, at) => [at, codes[number]] as const);
      const known = failing.filter((pair): pair is [number, string] => pair[1] !== undefined);
      return { kind: "entries", codes: Object.fromEntries(known) };
    });
    await route.publish(100);
    await using bridge = route.start(towards(events, route));
    // Only beside others that are accepted is a failure evidence: so life goes on until both are buried.
    let count = 100;
    while ((await parts.sqs.count(route.deadLetterUrl)) < 2) {
      await route.publish(10);
      count += 10;
      await sleep(50);
    }
    await route.drained();
    await expectGoodEnd(bridge);
    expect(sorted(events.arrived.map(numberIn))).toEqual(
      upTo(count).filter((number) => !(number in codes)),
    );
    const letters = await parts.sqs.receiveAll(route.deadLetterUrl, { expected: 2 });
    const told = letters.map((letter) => [
      numberOf(letter),
      letter.attributes["dead-letter-reason"],
      letter.attributes["dead-letter-evidence"],
    ]);
    expect(told.toSorted(([a], [b]) => Number(a) - Number(b))).toEqual([
      [3, "MalformedDetail: made up by a test", "rejected: MalformedDetail: made up by a test"],
      [
        27,
        "InternalFailure: made up by a test",
        expect.stringMatching(/^failed \d+ times, 3 of them while the target accepted others/),
      ],
    ]);
  });

  test("payloads and headers of all kinds come out byte for byte, in details that AWS takes", async () => {
    await using events = await startEvents();
    const route = await parts.route("matrix", { deadLetters: true });
    events.createBus(route.stream);
    const cases = [
      ...PAYLOADS,
      ...HEADERS,
      ...BEYOND,
      { name: "JSON object", data: ` {"id": 12345678901234567890, "b": 1.0, "a": []}\n` },
      { name: "empty JSON object", data: "{}" },
      { name: "JSON with nats", data: `{"nats": {"mine": true}}` },
      { name: "JSON that is no object", data: `[9007199254740993, "x"]` },
      { name: "JSON text", data: `"text"` },
    ];
    await publishCases(parts, route, cases);
    const more = { EVENT_MAX_SIZE: "1MiB", EVENT_DETAIL_TYPE: "case" };
    await using bridge = route.start({ ...towards(events, route), ...more });
    await route.drained();
    await expectGoodEnd(bridge);
    expect(await parts.sqs.count(route.deadLetterUrl)).toBe(0);
    const read = events.arrived.map(({ detail }) => {
      const { data, nats } = readDetail(detail);
      const { name } = cases[Number(nats.subject.split(".")[1])]!;
      return [name, { data: data.toString("hex"), headers: nats.headers }] as const;
    });
    expect(read.length).toBe(cases.length);
    expect(Object.fromEntries(read)).toEqual(wantedOf(cases));
  });

  test("an event is what the templates say, at the message's own time, and told who it is", async () => {
    await using events = await startEvents();
    const route = await parts.route("shape");
    events.createBus(route.stream);
    await route.publish(1);
    await using bridge = route.start({
      ...towards(events, route),
      EVENT_BUS_NAME: `arn:aws:events:us-east-1:000000000000:event-bus/${route.stream}`,
      EVENT_SOURCE: "shop.{stream}",
      EVENT_DETAIL_TYPE: "order of {subject.2}",
      ORIGIN_NAME: "primary",
    });
    await route.drained();
    await expectGoodEnd(bridge);
    const [event] = events.arrived;
    const { nats } = readDetail(event!.detail);
    expect(event).toMatchObject({ source: "shop.shape", detailType: "order of g0" });
    expect(nats).toMatchObject({ stream: "shape", sequence: 1, subject: "shape.g0.0" });
    expect(nats.id).toMatch(/^primary\/1\/\d{19}$/);
    expect(Math.floor(event!.time!)).toBe(Math.floor(Date.parse(nats.timestamp) / 1000));
  });

  test("a bus that is missing makes the bridge unavailable, and once it is there all arrives", async () => {
    await using events = await startEvents();
    const route = await parts.route("missing");
    await route.publish(10);
    await using bridge = route.start(towards(events, route));
    await bridge.waitFor(({ event, stop }) => event === "receipt" && stop === "unavailable");
    expect(await readiness(bridge)).toEqual({
      status: 503,
      reason:
        "unavailable: missing: ResourceNotFoundException: Event bus missing does not exist. (HTTP 400)",
    });
    expect(events.calls).toEqual([]);
    events.createBus(route.stream);
    await route.drained();
    expect((await readiness(bridge)).status).toBe(200);
    await expectGoodEnd(bridge);
    expect(sorted(events.arrived.map(numberIn))).toEqual(upTo(10));
    expect(events.dropped).toBe(0);
  });

  test("without the permission to look at the bus it says so once, and goes on", async () => {
    await using events = await startEvents();
    const route = await parts.route("blind");
    events.createBus(route.stream);
    events.deny("DescribeEventBus");
    await route.publish(10);
    await using bridge = route.start(towards(events, route));
    await route.drained();
    await expectGoodEnd(bridge);
    const said = bridge.lines.filter(({ event }) => event === "bus-not-readable");
    expect(said).toMatchObject([{ bus: "blind", advice: "allow events:DescribeEventBus" }]);
    expect(events.arrived.length).toBe(10);
  });

  test("a source that is not allowed stops the bridge, and is no fault of any message", async () => {
    await using events = await startEvents();
    const route = await parts.route("forbidden", { deadLetters: true });
    events.createBus(route.stream);
    events.script(() => everyEntry("NotAuthorizedForSourceException"));
    await route.publish(30);
    await using bridge = route.start(towards(events, route));
    const receipt = await bridge.waitFor(({ stop }) => stop === "unavailable");
    expect(receipt).toMatchObject({
      reason: "NotAuthorizedForSourceException: made up by a test",
      released: 30,
    });
    events.script(undefined);
    await route.drained();
    await expectGoodEnd(bridge);
    expect(sorted(events.arrived.map(numberIn))).toEqual(upTo(30));
    expect(await parts.sqs.count(route.deadLetterUrl)).toBe(0);
  });
});
