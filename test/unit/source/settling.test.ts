// Law 7: acks are confirmed, or said to be unconfirmed; one answer to the last of a batch, in the same write.
import { expect, test } from "vitest";
import type { Verdict } from "../../../functions/bridge/core/settlement.ts";
import { Session } from "../../../functions/bridge/source/session.ts";
import { Settling } from "../../../functions/bridge/source/settling.ts";
import type { WireListener } from "../../../functions/bridge/source/wire.ts";
import { FakeClock, settled } from "../../support/fake-clock.ts";
import { FakeWire } from "../../support/fake-wire.ts";
import { held } from "../../support/messages.ts";

const TIMEOUT_MS = 3000;

interface Opened {
  readonly clock: FakeClock;
  readonly wire: FakeWire;
  readonly session: Session;
  readonly settling: Settling;
}

async function open(): Promise<Opened> {
  const clock = new FakeClock();
  const wire = new FakeWire();
  const dial = async (listener: WireListener): Promise<FakeWire> =>
    Object.assign(wire, { listener });
  const nobody = { delivery: () => undefined, status: () => undefined, ended: () => undefined };
  const session = await Session.open(dial, clock, nobody);
  return { clock, wire, session, settling: new Settling(clock, TIMEOUT_MS) };
}

const same = async (): Promise<"same"> => "same";

const ack = (sequence: number, leaseUntil?: number): Verdict => ({
  kind: "ack",
  held: held(sequence, leaseUntil),
});
const release = (sequence: number, leaseUntil?: number): Verdict => ({
  kind: "release",
  held: held(sequence, leaseUntil),
});

test("a batch leaves in its order, and only its last asks for an answer", async () => {
  const { session, settling, wire } = await open();
  const retry: Verdict = { kind: "retry", held: held(2), delayMs: 1500.4 };
  const confirmed = settling.atOnce(session, [ack(1), retry, release(3)]);
  expect(wire.published).toEqual([
    "token-1 +ACK",
    'token-2 -NAK {"delay":1500400000}',
    "token-3 -NAK",
  ]);
  expect(wire.replies.map((reply) => reply !== "")).toEqual([false, false, true]);
  wire.arrives(wire.replies[2] ?? "");
  expect(await confirmed).toBe(true);
});

test("an empty batch is confirmed without a word", async () => {
  const { session, settling, wire } = await open();
  expect(await settling.atOnce(session, [])).toBe(true);
  expect(wire.published).toEqual([]);
});

test("without an answer in time nothing of the batch is confirmed", async () => {
  const { clock, session, settling } = await open();
  const confirmed = settling.atOnce(session, [ack(1), ack(2)]);
  await clock.advance(TIMEOUT_MS);
  expect(await confirmed).toBe(false);
  expect(settling.forgetRecent()).toEqual([]);
});

test("when nobody listens to acks, nothing is confirmed", async () => {
  const { session, settling, wire } = await open();
  const confirmed = settling.atOnce(session, [ack(1)]);
  wire.arrives(wire.replies[0] ?? "", { status: 503 });
  expect(await confirmed).toBe(false);
});

test("sent again, each has an answer of its own, and stands for itself alone", async () => {
  const { clock, session, settling, wire } = await open();
  const verdicts = [ack(1), ack(2), ack(3)];
  const result = settling.oneByOne(session, verdicts, same);
  await settled();
  expect(new Set(wire.replies).size).toBe(3);
  wire.arrives(wire.replies[1] ?? "");
  await clock.advance(TIMEOUT_MS);
  const { confirmed, unconfirmed } = await result;
  expect(confirmed).toEqual([verdicts[1]]);
  expect(unconfirmed).toEqual([verdicts[0], verdicts[2]]);
});

test("while a leader is elected an ack is insisted on, for as long as an answer may take", async () => {
  const { clock, session, settling, wire } = await open();
  const result = settling.oneByOne(session, [ack(1)], same);
  await settled();
  for (let elected = 0; elected < 4; elected += 1) {
    wire.arrives(wire.replies.at(-1) ?? "", { status: 503 });
    await clock.advance(250);
  }
  expect(wire.published.length).toBeGreaterThan(3);
  wire.arrives(wire.replies.at(-1) ?? "");
  expect(await result).toMatchObject({ confirmed: [{ kind: "ack" }], unconfirmed: [] });
});

test("past its lease a message is not given back any more, but may still be acked", async () => {
  const { clock, session, settling, wire } = await open();
  const past = clock.now();
  const result = settling.oneByOne(session, [ack(1, past), release(2, past)], same);
  await settled();
  expect(wire.published).toEqual(["token-1 +ACK"]);
  wire.arrives(wire.replies[0] ?? "");
  expect(await result).toMatchObject({
    confirmed: [{ kind: "ack" }],
    unconfirmed: [{ kind: "release" }],
  });
});

test("without a connection nothing is confirmed, and nothing is lost from the count", async () => {
  const { settling } = await open();
  const verdicts = [ack(1), release(2)];
  expect(await settling.oneByOne(undefined, verdicts, same)).toEqual({
    confirmed: [],
    unconfirmed: verdicts,
  });
});

test("acks that a change of leader may have undone are sent again, once", async () => {
  const { session, settling, wire } = await open();
  const confirmed = settling.atOnce(session, [ack(1), release(2), ack(3)]);
  wire.arrives(wire.replies[2] ?? "");
  await confirmed;
  const again = settling.recentAgain(session);
  expect(wire.published.slice(3)).toEqual(["token-1 +ACK", "token-3 +ACK"]);
  for (const reply of wire.replies.slice(3)) wire.arrives(reply);
  expect(await again).toBe(2);
  expect(await settling.recentAgain(session)).toBe(0);
});

test("acks that are proven are not sent again", async () => {
  const { session, settling, wire } = await open();
  const confirmed = settling.atOnce(session, [ack(1)]);
  wire.arrives(wire.replies[0] ?? "");
  await confirmed;
  expect(settling.forgetRecent()).toEqual(["token-1"]);
  await settled();
  expect(await settling.recentAgain(session)).toBe(0);
});

test("a message whose lease runs out while a leader is elected is not given back any more", async () => {
  const { clock, session, settling, wire } = await open();
  const result = settling.oneByOne(session, [release(1, clock.now() + 40)], same);
  await settled();
  wire.arrives(wire.replies[0] ?? "", { status: 503 });
  await clock.advance(TIMEOUT_MS);
  expect(wire.published).toEqual(["token-1 -NAK"]);
  expect(await result).toMatchObject({ confirmed: [], unconfirmed: [{ kind: "release" }] });
});

test("no try without a proof that consumer and stream are still the same", async () => {
  const { clock, session, settling, wire } = await open();
  const proofs = ["same", "unknown", "other"] as const;
  let asked = 0;
  const prove = async (): Promise<(typeof proofs)[number]> => proofs[asked++] ?? "other";
  const result = settling.oneByOne(session, [ack(1)], prove);
  await settled();
  wire.arrives(wire.replies[0] ?? "", { status: 503 });
  await clock.advance(TIMEOUT_MS);
  expect(wire.published).toEqual(["token-1 +ACK"]);
  expect(await result).toMatchObject({ confirmed: [], unconfirmed: [{ kind: "ack" }] });
});
