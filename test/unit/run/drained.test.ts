// By the clock: since when an idle run has found nothing. A ring older than that may be skipped.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Ms, Pulled, Sink, Source } from "../../../functions/bridge/core/ports.ts";
import { Memory } from "../../../functions/bridge/run/memory.ts";
import { run } from "../../../functions/bridge/run/run.ts";
import { consumerState } from "../../support/consumer-state.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { held } from "../../support/messages.ts";
import { POLICY } from "../../support/policy.ts";

const ACK_WAIT_MS = 30_000;

/** How long it takes to hang up: time in which nobody pulls. */
const CLOSE_MS = 700;

/** Receipts have whole milliseconds. */
const ROUNDING_MS = 0.5;

interface Drained {
  /** Since when nothing came, as the receipt says. */
  readonly since: Ms;
  readonly lastCameAt: Ms;
  /** When the last pull that found nothing was sent. */
  readonly lastEmptyPullAt: Ms;
}

/** A run that ends when it was idle for `idleMs`, while messages are stored so long after each other. */
async function drained(idleMs: Ms, gaps: readonly Ms[]): Promise<Drained> {
  const clock = new FakeClock();
  let lastCameAt = Number.NEGATIVE_INFINITY;
  let lastEmptyPullAt = Number.NaN;
  let storedAt = clock.now();
  const stored = gaps.map((gap) => (storedAt += gap));

  const pull: Source["pull"] = async ({ waitMs }): Promise<Pulled> => {
    const startedAt = clock.now();
    const wait = Math.min(waitMs, Math.max(0, (stored[0] ?? Number.POSITIVE_INFINITY) - startedAt));
    await clock.sleep(wait);
    if ((stored[0] ?? Number.POSITIVE_INFINITY) > clock.now()) {
      lastEmptyPullAt = startedAt;
      return { held: [], end: "waited" };
    }
    lastCameAt = clock.now();
    const sequence = gaps.length - stored.length + 1;
    stored.shift();
    return { held: [held(sequence, lastCameAt + ACK_WAIT_MS)], end: "drained" };
  };
  const source: Source = {
    pull,
    state: async () => consumerState({ ackWaitMs: ACK_WAIT_MS }),
    extend: async () => undefined,
    settle: async (confirmed) => ({ confirmed, unconfirmed: [] }),
    arrived: () => [],
    stopReceiving: async () => [],
    close: () => clock.sleep(CLOSE_MS),
  };
  const ports = {
    source,
    sink: TAKES_ALL,
    deadLetters: undefined,
    clock,
    observe: () => undefined,
    memory: new Memory(),
    report: () => undefined,
  };
  const ended = run(ports, POLICY, { deadline: Number.POSITIVE_INFINITY, idleMs }).then(
    (receipt) => ({ receipt, endedAt: clock.now() }),
  );
  await clock.advance(gaps.reduce((sum, gap) => sum + gap, 0) + 2 * idleMs + ACK_WAIT_MS);
  const { endedAt, receipt } = await ended;
  expect(receipt).toMatchObject({ stop: "idle", acked: gaps.length - stored.length });
  return { since: endedAt - (receipt.drainedForMs ?? Number.NaN), lastCameAt, lastEmptyPullAt };
}

test("nothing came since the pull that found nothing was sent, and not since its end", async () => {
  const { lastEmptyPullAt, since } = await drained(1000, [0]);
  expect(since).toBe(lastEmptyPullAt);
});

test("a message that comes during what would have been the last wait is waited for anew", async () => {
  const { lastCameAt, lastEmptyPullAt, since } = await drained(1000, [0, 900]);
  expect(since).toBe(lastEmptyPullAt);
  expect(since).toBeGreaterThanOrEqual(lastCameAt);
});

test("however messages come and however long it waits, it is between the last message and the last empty pull", async () => {
  const anyGaps = fc.array(fc.oneof(fc.nat(1500), fc.nat(40_000)), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(100, 1000, 20_000), anyGaps, async (idleMs, gaps) => {
      const { lastCameAt, lastEmptyPullAt, since } = await drained(idleMs, gaps);
      expect(since).toBeLessThanOrEqual(lastEmptyPullAt + ROUNDING_MS);
      expect(since).toBeGreaterThanOrEqual(lastCameAt - ROUNDING_MS);
    }),
    { numRuns: 200 },
  );
});

const TAKES_ALL: Sink<string> = {
  limits: { entries: 10, bytes: 1000, concurrency: 1 },
  ready: async () => undefined,
  prepare: ({ streamSequence }) => `message ${streamSequence}`,
  size: () => 1,
  deliver: async (batch) => ({
    kind: "answered",
    outcomes: batch.map(() => ({ kind: "accepted", receipt: "" })),
  }),
};
