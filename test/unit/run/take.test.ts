import { expect, test } from "vitest";
import type { ConsumerState, Sink, Source } from "../../../functions/bridge/core/ports.ts";
import { Memory } from "../../../functions/bridge/run/memory.ts";
import { core, type Policy } from "../../../functions/bridge/run/policy.ts";
import type { Receipt } from "../../../functions/bridge/run/receipt.ts";
import { take } from "../../../functions/bridge/run/take.ts";
import { Work } from "../../../functions/bridge/run/work.ts";
import { consumerState } from "../../support/consumer-state.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const ACK_WAIT_MS = 10_000;
const IDLE_MS = 1000;

/** The receipt of a run in vain: nothing came for longer than others may hold something. */
async function receiptWhen(
  state: Partial<ConsumerState>,
  meanwhile: (advance: (ms: number) => Promise<void>, look: Look) => Promise<void> = (advance) =>
    advance(ACK_WAIT_MS + IDLE_MS + 1),
  end: "drained" | "filled" = "drained",
): Promise<Receipt> {
  const clock = new FakeClock();
  let now: Partial<ConsumerState> = state;
  const source = {
    pull: async () => ({ held: [], end }),
    state: async () => consumerState({ ackWaitMs: ACK_WAIT_MS, maxAckPending: 5, ...now }),
  };
  const work = new Work<string, string>(
    {
      source: source as unknown as Source,
      sink: { limits: { entries: 1, bytes: 1, concurrency: 1 } } as Sink<string>,
      deadLetters: undefined,
      clock,
      observe: () => undefined,
      memory: new Memory(),
      report: () => undefined,
    },
    { settleReserveMs: 0, stateIntervalMs: 60_000, receiptIntervalMs: 60_000 } as Policy,
    { deadline: Number.POSITIVE_INFINITY, idleMs: IDLE_MS },
    core,
  );
  await work.look();
  work.pulls.emptySince = work.now;
  const look: Look = async (more) => {
    now = { ...now, ...more };
    await work.look();
  };
  await meanwhile((ms) => clock.advance(ms), look);
  return work.receipt(await take(work, 1));
}

type Look = (more: Partial<ConsumerState>) => Promise<void>;

test("a run that finds nothing, where nothing is, is idle", async () => {
  const receipt = await receiptWhen({});
  expect(receipt.stop).toBe("idle");
  expect(receipt).not.toHaveProperty("elsewhere");
});

test("a run whose pulls are filled with nothing that it wants, as beyond the end of a replay, is idle", async () => {
  expect(await receiptWhen({}, undefined, "filled")).toMatchObject({ stop: "idle" });
});

test("a run that finds nothing while others hold some is blocked, and tells how many are elsewhere", async () => {
  expect(await receiptWhen({ ackPending: 3 })).toMatchObject({ stop: "blocked", elsewhere: 3 });
});

test.each<[string, Partial<ConsumerState>]>([
  ["there is no place for more", { ackPending: 5 }],
  ["there is no place for those that wait", { ackPending: 5, pending: 2 }],
])("nothing is excused as elsewhere when %s", async (_why, state) => {
  const receipt = await receiptWhen(state);
  expect(receipt).toMatchObject({ stop: "blocked", ackPending: state.ackPending });
  expect(receipt).not.toHaveProperty("elsewhere");
});

test.each<[string, number, Receipt["stop"]]>([
  ["while the ack wait of what others got last goes on, it waits", 0, null],
  ["once that is over as well, it is blocked", 1, "blocked"],
])("where there is no place for more: %s", async (_what, moreMs, stop) => {
  const full = { ackPending: 5, pending: 2, deliveredConsumerSequence: 5 };
  const receipt = await receiptWhen(full, async (advance, look) => {
    await advance(700);
    await look({ deliveredConsumerSequence: 6 });
    await advance(ACK_WAIT_MS);
    await look({});
    await advance(IDLE_MS + moreMs);
  });
  expect(receipt.stop).toBe(stop);
});
