import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Delivery } from "../../../functions/bridge/core/outcome.ts";
import type { Sink, Source } from "../../../functions/bridge/core/ports.ts";
import type { Item } from "../../../functions/bridge/run/hand.ts";
import type { Noted } from "../../../functions/bridge/run/journal.ts";
import { Memory, type Tries } from "../../../functions/bridge/run/memory.ts";
import { core, type Policy } from "../../../functions/bridge/run/policy.ts";
import {
  beforeSuspects,
  isOftenDelivered,
  trialEnds,
  turn,
} from "../../../functions/bridge/run/trial.ts";
import { Work } from "../../../functions/bridge/run/work.ts";
import { FakeClock, settled } from "../../support/fake-clock.ts";
import { message } from "../../support/messages.ts";

const OFTEN = 6;
const RESERVE_MS = 1000;
/** Of a run: time for messages. */
const RUN_MS = 20_000;

const NONE: Tries = { tries: 1, failures: 0, evidence: 0, maybeTaken: false };

interface Given {
  readonly sharesProcess?: boolean;
  /** Undefined: a run without an end. */
  readonly runMs?: number | undefined;
}

interface Made {
  readonly work: Work<string, string>;
  readonly clock: FakeClock;
  /** What the next process would read. */
  readonly noted: () => readonly Noted[];
  /** Is held from now on; with what is known of it. */
  readonly take: (
    sequence: number,
    more?: { deliveryCount?: number; tries?: Tries },
  ) => Item<string>;
}

function make(given: Given = {}): Made {
  const { sharesProcess = true } = given;
  const runMs = "runMs" in given ? given.runMs : RUN_MS;
  const clock = new FakeClock();
  let noted: readonly Noted[] = [];
  const memory = new Memory({
    read: () => [],
    write(all) {
      noted = all;
    },
  });
  const work = new Work<string, string>(
    {
      source: {} as Source,
      sink: { limits: { entries: 1, bytes: 1, concurrency: 16, sharesProcess } } as Sink<string>,
      deadLetters: undefined,
      clock,
      observe: () => undefined,
      memory,
      report: () => undefined,
    },
    { settleReserveMs: RESERVE_MS } as Policy,
    { deadline: runMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + RESERVE_MS + runMs },
    core,
  );
  const take: Made["take"] = (sequence, { deliveryCount = 1, tries } = {}) => {
    const its = message({ streamSequence: sequence, deliveryCount });
    if (tries) memory.keep(its, tries);
    const item = {
      held: { message: its, token: "", leaseUntil: 0 },
      sequence,
      hadFairTrial: false,
    } as unknown as Item<string>;
    work.hand.add(item);
    return item;
  };
  return { work, clock, noted: () => noted, take };
}

const onTrial = (noted: readonly Noted[]): readonly number[] =>
  noted.filter(({ isOnTrial }) => isOnTrial).map(({ sequence }) => sequence);

test("a message is often delivered from the sixth time on", () => {
  const { take } = make();
  expect(isOftenDelivered(take(1, { deliveryCount: OFTEN - 1 }))).toBe(false);
  expect(isOftenDelivered(take(2, { deliveryCount: OFTEN }))).toBe(true);
});

describe("whose turn it is", () => {
  test("where nothing shares our process, everybody's", () => {
    const { noted, take, work } = make({ sharesProcess: false });
    const due = [take(1, { deliveryCount: OFTEN }), take(2)];
    expect(turn(work, due)).toEqual(due);
    expect(turn(work, due.slice(0, 1))).toEqual(due.slice(0, 1));
    expect(noted()).toEqual([]);
  });

  test.each<[string, { deliveryCount?: number; tries?: Tries }]>([
    ["was delivered often", { deliveryCount: OFTEN }],
    ["had not ended in time", { tries: { ...NONE, overran: true } }],
    ["was lost on trial", { tries: { ...NONE, trialsLost: 1 } }],
  ])("one that %s waits for all others, and is then tried alone", (_what, more) => {
    const { noted, take, work } = make();
    const [suspect, one, other] = [take(1, more), take(2), take(3)];
    expect(turn(work, [suspect, one, other])).toEqual([one, other]);
    expect(onTrial(noted())).toEqual([]);
    expect(turn(work, [suspect])).toEqual([suspect]);
    expect(onTrial(noted())).toEqual([1]);
  });

  test("of several suspects the oldest is tried, and no other beside it", () => {
    const { noted, take, work } = make();
    const due = [1, 2, 3].map((sequence) => take(sequence, { deliveryCount: OFTEN }));
    expect(turn(work, due)).toEqual(due.slice(0, 1));
    expect(onTrial(noted())).toEqual([1]);
  });

  test("a trial begins when nothing else is under way, and nobody begins beside it", async () => {
    const { noted, take, work } = make();
    const [suspect, one, other] = [take(1, { deliveryCount: OFTEN }), take(2), take(3)];
    const call = Promise.withResolvers<Delivery>();
    work.pool.start(work, [one], () => call.promise);
    expect(turn(work, [suspect])).toEqual([]);
    expect(turn(work, [suspect, other])).toEqual([other]);
    expect(onTrial(noted())).toEqual([]);
    call.resolve({ kind: "unavailable", reason: "no", stop: false, maybeTaken: false });
    await settled();
    expect(turn(work, [suspect])).toEqual([suspect]);
    expect(turn(work, [one, other])).toEqual([]);
    expect(beforeSuspects(work, [one, other])).toBe("no more");
    trialEnds(work);
    expect(turn(work, [one, other])).toEqual([one, other]);
  });

  test("with nobody due, it is nobody's", () => {
    expect(turn(make().work, [])).toEqual([]);
  });

  test("failures alone make nobody a suspect", () => {
    const { noted, take, work } = make();
    const due = [take(1, { tries: { ...NONE, failures: 4, evidence: 4 } })];
    expect(turn(work, due)).toEqual(due);
    expect(onTrial(noted())).toEqual([]);
  });

  test("when the trial has ended, nothing is held against it any more", () => {
    const { noted, take, work } = make();
    turn(work, [take(1, { deliveryCount: OFTEN })]);
    trialEnds(work);
    expect(onTrial(noted())).toEqual([]);
  });

  test("where there was no trial, the end of a call is not worth a note", () => {
    const { noted, take, work } = make();
    turn(work, [take(1, { tries: { ...NONE, failures: 1 } })]);
    trialEnds(work);
    expect(noted()).toEqual([]);
  });

  test("a suspect and somebody else never have a turn together, and somebody always has one", () => {
    const anyItems = fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(anyItems, (given) => {
        const { noted, take, work } = make();
        const due = given.map(([isOften, overran, isLost], at) =>
          take(at + 1, {
            deliveryCount: isOften ? OFTEN : 1,
            tries: { ...NONE, overran, ...(isLost && { trialsLost: 1 }) },
          }),
        );
        const isSuspect = (item: Item<string>): boolean => given[item.sequence - 1]!.includes(true);
        const turned = turn(work, due);
        const suspects = turned.filter(isSuspect);
        expect(turned.length).toBeGreaterThan(0);
        expect(suspects.length === 0 || turned.length === 1).toBe(true);
        expect(onTrial(noted())).toEqual(suspects.map(({ sequence }) => sequence));
        if (suspects.length === 0) expect(turned).toEqual(due.filter((item) => !isSuspect(item)));
      }),
    );
  });
});

describe("a trial is fair", () => {
  test.each([
    [0, true],
    [RUN_MS / 2, true],
    [RUN_MS / 2 + 1, false],
  ])("when half of the run is left for it: after %i ms, %s", async (ms, isFair) => {
    const { clock, take, work } = make();
    const suspect = take(1, { deliveryCount: OFTEN });
    await clock.advance(ms);
    turn(work, [suspect]);
    expect(suspect.hadFairTrial).toBe(isFair);
  });

  test("at any time in a run without an end", async () => {
    const { clock, take, work } = make({ runMs: undefined });
    const suspect = take(1, { deliveryCount: OFTEN });
    await clock.advance(3_600_000);
    turn(work, [suspect]);
    expect(suspect.hadFairTrial).toBe(true);
  });
});

describe("before suspects have their turn", () => {
  test("there is nobody to wait for where nothing shares our process, or nobody is suspected", () => {
    const elsewhere = make({ sharesProcess: false });
    const suspect = elsewhere.take(1, { deliveryCount: OFTEN });
    expect(beforeSuspects(elsewhere.work, [suspect])).toBe("nobody");
    const { take, work } = make();
    expect(beforeSuspects(work, [take(1)])).toBe("nobody");
    expect(beforeSuspects(work, [])).toBe("nobody");
  });

  test.each([
    [0, "others"],
    [RUN_MS / 4, "others"],
    [RUN_MS / 4 + 1, "no more"],
  ])("others are pulled in the first quarter of the run: after %i ms, %s", async (ms, who) => {
    const { clock, take, work } = make();
    const suspect = take(1, { deliveryCount: OFTEN });
    await clock.advance(ms);
    expect(beforeSuspects(work, [suspect])).toBe(who);
  });

  test.each([
    [9999, "others"],
    [10_000, "no more"],
  ])("in a run without an end, for ten seconds: after %i ms, %s", async (ms, who) => {
    const { clock, take, work } = make({ runMs: undefined });
    const suspect = take(1, { deliveryCount: OFTEN });
    await clock.advance(ms);
    expect(beforeSuspects(work, [suspect])).toBe(who);
  });

  test("nothing is pulled for company while others are due anyhow", () => {
    const { take, work } = make();
    take(1, { deliveryCount: OFTEN });
    expect(beforeSuspects(work, [take(2)])).toBe("nobody");
  });

  test("a suspect whose time has not come counts all the same", async () => {
    const { clock, take, work } = make();
    take(1, { deliveryCount: OFTEN });
    expect(beforeSuspects(work, [])).toBe("others");
    await clock.advance(RUN_MS / 2);
    expect(beforeSuspects(work, [take(2)])).toBe("no more");
  });
});
