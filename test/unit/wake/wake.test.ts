import { describe, expect, test } from "vitest";
import type { Stop } from "../../../functions/bridge/core/stop.ts";
import { type Given, wakerWith, record, replayOf, ring, wake } from "../../support/waking.ts";

/** Anything else is well. */
const BAD: readonly Stop[] = ["blocked", "unavailable", "broken", "gone", "overlap"];

describe("a tick", () => {
  test.each<Stop>(["idle", "deadline", "paused"])("is one drain; %s is well", async (stop) => {
    const { asked, waker } = wakerWith({ drain: () => ({ stop, acked: 7 }) });
    expect(await wake(waker)).toMatchObject({ stop, acked: 7 });
    expect(asked).toEqual(["drain"]);
  });

  test.each(BAD)("that ends as %s is an error, with the reason", async (stop) => {
    await expect(wake(wakerWith({ drain: () => ({ stop, reason: "why" }) }).waker)).rejects.toThrow(
      `the run stopped as ${stop}: why`,
    );
    await expect(wake(wakerWith({ drain: () => ({ stop }) }).waker)).rejects.toThrow(
      `the run stopped as ${stop}: see its receipt in the log`,
    );
  });

  test("that finds all in other hands is well: nothing waits", async () => {
    const drain = (): Given => ({ stop: "blocked", reason: "unsettled", elsewhere: 2 });
    expect(await wake(wakerWith({ drain }).waker)).toMatchObject({
      stop: "blocked",
      elsewhere: 2,
    });
  });

  test("is never skipped", async () => {
    const { asked, waker } = wakerWith();
    await wake(waker);
    await wake(waker);
    await wake(waker);
    expect(asked).toEqual(["drain", "drain", "drain"]);
  });
});

test("an event that is none of ours is refused, and the bridge is left alone", async () => {
  const { asked, told, waker } = wakerWith();
  await expect(wake(waker, { action: "wake" })).rejects.toThrow(
    /^event: given an event with action/,
  );
  expect({ asked, told }).toEqual({ asked: [], told: ["event-refused"] });
});

describe("messages of the doorbell", () => {
  test("that are rings are one drain", async () => {
    const { asked, waker } = wakerWith();
    expect(await ring(waker, record("a"), record("b"), record("c"))).toEqual([]);
    expect(asked).toEqual(["drain"]);
  });

  test.each(BAD)("come back when the run ends as %s", async (stop) => {
    const { asked, waker } = wakerWith({ drain: () => ({ stop }) });
    const failed = await ring(waker, record("a"), record("b"), record("c", { body: replayOf(1) }));
    expect(failed).toEqual(["a", "b"]);
    expect(asked).toEqual(["drain", "replay c 1"]);
  });

  test("do not come back when all is in other hands", async () => {
    const { asked, waker } = wakerWith({ drain: () => ({ stop: "blocked", elsewhere: 1 }) });
    expect(await ring(waker, record("a"))).toEqual([]);
    expect(asked).toEqual(["drain"]);
  });

  test("that are replays are a replay each, after the drain", async () => {
    const { asked, waker } = wakerWith();
    const records = [
      record("a", { body: replayOf(1) }),
      record("b"),
      record("c", { body: replayOf(2) }),
    ];
    expect(await ring(waker, ...records)).toEqual([]);
    expect(asked).toEqual(["drain", "replay a 1", "replay c 2"]);
  });

  test.each<Stop>(["deadline", "paused", ...BAD])(
    "that are replays come back when they end as %s",
    async (stop) => {
      const { waker } = wakerWith({ replay: (id) => (id === "a" ? { stop } : {}) });
      const records = [record("a", { body: replayOf(1) }), record("b", { body: replayOf(1) })];
      expect(await ring(waker, ...records)).toEqual(["a"]);
    },
  );

  test("that are replays come back while a handler has put something off", async () => {
    const answers = [{ ackPending: 1, delayed: 1 }, {}];
    const { asked, waker } = wakerWith({ replay: () => answers.shift() ?? {} });
    const one = record("a", { body: replayOf(1) });
    expect(await ring(waker, one)).toEqual(["a"]);
    expect(await ring(waker, one)).toEqual([]);
    expect(asked).toHaveLength(2);
  });

  test("that are refused are told, and come back, and the others are served", async () => {
    const { asked, told, waker } = wakerWith();
    const records = [
      record("a", { body: "hello" }),
      record("b"),
      record("c", { body: '{"version":1,"kind":"ring","stream":"OTHER"}' }),
      record("d", { body: replayOf(1) }),
    ];
    expect(await ring(waker, ...records)).toEqual(["a", "c"]);
    expect(asked).toEqual(["drain", "replay d 1"]);
    expect(told).toEqual(["doorbell-refused", "doorbell-refused"]);
  });

  test("without a ring among them drain nothing", async () => {
    const { asked, waker } = wakerWith();
    await ring(waker, record("a", { body: replayOf(1) }), record("b", { body: "hello" }));
    expect(asked).toEqual(["replay a 1"]);
  });

  test("all come back when the bridge breaks", async () => {
    const drain = (): never => {
      throw new TypeError("a bug");
    };
    await expect(ring(wakerWith({ drain }).waker, record("a"))).rejects.toThrow("a bug");
  });
});
