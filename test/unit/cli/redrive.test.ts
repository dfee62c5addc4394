// The loop against a store and a sender in memory.
import { describe, expect, test } from "vitest";
import type { DeadLetter, Unreadable } from "../../../cli/redrive/dead-letter.ts";
import type { Found, Item, Sender, Sending, Store } from "../../../cli/redrive/ports.ts";
import { exitCodeOf, type Receipt } from "../../../cli/redrive/receipt.ts";
import { type Plan, redrive } from "../../../cli/redrive/redrive.ts";
import type { Clock } from "../../../functions/bridge/core/ports.ts";
import { utf8 } from "../../support/messages.ts";

function letter(number: number): DeadLetter {
  return {
    id: `ORDERS/${number}/1`,
    origin: "ORDERS",
    streamSequence: number,
    timestampNanos: 1n,
    subject: `orders.${number}`,
    reason: number % 2 === 0 ? "even" : "odd",
    tries: 1,
    bytes: 1,
  };
}

interface World {
  readonly letters: readonly (DeadLetter | Unreadable)[];
  readonly plan?: Partial<Plan>;
  readonly dryRun?: boolean;
  /** What becomes of a message; by default it is stored. */
  readonly answer?: (items: readonly Item[]) => Sending;
  readonly notDeleted?: string;
  readonly abortAfter?: number;
  readonly breaks?: boolean;
  readonly atOnce?: number;
}

interface Outcome {
  readonly receipt: Receipt;
  readonly sent: readonly string[];
  readonly removed: readonly string[];
  readonly said: readonly string[];
  readonly closed: number;
  readonly seconds: number;
}

async function play(world: World): Promise<Outcome> {
  const stopping = new AbortController();
  let now = 0;
  const clock: Clock = {
    now: () => now,
    random: () => 0,
    sleep: (ms) => Promise.resolve(void (now += ms)),
  };
  const [sent, removed, said]: [string[], string[], string[]] = [[], [], []];
  let closed = 0;
  const store: Store = {
    name: "the store",
    isFull: false,
    async *batches(isOver) {
      for (let at = 0; at < world.letters.length && !isOver(); at += 4) {
        const some = world.letters.slice(at, at + 4);
        yield await Promise.resolve(
          some.map((one, nth): Found => ({ key: `key-${at + nth}`, letter: one })),
        );
      }
      if (world.breaks) throw new Error("AccessDenied");
    },
    content: () => Promise.resolve({ data: utf8("x"), headers: new Map() }),
    remove(found) {
      if (world.notDeleted === undefined) removed.push(...found.map(({ key }) => key));
      return Promise.resolve(found.map(() => world.notDeleted));
    },
    close: () => Promise.resolve(void (closed += 1)),
  };
  const sender: Sender = {
    atOnce: world.atOnce ?? 10,
    send(items) {
      sent.push(...items.map((item) => item.letter.id));
      if (sent.length >= (world.abortAfter ?? Infinity)) stopping.abort();
      const stored = { kind: "stored", where: "S/1", leftOut: [] } as const;
      return Promise.resolve(world.answer?.(items) ?? { sent: items.map(() => stored) });
    },
    close: () => Promise.resolve(),
  };
  const receipt = await redrive(
    {
      store,
      sender: world.dryRun ? undefined : sender,
      say: {
        wouldSend: ({ id }) => said.push(`would send ${id}`),
        sent: () => {},
        problem: (kind, what, reason) => said.push(`${what} ${kind}: ${reason}`),
        progress: () => {},
      },
      clock,
      signal: stopping.signal,
    },
    { filter: { ids: [] }, ...world.plan },
  );
  const { failed, left, matched, refused, sent: done } = receipt;
  expect(matched).toBe(done + refused + failed + left);
  return { receipt, sent, removed, said, closed, seconds: now / 1000 };
}

const TEN = Array.from({ length: 10 }, (_, at) => letter(at));

test("sends all, deletes all, gives back the rest", async () => {
  const { closed, receipt, removed } = await play({ letters: TEN });
  expect(receipt).toEqual({
    stop: "done",
    found: 10,
    matched: 10,
    sent: 10,
    refused: 0,
    failed: 0,
    left: 0,
  });
  expect(removed).toHaveLength(10);
  expect(closed).toBe(1);
  expect(exitCodeOf(receipt)).toBe(0);
});

test("sends only what is meant", async () => {
  const { receipt, sent } = await play({
    letters: TEN,
    plan: { filter: { ids: [], reason: "even" } },
  });
  expect(receipt).toMatchObject({ found: 10, matched: 5, sent: 5 });
  expect(sent).toEqual([0, 2, 4, 6, 8].map((number) => `ORDERS/${number}/1`));
});

test("a dry run sends and deletes nothing, and says what it would do", async () => {
  const { receipt, removed, said, sent } = await play({ letters: TEN, dryRun: true });
  expect(receipt).toMatchObject({ stop: "done", matched: 10, sent: 0, left: 10 });
  expect([...sent, ...removed]).toEqual([]);
  expect(said).toEqual(TEN.map(({ id }) => `would send ${id}`));
  expect(exitCodeOf(receipt)).toBe(0);
});

test.each([true, false])("stops at the limit (dry run: %s)", async (dryRun) => {
  const { receipt, said, sent } = await play({ letters: TEN, plan: { limit: 3 }, dryRun });
  expect(receipt).toMatchObject({ stop: "limit", found: 4, matched: 4, left: dryRun ? 4 : 1 });
  expect(dryRun ? said : sent).toHaveLength(3);
  expect(exitCodeOf(receipt)).toBe(0);
});

test("deletes only what is stored anew", async () => {
  const { receipt, removed, said } = await play({
    letters: TEN.slice(0, 4),
    answer: () => ({
      sent: [
        { kind: "stored", where: "S/1", leftOut: [] },
        { kind: "refused", reason: "duplicate" },
        { kind: "failed", reason: "timeout" },
      ],
    }),
  });
  expect(receipt).toMatchObject({ sent: 1, refused: 1, failed: 2 });
  expect(removed).toEqual(["key-0"]);
  expect(said).toEqual([
    "ORDERS/1/1 refused: duplicate",
    "ORDERS/2/1 failed: timeout",
    "ORDERS/3/1 failed: no answer",
  ]);
  expect(exitCodeOf(receipt)).toBe(1);
});

test("one that is stored anew and not deleted has failed, and says so", async () => {
  const { receipt, said } = await play({ letters: [letter(1)], notDeleted: "AccessDenied" });
  expect(receipt).toMatchObject({ sent: 0, failed: 1 });
  expect(said).toEqual(["ORDERS/1/1 failed: stored as S/1, but not deleted here: AccessDenied"]);
});

test("ends what is under way when interrupted, and deletes it", async () => {
  const { closed, receipt, removed, sent } = await play({ letters: TEN, abortAfter: 1 });
  expect(receipt).toMatchObject({ stop: "interrupted", found: 4, sent: 4, left: 0 });
  expect([sent.length, removed.length, closed]).toEqual([4, 4, 1]);
  expect(exitCodeOf(receipt)).toBe(1);
});

test("sends no more at once than the destination wants", async () => {
  const { receipt } = await play({ letters: TEN, atOnce: 1, abortAfter: 2 });
  expect(receipt).toMatchObject({ stop: "interrupted", found: 4, sent: 2, left: 2 });
});

test("goes one by one at a rate, and leaves the rest of a batch when interrupted", async () => {
  const slow = await play({ letters: TEN, plan: { rate: 2 } });
  expect(slow.receipt).toMatchObject({ stop: "done", sent: 10 });
  expect(slow.seconds).toBe(4.5);
  const { receipt } = await play({ letters: TEN, plan: { rate: 2 }, abortAfter: 2 });
  expect(receipt).toMatchObject({ stop: "interrupted", found: 4, sent: 2, left: 2 });
});

describe("something that does not work ends it, with the reason", () => {
  test("the destination", async () => {
    const { receipt } = await play({
      letters: TEN,
      answer: (items) => ({
        sent: items.map(() => ({ kind: "failed", reason: "closed" })),
        stop: "closed",
      }),
    });
    expect(receipt).toMatchObject({ stop: "unavailable", reason: "closed", found: 4, failed: 4 });
    expect(exitCodeOf(receipt)).toBe(1);
  });

  test("the store", async () => {
    const { closed, receipt } = await play({ letters: TEN, breaks: true });
    expect(receipt).toMatchObject({
      stop: "unavailable",
      reason: "the store: Error: AccessDenied",
      sent: 10,
    });
    expect(closed).toBe(1);
  });
});

test("what cannot be read is refused, unless a filter means others", async () => {
  const letters = [letter(1), { unreadable: "nats-id is missing" }];
  const all = await play({ letters });
  expect(all.receipt).toMatchObject({ found: 2, matched: 2, sent: 1, refused: 1 });
  expect(all.said).toEqual(["key-1 refused: no dead letter of a bridge: nats-id is missing"]);
  const some = await play({ letters, plan: { filter: { ids: ["ORDERS/1/1"] } } });
  expect(some.receipt).toMatchObject({ found: 2, matched: 1, sent: 1, refused: 0 });
});
