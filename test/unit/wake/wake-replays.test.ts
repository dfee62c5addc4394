// Replays that the doorbell asks for, and those of the bridge itself that go on.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Stop } from "../../../functions/bridge/core/stop.ts";
import {
  DEADLINE,
  type Given,
  record,
  replayOf,
  ring,
  type Rung,
  wake,
  wakerWith,
} from "../../support/waking.ts";

const MOST_HOPS = 10;

const replayed = (id: string, more: Rung = {}): object =>
  record(id, { body: replayOf(1), ...more });

test("a replay by hand has the id of its invocation, so that it goes on when that is tried again", async () => {
  const { asked, waker } = wakerWith();
  const command = { version: 1, kind: "replay", startSequence: 7 };
  expect(await wake(waker, command)).toMatchObject({ stop: "idle", replay: {} });
  expect(asked).toEqual(["replay invocation-1 7"]);
  const failing = wakerWith({ replay: () => ({ stop: "unavailable", reason: "a work queue" }) });
  await expect(wake(failing.waker, command)).rejects.toThrow(
    "the run stopped as unavailable: a work queue",
  );
});

/** Time was too short, and something was done. */
const CUT: Given = { stop: "deadline", acked: 7, pending: 5 };

describe("a replay that is out of time", () => {
  test("goes on with a message of its own, and its message is not needed any more", async () => {
    const { asked, handedOver, told, waker } = wakerWith({ replay: () => CUT });
    expect(await ring(waker, replayed("a"))).toEqual([]);
    expect(await ring(waker, replayed("b", { replayId: "a", hops: 1 }))).toEqual([]);
    expect({ asked, handedOver, told }).toEqual({
      asked: ["replay a 1", "replay a 1"],
      handedOver: ["a 1", "a 2"],
      told: ["rung-again", "rung-again"],
    });
  });

  test("by hand does so, too", async () => {
    const { handedOver, waker } = wakerWith({ replay: () => CUT });
    const command = { version: 1, kind: "replay", startSequence: 7 };
    expect(await wake(waker, command)).toMatchObject({ stop: "deadline" });
    expect(handedOver).toEqual(["invocation-1 1"]);
  });

  test("has done something when all of it is buried", async () => {
    const { handedOver, waker } = wakerWith({ replay: () => ({ stop: "deadline", buried: 1 }) });
    expect(await ring(waker, replayed("a"))).toEqual([]);
    expect(handedOver).toEqual(["a 1"]);
  });

  test.each<Given>([
    { stop: "deadline", pending: 5 },
    { stop: "deadline", retried: 3, released: 3 },
    { ...CUT, stop: "broken" },
    { ...CUT, stop: "unavailable" },
    { ...CUT, stop: "paused" },
    { ...CUT, stop: "idle", ackPending: 1 },
  ])("comes back itself when it got nowhere, or for another reason: %j", async (given) => {
    const { handedOver, told, waker } = wakerWith({ replay: () => given });
    expect(await ring(waker, replayed("a"))).toEqual(["a"]);
    expect({ handedOver, told }).toEqual({ handedOver: [], told: [] });
  });

  test.each<Stop>(["deadline", "blocked", "unavailable"])(
    "is done when all was settled by then, although it stopped as %s",
    async (stop) => {
      const { asked, handedOver, waker } = wakerWith({
        replay: () => ({ stop, acked: 7, done: true }),
      });
      expect(await ring(waker, replayed("a"))).toEqual([]);
      expect(await ring(waker, replayed("a"))).toEqual([]);
      expect({ asked, handedOver }).toEqual({ asked: ["replay a 1"], handedOver: [] });
    },
  );

  test("does not begin when the process is about to end", async () => {
    const { asked, waker } = wakerWith({ replay: () => CUT, zombies: 1 });
    expect(await ring(waker, replayed("a"), replayed("b"))).toEqual(["a", "b"]);
    expect(asked).toEqual(["replay a 1"]);
  });

  test("comes back itself when its process is about to end", async () => {
    const { handedOver, waker } = wakerWith({ replay: () => CUT, zombies: 1 });
    expect(await ring(waker, replayed("a"))).toEqual(["a"]);
    expect(handedOver).toEqual([]);
  });

  test("and whose message is delivered once more all the same does not go on twice", async () => {
    const { asked, handedOver, waker } = wakerWith({ replay: () => CUT });
    await ring(waker, replayed("a"));
    expect(await ring(waker, replayed("a"))).toEqual([]);
    expect({ asked, handedOver }).toEqual({ asked: ["replay a 1"], handedOver: ["a 1"] });
  });

  test("ends a chain of its own messages after ten; the last one comes back", async () => {
    const { handedOver, told, waker } = wakerWith({ replay: () => CUT });
    let failed = await ring(waker, replayed("m-0"));
    for (let hops = 1; failed.length === 0; hops += 1) {
      expect(hops).toBeLessThan(50);
      failed = await ring(waker, replayed(`m-${hops}`, { replayId: "m-0", hops }));
    }
    expect(failed).toEqual([`m-${MOST_HOPS}`]);
    expect(handedOver).toHaveLength(MOST_HOPS);
    expect(told.at(-1)).toBe("backlog-left");
  });

  test("counts on from whatever has come the furthest, as the drain beside it does", async () => {
    const { handedOver, rung, waker } = wakerWith({ drain: () => CUT, replay: () => CUT });
    expect(await ring(waker, record("a", { hops: 2 }), replayed("b", { hops: 4 }))).toEqual([]);
    expect({ handedOver, rung }).toEqual({ handedOver: ["b 5"], rung: [5] });
  });

  test("without a doorbell comes back, and that is told", async () => {
    const { told, waker } = wakerWith({ replay: () => CUT, more: { ringAgain: undefined } });
    expect(await ring(waker, replayed("a"))).toEqual(["a"]);
    expect(told).toEqual(["backlog-left"]);
  });

  test("comes back when the doorbell cannot be rung", async () => {
    const ringAgain = async (): Promise<void> => {
      throw new Error("AccessDenied");
    };
    const { told, waker } = wakerWith({ replay: () => CUT, more: { ringAgain } });
    expect(await ring(waker, replayed("a"))).toEqual(["a"]);
    expect(await ring(waker, replayed("a"))).toEqual(["a"]);
    expect(told).toEqual(["not-rung-again", "not-rung-again"]);
  });
});

describe("the time of a wake", () => {
  test("is shared by the drain and all replays, whatever each of them takes", async () => {
    const parts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(parts, fc.boolean(), async (taken, isRung) => {
        let now = 0;
        let left = taken.length;
        const takes = (deadline: number): number => {
          // As much as each of those behind it has, when it takes all of its own.
          expect(deadline).toBeCloseTo(now + (DEADLINE - now) / left, 5);
          const ms = (deadline - now) * (taken[taken.length - left] ?? 0);
          [now, left] = [now + ms, left - 1];
          return ms;
        };
        const { waker } = wakerWith({ takes });
        const records = taken.map((_, at) =>
          isRung && at === 0 ? record("ring") : replayed(`${at}`),
        );
        expect(await ring(waker, ...records)).toEqual([]);
        expect(left).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  test("is all of it for one that is alone", async () => {
    const { deadlines, waker } = wakerWith();
    await ring(waker, record("a"), record("b"));
    await ring(waker, replayed("c"));
    expect(deadlines).toEqual([DEADLINE, DEADLINE]);
  });

  test("is not cut into pieces that are too short for a run", async () => {
    const all = { takes: (deadline: number) => deadline, more: { leastRunMs: DEADLINE - 1 } };
    const { deadlines, waker } = wakerWith(all);
    await ring(waker, record("a"), replayed("b"), replayed("c"));
    expect(deadlines).toEqual([DEADLINE - 1, DEADLINE, DEADLINE]);
  });
});

describe("a replay that is delivered twice", () => {
  test("is done once", async () => {
    const { asked, waker } = wakerWith();
    const one = replayed("a");
    expect(await ring(waker, one, one)).toEqual([]);
    expect(await ring(waker, one)).toEqual([]);
    expect(await ring(waker, replayed("b"))).toEqual([]);
    expect(asked).toEqual(["replay a 1", "replay b 1"]);
  });

  test("is done again as long as it has not come to its end", async () => {
    const stops: Stop[] = ["deadline", "unavailable", "idle"];
    const { asked, waker } = wakerWith({ replay: () => ({ stop: stops.shift() ?? "idle" }) });
    const one = replayed("a");
    const failed = [];
    for (let time = 1; time <= 4; time += 1) failed.push(...(await ring(waker, one)));
    expect(failed).toEqual(["a", "a"]);
    expect(asked).toHaveLength(3);
  });

  test("is remembered, but not for ever", async () => {
    const { asked, waker } = wakerWith();
    const one = replayed("first");
    await ring(waker, one);
    for (let at = 1; at < 1000; at += 1) await ring(waker, replayed(`${at}`));
    await ring(waker, one);
    expect(asked).toHaveLength(1000);
    await ring(waker, replayed("one more"));
    await ring(waker, one);
    expect(asked).toHaveLength(1002);
  });
});
