import { expect, test } from "vitest";
import type { Delivery, Outcome } from "../../../functions/bridge/core/outcome.ts";
import type { Held, Sink, Source } from "../../../functions/bridge/core/ports.ts";
import type { Verdict } from "../../../functions/bridge/core/settlement.ts";
import type { Item } from "../../../functions/bridge/run/hand.ts";
import { Memory } from "../../../functions/bridge/run/memory.ts";
import { core, type Policy } from "../../../functions/bridge/run/policy.ts";
import { Work } from "../../../functions/bridge/run/work.ts";
import { FakeClock, settled } from "../../support/fake-clock.ts";
import { message } from "../../support/messages.ts";

const accepted: Outcome = { kind: "accepted", receipt: "m" };

/** Message `streamSequence`, stored at that time: another time is another message. */
function heldFrom(streamSequence: number, timestampNanos: bigint, token: string): Held {
  return { message: message({ streamSequence, timestampNanos }), token, leaseUntil: 30_000 };
}

/** A run whose calls end when the test says; `sent` has its verdicts, by token. */
function make() {
  const sent: string[] = [];
  const source = {
    async settle(verdicts: readonly Verdict[]) {
      sent.push(...verdicts.map(({ kind, held }) => `${kind} ${held.token}`));
      return { confirmed: verdicts, unconfirmed: [] };
    },
  };
  const sink = {
    limits: { entries: 10, bytes: 1000, concurrency: 16 },
    prepare: () => "entry",
    size: () => 1,
  };
  const work = new Work<string, string>(
    {
      source: source as unknown as Source,
      sink: sink as unknown as Sink<string>,
      deadLetters: undefined,
      clock: new FakeClock(),
      observe: () => undefined,
      memory: new Memory(),
      report: () => undefined,
    },
    {
      lingerMs: 0,
      settlement: {
        ordered: false,
        onRejected: "bury",
        maximumRetryAttempts: 5,
        retryDelay: { minMs: 60_000, maxMs: 60_000 },
        keepUpToMs: 0,
      },
    } as unknown as Policy,
    { deadline: Number.POSITIVE_INFINITY },
    core,
  );
  const call = Promise.withResolvers<Delivery>();
  /** One call with all that is held now. */
  const begin = (): void => work.pool.start(work, [...work.hand], () => call.promise);
  const end = async (...outcomes: readonly Outcome[]): Promise<void> => {
    call.resolve({ kind: "answered", outcomes });
    await settled();
  };
  return { work, sent, begin, end };
}

test("a call that has ended gives a verdict on each of its messages, which are out of our hands", async () => {
  const { begin, end, sent, work } = make();
  work.receive([heldFrom(1, 1n, "one"), heldFrom(2, 2n, "two")]);
  begin();
  expect([work.pool.size, sent]).toEqual([1, []]);
  await end(accepted, { kind: "failed", reason: "no" });
  expect(sent).toEqual(["ack one", "retry two"]);
  expect([work.pool.size, work.hand.size]).toEqual([0, 0]);
});

test("a message that is delivered again during its call is settled by its newest token", async () => {
  const { begin, end, sent, work } = make();
  work.receive([heldFrom(1, 1n, "one")]);
  begin();
  work.receive([heldFrom(1, 1n, "one again")]);
  await end(accepted);
  expect(sent).toEqual(["ack one again"]);
});

test.each<[string, Outcome]>([
  ["accepted", accepted],
  ["failed", { kind: "failed", reason: "no" }],
  ["postponed", { kind: "postponed", reason: "later", afterMs: 60_000 }],
])(
  "one that was let go for another message of its sequence gets no verdict when it is %s",
  async (_kind, outcome) => {
    const { begin, end, sent, work } = make();
    work.receive([heldFrom(1, 1n, "before"), heldFrom(2, 2n, "neighbour")]);
    begin();
    work.receive([heldFrom(1, 9n, "now")]);
    const now = work.hand.find(1) as Item<string>;
    expect(now.held.token).toBe("now");
    await end(outcome, accepted);
    expect(sent).toEqual(["ack neighbour"]);
    expect([...work.hand]).toEqual([now]);
    expect(work.pool.ending).toBeUndefined();
  },
);
