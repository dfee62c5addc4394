import fc from "fast-check";
import { expect, test } from "vitest";
import { isLapsed } from "../../../functions/bridge/core/abort.ts";
import type { Delivery, Outcome } from "../../../functions/bridge/core/outcome.ts";
import { deliverWithin } from "../../../functions/bridge/run/deliver.ts";
import { FakeClock, settled } from "../../support/fake-clock.ts";

const accepted: Outcome = { kind: "accepted", receipt: "m" };
const answer = (...outcomes: Outcome[]): Delivery & { kind: "answered" } => ({
  kind: "answered",
  outcomes,
});
const LIMIT_MS = 5000;
/** What a call gets after its limit to say what it knows. */
const LAST_WORD_MS = 50;

/** A target that answers when the test says so. */
class SlowTarget {
  readonly #answered = Promise.withResolvers<Delivery>();
  signal: AbortSignal | undefined;

  deliver(_batch: readonly string[], signal: AbortSignal): Promise<Delivery> {
    this.signal = signal;
    return this.#answered.promise;
  }

  answer(delivery: Delivery): void {
    this.#answered.resolve(delivery);
  }
}

test("an answer in time is passed on, and leaves no timer and no abort behind", async () => {
  const clock = new FakeClock();
  const target = new SlowTarget();
  const delivery = deliverWithin(clock, target, ["a"], LIMIT_MS);
  await clock.advance(LIMIT_MS - 1);
  target.answer(answer(accepted));
  expect(await delivery).toEqual(answer(accepted));
  await clock.advance(LIMIT_MS);
  expect(clock.sleeping).toBe(0);
  expect(target.signal?.aborted).toBe(false);
});

test("without an answer in time the call is aborted, and the target may have the entries", async () => {
  const clock = new FakeClock();
  const target = new SlowTarget();
  const delivery = deliverWithin(clock, target, ["a"], LIMIT_MS);
  await clock.advance(LIMIT_MS);
  expect(target.signal?.aborted).toBe(true);
  await clock.advance(LAST_WORD_MS);
  expect(await delivery).toEqual({
    kind: "unavailable",
    reason: "no answer within 5000 ms",
    stop: false,
    maybeTaken: true,
  });
});

test("an aborted call finds out why, in an error that it can throw on", async () => {
  const clock = new FakeClock();
  const targets = [new SlowTarget(), new SlowTarget()] as const;
  const lapsed = new AbortController();
  void deliverWithin(clock, targets[0], ["a"], LIMIT_MS);
  void deliverWithin(clock, targets[1], ["b"], LIMIT_MS, lapsed.signal);
  lapsed.abort();
  await clock.advance(LIMIT_MS);
  expect(targets.map(({ signal }) => String(signal?.reason))).toEqual([
    "AbortError: the time of this run is up",
    "AbortError: the ack wait ran out and could not be extended: the message may be delivered to somebody else",
  ]);
  expect(targets.map(({ signal }) => signal && isLapsed(signal))).toEqual([false, true]);
});

test("an answer that comes too late changes nothing", async () => {
  const clock = new FakeClock();
  const target = new SlowTarget();
  const delivery = deliverWithin(clock, target, ["a"], LIMIT_MS);
  await clock.advance(LIMIT_MS + LAST_WORD_MS);
  target.answer(answer(accepted));
  await settled();
  expect(await delivery).toMatchObject({ kind: "unavailable" });
});

test("what a call of several parts knows when it is aborted is not thrown away", async () => {
  const clock = new FakeClock();
  const target = new SlowTarget();
  const delivery = deliverWithin(clock, target, ["a", "b"], LIMIT_MS);
  await clock.advance(LIMIT_MS);
  const known = answer(accepted, { kind: "unknown", reason: "not sent: out of time" });
  target.answer(known);
  expect(await delivery).toEqual(known);
  expect(clock.sleeping).toBe(0);
});

test("a target that makes several calls is told by the clock when it is too late for another", async () => {
  const clock = new FakeClock();
  let isOver = (): boolean => false;
  const target = {
    deliver(_batch: readonly string[], _signal: AbortSignal, over: () => boolean) {
      isOver = over;
      return new Promise<Delivery>(() => undefined);
    },
  };
  void deliverWithin(clock, target, ["a"], LIMIT_MS);
  expect(isOver()).toBe(false);
  await clock.advance(LIMIT_MS);
  expect(isOver()).toBe(true);
});

test.each([
  ["later", { deliver: () => Promise.reject(new Error("boom")) }],
  [
    "at once",
    {
      deliver: () => {
        throw new Error("boom");
      },
    },
  ],
])("a target that throws %s may have the entries", async (_when, target) => {
  const clock = new FakeClock();
  expect(await deliverWithin(clock, target, ["a"], LIMIT_MS)).toEqual({
    kind: "unavailable",
    reason: "Error: boom",
    stop: false,
    maybeTaken: true,
  });
  expect(clock.sleeping).toBe(0);
});

test("a target that is not available is passed on as it is", async () => {
  const refusal: Delivery = {
    kind: "unavailable",
    reason: "no access",
    stop: true,
    maybeTaken: false,
  };
  const target = { deliver: async () => refusal };
  expect(await deliverWithin(new FakeClock(), target, ["a"], LIMIT_MS)).toEqual(refusal);
});

test("an answer that has to stop the bridge is passed on with its reason", async () => {
  const target = { deliver: async () => ({ ...answer(accepted), stop: "AccessDenied" }) };
  const delivery = await deliverWithin(new FakeClock(), target, ["a"], LIMIT_MS);
  expect(delivery).toEqual({ ...answer(accepted), stop: "AccessDenied" });
});

test("what is missing from a short answer has failed, and what is too much is left out", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(12), fc.nat(12), async (sent, answered) => {
      const target = {
        deliver: async () => answer(...Array.from({ length: answered }, () => accepted)),
      };
      const batch = Array.from({ length: sent }, (_, at) => at);
      const delivery = await deliverWithin(new FakeClock(), target, batch, LIMIT_MS);
      const reason = "missing from the answer";
      const missing: Outcome = { kind: "failed", reason, maybeTaken: true };
      expect(delivery).toEqual(answer(...batch.map((at) => (at < answered ? accepted : missing))));
    }),
  );
});
