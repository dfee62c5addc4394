import { describe, expect, test } from "vitest";
import type { Message } from "../../../functions/bridge/core/ports.ts";
import type { Journal, Noted } from "../../../functions/bridge/run/journal.ts";
import { Memory } from "../../../functions/bridge/run/memory.ts";
import { message } from "../../support/messages.ts";

const m = (streamSequence: number, timestampNanos = 1n): Message =>
  message({ streamSequence, timestampNanos });

const tries = { tries: 3, failures: 2, evidence: 1, maybeTaken: true };
const nothing = { tries: 0, failures: 0, evidence: 0, maybeTaken: false };
const MOST = 50_000;

test("of a message that it has not seen, the memory knows nothing", () => {
  expect(new Memory().of(m(1))).toEqual(nothing);
});

test("what is kept is remembered until it is forgotten", () => {
  const memory = new Memory();
  memory.keep(m(1), tries);
  expect(memory.of(m(1))).toEqual(tries);
  expect(memory.of(m(2))).toEqual(nothing);
  memory.forget(m(1));
  expect(memory.of(m(1))).toEqual(nothing);
});

test("the last that was kept is what counts", () => {
  const memory = new Memory();
  memory.keep(m(1), tries);
  memory.keep(m(1), { ...tries, tries: 4 });
  expect(memory.of(m(1)).tries).toBe(4);
});

test("of another stream nothing is remembered", () => {
  const memory = new Memory();
  memory.keep(m(1), tries);
  memory.clear();
  expect(memory.of(m(1))).toEqual(nothing);
});

test("beyond fifty thousand messages the one not kept for the longest time is forgotten", () => {
  const memory = new Memory();
  for (let sequence = 1; sequence <= MOST; sequence += 1) memory.keep(m(sequence), tries);
  memory.keep(m(1), tries);
  memory.keep(m(MOST + 1), tries);
  expect(memory.of(m(1))).toEqual(tries);
  expect(memory.of(m(2))).toEqual(nothing);
  expect(memory.of(m(3))).toEqual(tries);
});

test("a memory that is full does not forget anybody when a known message is kept again", () => {
  const memory = new Memory();
  for (let sequence = 1; sequence <= MOST; sequence += 1) memory.keep(m(sequence), tries);
  memory.keep(m(MOST), { ...tries, tries: 9 });
  expect(memory.of(m(1))).toEqual(tries);
  expect(memory.of(m(MOST)).tries).toBe(9);
});

test("a sequence that was given out again is another message", () => {
  const memory = new Memory();
  memory.keep(m(1, 5n), tries);
  expect(memory.of(m(1, 6n))).toEqual(nothing);
  expect(memory.of(m(1, 5n))).toEqual(tries);
});

describe("many failing messages", () => {
  const failing = (count: number, accepted: number): boolean => {
    const memory = new Memory();
    memory.accepted = accepted;
    for (let sequence = 1; sequence <= count; sequence += 1) memory.keep(m(sequence), tries);
    return memory.manyFail;
  };

  test.each([
    [0, 0, false],
    [1, 0, false],
    [2, 19, true],
    [2, 20, false],
    [3, 29, true],
    [3, 30, false],
    [4, 1000, true],
  ])(
    "%i that fail beside %i accepted ones: the target's fault is %s",
    (count, accepted, isMany) => {
      expect(failing(count, accepted)).toBe(isMany);
    },
  );

  test("do not count once they are accepted or buried, nor while they have only been tried", () => {
    const memory = new Memory();
    for (const sequence of [1, 2, 3, 4]) memory.keep(m(sequence), tries);
    memory.forget(m(1));
    memory.forget(m(2));
    memory.forget(m(3));
    memory.keep(m(5), { ...tries, failures: 0 });
    expect(memory.manyFail).toBe(false);
  });
});

describe("what was given back with a delay", () => {
  test("counts until its time has come", () => {
    const memory = new Memory();
    memory.delay(m(1), 1000);
    memory.delay(m(2), 2000);
    expect([999, 1000, 1999, 2000].map((now) => memory.delayed(now))).toEqual([2, 1, 1, 0]);
  });

  test("counts no longer when it is here again, or when the stream is another one", () => {
    const memory = new Memory();
    memory.delay(m(1), 1000);
    memory.delay(m(2), 1000);
    memory.returned(m(1));
    expect(memory.delayed(0)).toBe(1);
    memory.clear();
    expect(memory.delayed(0)).toBe(0);
  });

  test("counts no longer when the stream has dropped it, or somebody has settled it", () => {
    const memory = new Memory();
    for (const sequence of [3, 4, 5]) memory.delay(m(sequence), 1000);
    expect(
      [0, 2, 3, 5].map((last) => {
        memory.doneUpTo(last);
        return memory.delayed(0);
      }),
    ).toEqual([3, 3, 2, 0]);
  });
});

describe("from one process to the next", () => {
  /** What is written is there for the next process. */
  function disk(): { readonly journal: Journal; noted: readonly Noted[] } {
    const one = {
      noted: [] as readonly Noted[],
      journal: {
        read: () => one.noted,
        write(noted: readonly Noted[]) {
          one.noted = noted;
        },
      },
    };
    return one;
  }

  test("failures and delays are known, and what went well is not worth a note", () => {
    const { journal } = disk();
    const memory = new Memory(journal);
    memory.keep(m(1, 5n), tries);
    memory.keep(m(2, 6n), { ...nothing, tries: 3 });
    memory.delay(m(3), 1000);
    memory.save();
    const next = new Memory(journal);
    expect(next.of(m(1, 5n))).toEqual(tries);
    expect(next.of(m(2, 6n))).toEqual(nothing);
    expect(next.delayed(999)).toBe(1);
    expect(next.delayed(1000)).toBe(0);
  });

  test("nothing is written before a run ends", () => {
    const one = disk();
    new Memory(one.journal).keep(m(1), tries);
    expect(one.noted).toEqual([]);
  });

  test("a message that is tried alone when the process ends has shown something about itself", () => {
    const { journal } = disk();
    const memory = new Memory(journal);
    memory.keep(m(1, 5n), tries);
    memory.keep(m(2, 6n), tries);
    memory.trialBegins(m(1, 5n));
    const next = new Memory(journal);
    expect(next.of(m(1, 5n))).toEqual({
      tries: 4,
      failures: 3,
      evidence: 2,
      maybeTaken: true,
      trialsLost: 1,
    });
    expect(next.of(m(2, 6n))).toEqual(tries);
    next.trialBegins(m(1, 5n));
    expect(new Memory(journal).of(m(1, 5n))).toMatchObject({ evidence: 3, trialsLost: 2 });
  });

  test("so has one of which nothing was known before", () => {
    const { journal } = disk();
    new Memory(journal).trialBegins(m(7, 5n));
    expect(new Memory(journal).of(m(7, 5n))).toEqual({
      tries: 1,
      failures: 1,
      evidence: 1,
      maybeTaken: false,
      trialsLost: 1,
    });
  });

  test("a trial that has ended shows nothing", () => {
    const { journal } = disk();
    const memory = new Memory(journal);
    memory.keep(m(1), tries);
    memory.trialBegins(m(1));
    memory.save();
    expect(new Memory(journal).of(m(1))).toEqual(tries);
  });

  test("of a message that is settled nothing is left", () => {
    const { journal } = disk();
    const memory = new Memory(journal);
    memory.keep(m(1), tries);
    memory.save();
    memory.forget(m(1));
    memory.save();
    expect(new Memory(journal).of(m(1))).toEqual(nothing);
  });

  test("of another stream nothing is left, at once", () => {
    const one = disk();
    const memory = new Memory(one.journal);
    memory.keep(m(1), tries);
    memory.delay(m(2), 1000);
    memory.save();
    expect(one.noted).toHaveLength(2);
    memory.clear();
    expect(one.noted).toEqual([]);
  });

  test("what was recalled is recalled again, and counts among those that fail", () => {
    const { journal } = disk();
    const memory = new Memory(journal);
    for (const sequence of [1, 2, 3, 4]) memory.keep(m(sequence), tries);
    memory.save();
    const next = new Memory(journal);
    expect(next.manyFail).toBe(true);
    next.save();
    expect(new Memory(journal).of(m(4))).toEqual(tries);
  });
});
