// Rings that need no drain of their own, and those of the bridge itself.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Stop } from "../../../functions/bridge/core/stop.ts";
import type { Waker } from "../../../functions/bridge/wake/wake.ts";
import {
  type Given,
  type Rung,
  wakerWith,
  NOW,
  record,
  replayOf,
  ring,
  wake,
} from "../../support/waking.ts";

const MOST_HOPS = 10;

describe("rings that an earlier drain has answered", () => {
  const OLD = NOW - 5001;

  test("are skipped", async () => {
    const { asked, told, waker } = wakerWith();
    await ring(waker, record("a"));
    expect(await ring(waker, record("b", { sentAt: OLD }), record("c", { sentAt: OLD }))).toEqual(
      [],
    );
    expect({ asked, told }).toEqual({ asked: ["drain"], told: ["rings-skipped"] });
  });

  test.each<[string, Rung]>([
    ["is young", { sentAt: NOW }],
    ["does not say when it was rung", { sentAt: Number.NaN }],
  ])("are drained all the same when one of them %s", async (_what, given) => {
    const { asked, waker } = wakerWith();
    await wake(waker);
    await ring(waker, record("b", { sentAt: OLD }), record("c", given));
    expect(asked).toEqual(["drain", "drain"]);
  });

  test("are those from before the pull that found nothing, which may have waited for long", async () => {
    const { asked, waker } = wakerWith({ drain: () => ({ drainedForMs: 10_000 }) });
    await wake(waker);
    await ring(waker, record("a", { sentAt: NOW - 15_000 }));
    expect(asked).toEqual(["drain", "drain"]);
    await ring(waker, record("b", { sentAt: NOW - 15_001 }));
    expect(asked).toEqual(["drain", "drain"]);
  });

  test("are none after a run that left something unsettled: its ring may be needed", async () => {
    const { asked, waker } = wakerWith({ drain: () => ({ ackPending: 1, delayed: 1 }) });
    await ring(waker, record("a"));
    await ring(waker, record("b", { sentAt: OLD }));
    expect(asked).toEqual(["drain", "drain"]);
  });

  test("stay answered when a later run leaves something unsettled", async () => {
    const answers: Given[] = [{}, { ackPending: 1, delayed: 1 }];
    const { asked, told, waker } = wakerWith({ drain: () => answers.shift() ?? {} });
    await wake(waker);
    await wake(waker);
    await ring(waker, record("a", { sentAt: OLD }));
    expect({ asked, told }).toEqual({ asked: ["drain", "drain"], told: ["rings-skipped"] });
  });

  test.each<Stop>(["deadline", "paused", "blocked", "broken"])(
    "are none after a run that ended as %s",
    async (stop) => {
      const stops: Stop[] = [stop];
      const { asked, waker } = wakerWith({ drain: () => ({ stop: stops.shift() ?? "idle" }) });
      await ring(waker, record("a"));
      await ring(waker, record("b", { sentAt: OLD }));
      expect(asked).toEqual(["drain", "drain"]);
    },
  );
});

describe("out of time", () => {
  const LEFT: Given = { stop: "deadline", pending: 5 };

  test.each<[string, Given]>([
    ["messages wait", { pending: 1 }],
    ["messages were given back", { released: 1 }],
    ["others hold some, or held them when they died", { ackPending: 3, delayed: 2 }],
  ])("it rings for itself when %s", async (_what, given) => {
    const { rung, told, waker } = wakerWith({ drain: () => ({ stop: "deadline", ...given }) });
    expect(await wake(waker)).toMatchObject({ stop: "deadline" });
    expect({ rung, told }).toEqual({ rung: [1], told: ["rung-again"] });
  });

  test.each<Given>([
    { stop: "deadline" },
    { stop: "deadline", ackPending: 2, delayed: 2 },
    { stop: "idle", pending: 5 },
    { stop: "paused", pending: 5 },
  ])("it does not when nothing is left, or nothing could be done: %j", async (given) => {
    const { rung, told, waker } = wakerWith({ drain: () => given });
    await wake(waker);
    expect({ rung, told }).toEqual({ rung: [], told: [] });
  });

  test("it counts on from the ring that has come the furthest", async () => {
    const { rung, waker } = wakerWith({ drain: () => LEFT });
    expect(
      await ring(waker, record("a", { hops: 2 }), record("b", { hops: 4 }), record("c")),
    ).toEqual([]);
    expect(rung).toEqual([5]);
  });

  test("it ends a chain of its own rings after ten, whatever is left", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }), async (hops) => {
        const { rung, told, waker } = wakerWith({ drain: () => LEFT });
        const others = hops.map((one, at) => record(`${at}`, { hops: one }));
        let next: readonly object[] = others;
        for (let wakes = 0; next.length > 0 && wakes < 50; wakes += 1) {
          const before = rung.length;
          expect(await ring(waker, ...next)).toEqual([]);
          next = rung.slice(before).map((one) => record("again", { hops: one }));
        }
        const furthest = Math.max(...hops);
        expect(rung).toEqual(
          Array.from({ length: Math.max(0, MOST_HOPS - furthest) }, (_, at) => furthest + at + 1),
        );
        expect(told.at(-1)).toBe("backlog-left");
      }),
      { numRuns: 50 },
    );
  });

  test("without a doorbell the next wake goes on, and that is told", async () => {
    const { told, waker } = wakerWith({ drain: () => LEFT, more: { ringAgain: undefined } });
    await wake(waker);
    expect(told).toEqual(["backlog-left"]);
  });

  describe("when the doorbell cannot be rung", () => {
    const ringAgain = async (): Promise<void> => {
      throw new Error("AccessDenied");
    };

    test("its rings come back, and are all there is to go on by", async () => {
      const { told, waker } = wakerWith({ drain: () => LEFT, more: { ringAgain } });
      const given = [record("a"), record("b", { hops: 2 }), record("c", { body: replayOf(1) })];
      expect(await ring(waker, ...given)).toEqual(["a", "b"]);
      expect(told).toEqual(["not-rung-again"]);
    });

    test("a chain that is at its end stays there", async () => {
      const { told, waker } = wakerWith({ drain: () => LEFT, more: { ringAgain } });
      expect(await ring(waker, record("a", { hops: MOST_HOPS }))).toEqual([]);
      expect(told).toEqual(["backlog-left"]);
    });

    test("its rings come back where the end of the chain is that of another command", async () => {
      const { rung, told, waker } = wakerWith({ drain: () => LEFT });
      const far = record("b", { body: replayOf(1), hops: MOST_HOPS });
      expect(await ring(waker, record("a"), far)).toEqual(["a"]);
      expect({ rung, told }).toEqual({ rung: [], told: ["not-rung-again"] });
    });

    test.each<[string, (waker: Waker) => Promise<unknown>, RegExp]>([
      ["its rings", (waker) => ring(waker, record("a")), /^the rings of this wake come back/],
      ["the next tick", (waker) => wake(waker), /^the next wake goes on$/],
    ])("it is told that it is up to %s", async (_whom, woken, consequence) => {
      const said: unknown[] = [];
      const observe = (_event: string, details?: object): void => void said.push(details);
      const { waker } = wakerWith({ drain: () => LEFT, more: { observe, ringAgain } });
      await woken(waker);
      expect(said).toEqual([
        {
          pending: 5,
          released: 0,
          ackPending: 0,
          delayed: 0,
          reason: "AccessDenied",
          consequence: expect.stringMatching(consequence) as string,
        },
      ]);
    });
  });
});
