// Law 1: pulled = acked + retried + buried + released + unconfirmed, and what is still held.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Held } from "../../../functions/bridge/core/ports.ts";
import type { Verdict } from "../../../functions/bridge/core/settlement.ts";
import { type Counted, type Receipt, Tally } from "../../../functions/bridge/run/receipt.ts";
import { consumerState } from "../../support/consumer-state.ts";
import { held, message } from "../../support/messages.ts";

function verdict(counted: Counted, sequence: number): Verdict {
  const its = held(sequence);
  if (counted === "retried") return { kind: "retry", held: its, delayMs: 1000 };
  return { kind: counted === "released" ? "release" : "ack", held: its };
}

function sum({ acked, retried, buried, released, unconfirmed }: Receipt): number {
  return acked + retried + buried + released + unconfirmed;
}

test("a run that did nothing has a receipt of zeros", () => {
  expect(new Tally().receipt("idle", undefined, 0, 12.6)).toEqual({
    stop: "idle",
    unseen: true,
    delayed: 0,
    pulled: 0,
    acked: 0,
    retried: 0,
    buried: 0,
    released: 0,
    unconfirmed: 0,
    held: 0,
    duplicates: 0,
    pending: 0,
    ackPending: 0,
    calls: 0,
    milliseconds: 13,
  });
});

test("a receipt tells of messages that are elsewhere only where that is why the run ended", () => {
  const tally = new Tally();
  expect(tally.receipt("blocked", "unsettled", 0, 0, { elsewhere: 2 }).elsewhere).toBe(2);
  expect(tally.receipt("blocked", "unsettled", 0, 0, { elsewhere: 0 }).elsewhere).toBe(0);
  expect(tally.receipt("blocked", "unsettled", 0, 0)).not.toHaveProperty("elsewhere");
});

test("a receipt has a reason where one is given, and null as its stop while the run goes on", () => {
  expect(new Tally().receipt("blocked", "nowhere to bury", 0, 0).reason).toBe("nowhere to bury");
  expect(new Tally().receipt(null, undefined, 3, 0)).toMatchObject({ stop: null, held: 3 });
});

test("an ack counts as what it stands for once it is confirmed, and as unconfirmed if it is not", () => {
  const tally = new Tally();
  const [acked, buried, lost] = [verdict("acked", 1), verdict("buried", 2), verdict("acked", 3)];
  const meaning = new Map<Verdict, Counted>([
    [acked, "acked"],
    [buried, "buried"],
    [lost, "acked"],
  ]);
  tally.settled({ confirmed: [acked, buried], unconfirmed: [lost] }, meaning, undefined);
  expect(tally.receipt(null, undefined, 0, 0)).toMatchObject({
    acked: 1,
    buried: 1,
    unconfirmed: 1,
  });
});

describe("of what was seen", () => {
  const at = (streamSequence: number, ms: number): Held => ({
    ...held(streamSequence),
    message: message({ streamSequence, timestampNanos: BigInt(ms) * 1_000_000n }),
  });

  test("the lag is the most of what was acked and confirmed, and nothing else", () => {
    const tally = new Tally();
    const [acked, older, buried, lost] = [at(1, 1000), at(2, 400), at(3, 100), at(4, 50)].map(
      (its): Verdict => ({ kind: "ack", held: its }),
    ) as [Verdict, Verdict, Verdict, Verdict];
    const meaning = new Map<Verdict, Counted>([
      [acked, "acked"],
      [older, "acked"],
      [buried, "buried"],
      [lost, "acked"],
    ]);
    const result = { confirmed: [older, acked, buried], unconfirmed: [lost] };
    tally.settled(result, meaning, 1500.4);
    expect(tally.receipt(null, undefined, 0, 0).forwardLagMs).toBe(1100);
  });

  test("there is no lag where the server gives no time, and none below 0 where its time is behind", () => {
    const ack: Verdict = { kind: "ack", held: at(1, 1000) };
    const meaning = new Map<Verdict, Counted>([[ack, "acked"]]);
    const tally = new Tally();
    tally.settled({ confirmed: [ack], unconfirmed: [] }, meaning, undefined);
    expect(tally.receipt(null, undefined, 0, 0)).not.toHaveProperty("forwardLagMs");
    tally.settled({ confirmed: [ack], unconfirmed: [] }, meaning, 990);
    expect(tally.receipt(null, undefined, 0, 0).forwardLagMs).toBe(0);
  });

  test("what is not known is not there", () => {
    const tally = new Tally();
    const unknown = ["expired", "retentionHeadroom", "forwardLagMs"];
    for (const name of unknown)
      expect(tally.receipt(null, undefined, 0, 0)).not.toHaveProperty(name);
    tally.state = consumerState({ pending: 2, ackPending: 1 });
    expect(tally.receipt(null, undefined, 0, 0)).toMatchObject({ pending: 2, ackPending: 1 });
    for (const name of [...unknown, "unseen"])
      expect(tally.receipt(null, undefined, 0, 0)).not.toHaveProperty(name);
  });

  test("headroom is told to a tenth", () => {
    const tally = new Tally();
    tally.expired = 4;
    const stream = { first: 1, last: 3, messages: 3, bytes: 30, most: { messages: 3 } };
    const state = consumerState({ pending: 2, ackFloor: 1, deliveredStreamSequence: 1 });
    tally.state = { ...state, stream: { ...stream, gapIsLoss: true } };
    expect(tally.receipt(null, undefined, 0, 0)).toMatchObject({
      expired: 4,
      retentionHeadroom: 33.3,
    });
  });
});

const anyCounted = fc.constantFrom<Counted[]>("acked", "retried", "buried", "released");
const anyRound = fc.array(fc.record({ counted: anyCounted, isConfirmed: fc.boolean() }));

test("whatever is settled, and however it ends, the receipt adds up", () => {
  fc.assert(
    fc.property(fc.array(anyRound, { maxLength: 8 }), fc.nat(20), (rounds, stillHeld) => {
      const tally = new Tally();
      tally.pulled = stillHeld;
      for (const round of rounds) {
        const verdicts = round.map(({ counted }, at) => verdict(counted, at));
        tally.pulled += round.length;
        tally.settled(
          {
            confirmed: verdicts.filter((_, at) => round[at]?.isConfirmed),
            unconfirmed: verdicts.filter((_, at) => !round[at]?.isConfirmed),
          },
          new Map(verdicts.map((one, at) => [one, round[at]?.counted ?? "released"])),
          undefined,
        );
      }
      const receipt = tally.receipt("deadline", undefined, stillHeld, 0);
      expect(sum(receipt) + receipt.held).toBe(receipt.pulled);
      const confirmed = rounds.flat().filter(({ isConfirmed }) => isConfirmed);
      for (const counted of ["acked", "retried", "buried", "released"] as const) {
        expect(receipt[counted]).toBe(confirmed.filter((one) => one.counted === counted).length);
      }
    }),
  );
});
