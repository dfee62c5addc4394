// Law 3: only evidence about the message itself leads to the dead letter.
import { expect, test } from "vitest";
import type { Outcome } from "../../../functions/bridge/core/outcome.ts";
import type { Sink, Source } from "../../../functions/bridge/core/ports.ts";
import type { Verdict } from "../../../functions/bridge/core/settlement.ts";
import { judge } from "../../../functions/bridge/run/conclude.ts";
import type { Item } from "../../../functions/bridge/run/hand.ts";
import { Memory } from "../../../functions/bridge/run/memory.ts";
import { core, type Policy } from "../../../functions/bridge/run/policy.ts";
import type { Counted } from "../../../functions/bridge/run/receipt.ts";
import { Work } from "../../../functions/bridge/run/work.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { held } from "../../support/messages.ts";

const ATTEMPTS = 3;
const accepted: Outcome = { kind: "accepted", receipt: "m" };
const threw: Outcome = { kind: "failed", reason: "Error: no" };

/** A run that sends to functions, or to a queue. */
function start(
  aloneIsEvidence: boolean,
  memory = new Memory(),
  clock = new FakeClock(),
  onRejected: "bury" | "hold" = "bury",
  sharesProcess = false,
) {
  const told: { readonly event: string; readonly details: unknown }[] = [];
  const sink = {
    limits: { entries: 10, bytes: 1000, concurrency: 1, aloneIsEvidence, sharesProcess },
  };
  const work = new Work<string, string>(
    {
      source: {} as Source,
      sink: sink as unknown as Sink<string>,
      deadLetters: undefined,
      clock,
      observe: (event, details) => told.push({ event, details }),
      memory,
      report: () => undefined,
    },
    {
      settlement: {
        ordered: true,
        onRejected,
        maximumRetryAttempts: ATTEMPTS,
        retryDelay: { minMs: 1, maxMs: 10 },
        keepUpToMs: 10,
      },
    } as unknown as Policy,
    { deadline: Number.POSITIVE_INFINITY },
    core,
  );
  const items = new Map<number, Item<string>>();
  /** One call with these messages and outcomes; true for each that is to be buried after it. */
  const call = (outcomes: Readonly<Record<number, Outcome>>): readonly boolean[] => {
    const batch = Object.keys(outcomes).map((key): Item<string> => {
      const sequence = Number(key);
      const item = items.get(sequence) ?? {
        held: held(sequence),
        prepared: "entry",
        size: 1,
        sequence,
        group: undefined,
        notBefore: 0,
        patientUntil: 0,
        hadFairTrial: false,
        letter: undefined,
      };
      items.set(sequence, item);
      return item;
    });
    judge(
      work,
      batch,
      { kind: "answered", outcomes: Object.values(outcomes) },
      new Map<Verdict, Counted>(),
    );
    return batch.map(({ letter }) => letter !== undefined);
  };
  return { call, memory, clock, items, told };
}

test("at a queue, failures beside accepted neighbours lead to the dead letter, and failures alone never do", () => {
  const { call } = start(false);
  for (let time = 0; time < 50; time += 1) expect(call({ 1: threw })).toEqual([false]);
  expect(call({ 1: threw, 2: accepted })).toEqual([false, false]);
  expect(call({ 1: threw, 3: accepted })).toEqual([false, false]);
  expect(call({ 1: threw, 4: accepted })).toEqual([true, false]);
});

const secretive: Outcome = { kind: "rejected", reason: "received 4711", told: "1 issues (id)" };

test("parts of the payload go to the dead letter, and not to the log", () => {
  const { call, items, told } = start(true);
  expect(call({ 1: secretive })).toEqual([true]);
  expect(items.get(1)?.letter).toMatchObject({ reason: "received 4711", told: "1 issues (id)" });
  expect(told).toEqual([
    {
      event: "message-not-accepted",
      details: {
        streamSequence: 1,
        outcome: "rejected",
        reason: "1 issues (id)",
        tries: 1,
        decision: "bury",
      },
    },
  ]);
});

test("nor are they told of a message that is held", () => {
  const { call, told } = start(true, new Memory(), new FakeClock(), "hold");
  expect(call({ 1: secretive })).toEqual([false]);
  expect(told).toMatchObject([
    { event: "message-not-accepted", details: { reason: "1 issues (id)", decision: "keep" } },
    { event: "message-held", details: { streamSequence: 1, reason: "1 issues (id)" } },
  ]);
  expect(JSON.stringify(told)).not.toContain("4711");
});

test("a reason is told as it is, where nothing else may be", () => {
  const { call, told } = start(true, new Memory(), new FakeClock(), "hold");
  call({ 1: { kind: "rejected", reason: "no total" }, 2: threw });
  expect(told).toMatchObject([
    { event: "message-not-accepted", details: { reason: "no total" } },
    { event: "message-held", details: { reason: "no total" } },
    { event: "message-not-accepted", details: { reason: "Error: no" } },
  ]);
});

test("evidence comes from one's own call alone, where a batch took several", () => {
  const { call } = start(false);
  const [one, other] = [{}, {}];
  const failedThere: Outcome = { ...threw, call: one };
  for (let time = 0; time < 50; time += 1) {
    expect(call({ 1: failedThere, 2: { ...accepted, call: other } })).toEqual([false, false]);
  }
});

test("a message for which a function throws each time it is alone is buried, others going on or not", () => {
  const { call } = start(true);
  call({ 9: accepted });
  expect([call({ 1: threw }), call({ 1: threw }), call({ 1: threw })]).toEqual([
    [false],
    [false],
    [true],
  ]);
});

test("a function that throws for everybody buries nobody, however often it is tried in a run", () => {
  const { call } = start(true);
  for (let time = 0; time < 50; time += 1) {
    expect([call({ 1: threw }), call({ 2: threw })]).toEqual([[false], [false]]);
  }
  // It is mended: what it accepts now makes the failures that go on evidence again.
  call({ 2: accepted });
  expect(call({ 1: threw })).toEqual([false]);
  expect(call({ 1: threw })).toEqual([true]);
});

test("over several runs even a function that throws for everybody has its messages buried", () => {
  const memory = new Memory();
  const buried: boolean[] = [];
  for (let run = 1; run <= ATTEMPTS; run += 1) {
    const clock = new FakeClock();
    const { call } = start(true, memory, later(clock, run));
    for (let time = 0; time < 10; time += 1) {
      buried.push(...call({ 1: threw }), ...call({ 2: threw }));
    }
  }
  expect(buried.slice(0, -20)).not.toContain(true);
  expect(buried.at(-1)).toBe(true);
});

/** The start of a run is what tells it from others. */
function later(clock: FakeClock, run: number): FakeClock {
  return Object.assign(clock, { now: () => run * 1000 });
}

test("the first failure of each message is told aloud where the handler is the user's own", () => {
  const { call, told } = start(true, new Memory(), new FakeClock(), "bury", true);
  const where = { ...threw, stack: "at handler (ship-order.ts:7:11)" };
  call({ 1: where });
  call({ 1: where });
  call({ 2: threw });
  const aloud = told.filter(({ event }) => event === "handler-failed");
  expect(aloud.map(({ details }) => details)).toEqual([
    { streamSequence: 1, reason: "Error: no", stack: where.stack },
    { streamSequence: 2, reason: "Error: no" },
  ]);
});
