import { expect, test } from "vitest";
import type { Delivery } from "../../../functions/bridge/core/outcome.ts";
import type { Sink, Source } from "../../../functions/bridge/core/ports.ts";
import { Memory } from "../../../functions/bridge/run/memory.ts";
import type { Policy } from "../../../functions/bridge/run/policy.ts";
import { run } from "../../../functions/bridge/run/run.ts";
import { consumerState } from "../../support/consumer-state.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { held, message } from "../../support/messages.ts";
import { POLICY } from "../../support/policy.ts";

const LEASE_UNTIL = 31_000;

const state = consumerState({ pending: 2, ackWaitMs: 30_000 });

const sourceOf = (pull: Source["pull"]): Source => ({
  state: async () => state,
  pull,
  extend: async () => undefined,
  settle: async (confirmed) => ({ confirmed, unconfirmed: [] }),
  arrived: () => [],
  stopReceiving: async () => [],
  close: async () => undefined,
});

const sinkOf = (overrides: Partial<Sink<string>>): Sink<string> => ({
  limits: { entries: 10, bytes: 1000, concurrency: 2 },
  ready: async () => undefined,
  prepare: ({ streamSequence }) => `message ${streamSequence}`,
  size: () => 1,
  deliver: () => new Promise<Delivery>(() => undefined),
  ...overrides,
});

test("told to stop while it waits for messages, it sends none of those that come, and gives them back", async () => {
  const clock = new FakeClock();
  const stopping = new AbortController();
  const sent: string[] = [];
  const source = sourceOf(async () => {
    stopping.abort();
    return { held: [held(1, LEASE_UNTIL), held(2, LEASE_UNTIL)], end: "waited" };
  });
  const sink = sinkOf({
    deliver(batch) {
      sent.push(...batch);
      return new Promise<Delivery>(() => undefined);
    },
  });
  const ended = start(clock, source, sink, stopping.signal);
  await clock.advance(2000);
  expect(await ended).toMatchObject({ stop: "deadline", pulled: 2, released: 2 });
  expect(sent).toEqual([]);
});

test.each([
  ["goes on where the last one stopped, for which nobody has to wait", [1, 2], 2],
  ["is left to see for itself when there was a hole", [1, 3], undefined],
])(
  "where order is kept, what comes at the very end is counted: the next run %s",
  async (_what, sequences, leftAt) => {
    const clock = new FakeClock();
    const stopping = new AbortController();
    const memory = new Memory();
    const source: Source = {
      ...sourceOf(async () => {
        stopping.abort();
        return { held: [], end: "waited" };
      }),
      state: async () => ({
        ...state,
        deliveredConsumerSequence: stopping.signal.aborted ? sequences[1]! : 0,
      }),
      stopReceiving: async () =>
        sequences.map((sequence) => ({
          message: message({ streamSequence: sequence, consumerSequence: sequence }),
          token: "",
          leaseUntil: LEASE_UNTIL,
        })),
    };
    const ordered = { ...POLICY, order: () => "a group" };
    const ended = start(clock, source, sinkOf({}), stopping.signal, memory, ordered);
    await clock.advance(2000);
    expect(await ended).toMatchObject({ stop: "deadline", pulled: 2, released: 2 });
    expect(memory.leftAt).toBe(leftAt);
  },
);

test("a target that never says whether it is ready ends the run as unavailable", async () => {
  const clock = new FakeClock();
  const source = sourceOf(() => Promise.reject(new Error("nothing is pulled")));
  const sink = sinkOf({ ready: () => new Promise(() => undefined) });
  const ended = start(clock, source, sink, new AbortController().signal);
  await clock.advance(6000);
  expect(await ended).toMatchObject({
    stop: "unavailable",
    reason: "the target does not answer within 5000 ms",
  });
});

function start(
  clock: FakeClock,
  source: Source,
  sink: Sink<string>,
  signal: AbortSignal,
  memory = new Memory(),
  which: Policy = POLICY,
): ReturnType<typeof run> {
  const ports = {
    source,
    sink,
    deadLetters: undefined,
    clock,
    observe: () => undefined,
    memory,
    report: () => undefined,
  };
  return run(ports, which, { deadline: Number.POSITIVE_INFINITY, signal });
}
