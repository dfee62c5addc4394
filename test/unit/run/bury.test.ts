import { expect, test } from "vitest";
import type { Delivery, Outcome } from "../../../functions/bridge/core/outcome.ts";
import type { DeadLetters, Letter, Source } from "../../../functions/bridge/core/ports.ts";
import type { Verdict } from "../../../functions/bridge/core/settlement.ts";
import { bury } from "../../../functions/bridge/run/bury.ts";
import type { Item } from "../../../functions/bridge/run/hand.ts";
import { Memory } from "../../../functions/bridge/run/memory.ts";
import { core, type Policy } from "../../../functions/bridge/run/policy.ts";
import type { Counted } from "../../../functions/bridge/run/receipt.ts";
import { type Ending, Work } from "../../../functions/bridge/run/work.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { held } from "../../support/messages.ts";

const letter: Letter = { reason: "InvalidMessageContents", evidence: "rejected", tries: 1 };
/** One whose reason has parts of the payload. */
const secretive: Letter = {
  reason: "id: received 4711",
  evidence: "rejected: id: received 4711",
  told: "1 issues (id)",
  tries: 1,
};
const MAX_DELAY_MS = 120_000;

interface Buried {
  readonly ending: Ending | undefined;
  /** Of each message that is settled: how it counts. */
  readonly settled: readonly (readonly [number, Counted])[];
  readonly items: readonly Item<string>[];
  readonly stored: readonly string[];
  readonly events: readonly string[];
  /** What was told with the events. */
  readonly details: readonly unknown[];
  /** What the store was given to store. */
  readonly letters: readonly Letter[];
}

interface Given {
  readonly answer?: Delivery;
  readonly ordered?: boolean;
  /** Of the second message. */
  readonly leaseUntil?: number;
  readonly refuses?: boolean;
  /** Why both are buried. */
  readonly why?: Letter;
}

const accepted: Outcome = { kind: "accepted", receipt: "m" };
const both = (...outcomes: Outcome[]): Delivery & { kind: "answered" } => ({
  kind: "answered",
  outcomes,
});

/** Buries messages 1 and 2, with a store that answers as given; without an answer there is no store. */
async function buryTwo({
  answer,
  leaseUntil = 30_000,
  ordered = false,
  refuses = false,
  why = letter,
}: Given): Promise<Buried> {
  const clock = new FakeClock();
  const stored: string[] = [];
  const events: string[] = [];
  const details: unknown[] = [];
  const letters: Letter[] = [];
  const deadLetters: DeadLetters<string> = {
    limits: { entries: 10, bytes: 1000, concurrency: 1 },
    prepare({ streamSequence }, given) {
      letters.push(given);
      return refuses ? { rejected: "too large" } : `letter ${streamSequence}`;
    },
    size: () => 1,
    async deliver(batch) {
      stored.push(...batch);
      return answer as Delivery;
    },
  };
  const work = new Work<string, string>(
    {
      source: {} as Source,
      sink: { ...deadLetters, prepare: () => "entry", ready: async () => undefined },
      deadLetters: answer || refuses ? deadLetters : undefined,
      clock,
      observe(event, told) {
        events.push(event);
        details.push(told);
      },
      memory: new Memory(),
      report: () => undefined,
    },
    {
      order: ordered ? () => "group" : undefined,
      settlement: { retryDelay: { minMs: 1000, maxMs: MAX_DELAY_MS } },
      sinkTimeoutMs: 5000,
      storeTimeoutMs: 5000,
    } as unknown as Policy,
    { deadline: Number.POSITIVE_INFINITY },
    core,
  );
  const items = [held(1), held(2, leaseUntil)].map((one): Item<string> => ({
    held: one,
    prepared: "entry",
    size: 1,
    sequence: one.message.streamSequence,
    group: undefined,
    notBefore: 0,
    patientUntil: 0,
    hadFairTrial: false,
    letter: why,
  }));
  const meaning = new Map<Verdict, Counted>();
  const ending = await bury(work, items, meaning);
  const settled = [...meaning].map(
    ([verdict, counted]) => [verdict.held.message.streamSequence, counted] as const,
  );
  return { ending, settled, items, stored, events, details, letters };
}

test("what the store has taken is acked, and counts as buried", async () => {
  const { ending, events, settled, stored } = await buryTwo({ answer: both(accepted, accepted) });
  expect(stored).toEqual(["letter 1", "letter 2"]);
  expect(settled).toEqual([
    [1, "buried"],
    [2, "buried"],
  ]);
  expect([ending, events]).toEqual([undefined, ["message-buried", "message-buried"]]);
});

test("without a store the bridge is blocked, and says what to set", async () => {
  const { ending, settled } = await buryTwo({});
  expect(settled).toEqual([]);
  expect(ending?.stop).toBe("blocked");
  expect(ending?.reason).toContain("message 1 is rejected (InvalidMessageContents)");
  expect(ending?.reason).toContain("DEAD_LETTER_QUEUE_URL");
});

test.each<[string, Outcome]>([
  ["failed", { kind: "failed", reason: "InternalError" }],
  ["unknown", { kind: "unknown", reason: "another MD5" }],
])(
  "a letter that is %s is kept and stored later, its neighbour is settled",
  async (_what, outcome) => {
    const { items, settled } = await buryTwo({ answer: both(outcome, accepted) });
    expect(settled).toEqual([[2, "buried"]]);
    expect(items[0]?.letter).toBe(letter);
    expect(items[0]?.notBefore).toBeGreaterThan(0);
  },
);

test("a letter that the store will never take goes out of the way, and is told", async () => {
  const outcome: Outcome = { kind: "rejected", reason: "InvalidMessageContents" };
  const { events, settled } = await buryTwo({ answer: both(outcome, accepted) });
  expect(settled).toEqual([
    [1, "retried"],
    [2, "buried"],
  ]);
  expect(events).toContain("dead-letter-refused");
  expect((await buryTwo({ refuses: true })).settled).toEqual([
    [1, "retried"],
    [2, "retried"],
  ]);
});

test("in an ordered bridge a letter that the store will never take keeps its place", async () => {
  const { items, settled } = await buryTwo({ refuses: true, ordered: true });
  expect(settled).toEqual([]);
  expect(items.every(({ notBefore }) => notBefore > MAX_DELAY_MS)).toBe(true);
});

test("the log has the reason and the evidence of a letter that may be told as it is", async () => {
  const { details } = await buryTwo({ answer: both(accepted, accepted) });
  expect(details[0]).toStrictEqual({
    streamSequence: 1,
    reason: "InvalidMessageContents",
    evidence: "rejected",
    tries: 1,
    receipt: "m",
  });
});

test("parts of the payload go to the dead letters, and not to the log", async () => {
  const { details, letters } = await buryTwo({ answer: both(accepted, accepted), why: secretive });
  expect(details).toStrictEqual(
    [1, 2].map((streamSequence) => ({
      streamSequence,
      reason: "1 issues (id)",
      evidence: "rejected",
      tries: 1,
      receipt: "m",
    })),
  );
  expect(letters).toEqual([secretive, secretive]);
});

test.each<[string, Given]>([
  ["that the store refuses", { refuses: true }],
  ["for which there is no store", {}],
])("parts of the payload of a message %s are not told either", async (_what, given) => {
  const { details, ending } = await buryTwo({ ...given, why: secretive });
  const said = JSON.stringify([details, ending]);
  expect(said).toContain("1 issues (id)");
  expect(said).not.toContain("4711");
});

test("a store that is out of order is asked again later", async () => {
  const answer = { kind: "unavailable", reason: "timeout", stop: false, maybeTaken: true } as const;
  const { ending, events, items, settled } = await buryTwo({ answer });
  expect([ending, settled, events]).toEqual([undefined, [], ["dead-letters-unavailable"]]);
  expect(items.every(({ notBefore }) => notBefore > 0)).toBe(true);
});

const unknown: Outcome = { kind: "unknown", reason: "KMS.DisabledException" };

test.each<[string, Delivery]>([
  ["as a whole", { kind: "unavailable", reason: "KmsDisabled", stop: true, maybeTaken: false }],
  ["one by one", { ...both(unknown, unknown), stop: "KmsDisabled" }],
])(
  "a store that refuses letters for want of access, %s, blocks the bridge",
  async (_how, answer) => {
    const { ending, events, settled } = await buryTwo({ answer });
    expect(ending).toEqual({
      stop: "blocked",
      reason: "dead letters cannot be stored: KmsDisabled",
    });
    expect([settled, events]).toEqual([[], ["dead-letters-unavailable"]]);
  },
);

test("a message that is past its lease is not buried", async () => {
  const { settled, stored } = await buryTwo({ answer: both(accepted), leaseUntil: 1000 });
  expect(stored).toEqual(["letter 1"]);
  expect(settled).toEqual([[1, "buried"]]);
});
