import { expect, test } from "vitest";
import type { Held, PullRequest } from "../../../functions/bridge/core/ports.ts";
import { Pulling } from "../../../functions/bridge/source/pulling.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { held } from "../../support/messages.ts";

const WAIT_MS = 1000;
const GRACE_MS = 500;

interface Started {
  readonly clock: FakeClock;
  readonly pulling: Pulling;
  readonly arrived: Held[];
}

function start(request: Partial<PullRequest> = {}): Started {
  const clock = new FakeClock();
  const arrived: Held[] = [];
  const pulling = new Pulling(
    clock,
    "inbox.1",
    { batch: 3, maxBytes: 0, waitMs: WAIT_MS, ...request },
    arrived,
  );
  return { clock, pulling, arrived };
}

test("a pull that has brought all it asked for is filled, without a status", async () => {
  const { arrived, clock, pulling } = start();
  const end = pulling.wait(WAIT_MS, GRACE_MS, undefined);
  await clock.advance(10);
  for (const sequence of [1, 2, 3]) pulling.add(held(sequence));
  expect(await end).toEqual({ end: "filled" });
  expect(arrived.map(({ message }) => message.streamSequence)).toEqual([1, 2, 3]);
  expect([pulling.delivered, pulling.isOver]).toEqual([3, true]);
});

test("a status ends the wait at once", async () => {
  const { clock, pulling } = start();
  const end = pulling.wait(WAIT_MS, GRACE_MS, undefined);
  await clock.advance(10);
  pulling.finish({ end: "drained" });
  expect(await end).toEqual({ end: "drained" });
  expect(clock.sleeping).toBe(0);
});

test("what ended it first is how it ended", async () => {
  const { pulling } = start({ batch: 1 });
  pulling.add(held(1));
  pulling.finish({ end: "waited" });
  expect(await pulling.wait(WAIT_MS, GRACE_MS, undefined)).toEqual({ end: "filled" });
});

test("after some messages, a tenth of a second of silence is the end", async () => {
  const { clock, pulling } = start();
  let end: unknown;
  void pulling.wait(WAIT_MS, GRACE_MS, undefined).then((ended) => (end = ended));
  await clock.advance(20);
  pulling.add(held(1));
  await clock.advance(90);
  pulling.add(held(2));
  await clock.advance(99);
  expect(end).toBeUndefined();
  await clock.advance(1);
  expect(end).toEqual({ end: "waited" });
  expect(pulling.isOver).toBe(false);
});

test("a server that says nothing at all is waited for a little longer than the pull", async () => {
  const { clock, pulling } = start();
  let hasEnded = false;
  const end = pulling.wait(WAIT_MS, GRACE_MS, undefined).finally(() => (hasEnded = true));
  await clock.advance(WAIT_MS + GRACE_MS - 1);
  expect(hasEnded).toBe(false);
  await clock.advance(1);
  expect(hasEnded).toBe(true);
  expect(await end).toBeUndefined();
});

test("told to stop, it ends with what has arrived", async () => {
  const { clock, pulling } = start();
  const stop = new AbortController();
  const end = pulling.wait(WAIT_MS, GRACE_MS, stop.signal);
  await clock.advance(10);
  stop.abort();
  expect(await end).toEqual({ end: "waited" });
  expect(await pulling.wait(WAIT_MS, GRACE_MS, stop.signal)).toEqual({ end: "waited" });
});

test("a pull is over its time shortly before the server says so", async () => {
  const { clock, pulling } = start();
  await clock.advance(WAIT_MS - 6);
  expect(pulling.isExpired).toBe(false);
  await clock.advance(1);
  expect(pulling.isExpired).toBe(true);
});

test("a pull that the server has not ended is waited for again, and no longer than is asked", async () => {
  const { clock, pulling } = start();
  const first = pulling.wait(WAIT_MS, GRACE_MS, undefined);
  await clock.advance(5);
  pulling.add(held(1));
  await clock.advance(100);
  expect(await first).toEqual({ end: "waited" });
  let end: unknown;
  void pulling.wait(20, GRACE_MS, undefined).then((ended) => (end = ended));
  await clock.advance(19);
  expect(end).toBeUndefined();
  await clock.advance(1);
  expect(end).toEqual({ end: "waited" });
});

test("a pull that the server keeps open is waited for again, but no longer than asked, and without being busy", async () => {
  const { clock, pulling } = start({ batch: 10, waitMs: 60_000 });
  const first = pulling.wait(60_000, GRACE_MS, undefined);
  await clock.advance(10);
  pulling.add(held(1));
  await clock.advance(100);
  expect(await first).toEqual({ end: "waited" });
  let hasEnded = false;
  const second = pulling.wait(WAIT_MS, GRACE_MS, undefined).finally(() => (hasEnded = true));
  await clock.advance(WAIT_MS - 1);
  expect(hasEnded).toBe(false);
  await clock.advance(1);
  expect(hasEnded).toBe(true);
  expect(await second).toEqual({ end: "waited" });
  expect(pulling.isOver).toBe(false);
});

test("what arrives during the second wait starts the silence anew", async () => {
  const { clock, pulling } = start({ batch: 10, waitMs: 60_000 });
  const first = pulling.wait(60_000, GRACE_MS, undefined);
  pulling.add(held(1));
  await clock.advance(100);
  await first;
  let end: unknown;
  void pulling.wait(WAIT_MS, GRACE_MS, undefined).then((ended) => (end = ended));
  await clock.advance(500);
  pulling.add(held(2));
  await clock.advance(99);
  expect(end).toBeUndefined();
  await clock.advance(1);
  expect(end).toEqual({ end: "waited" });
});
