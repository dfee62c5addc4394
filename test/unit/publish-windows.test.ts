import { describe, expect, test } from "vitest";
import type { Config } from "../../functions/bridge/config.ts";
import { PublishWindows } from "../../functions/bridge/publish-windows.ts";
import { SourceError } from "../../functions/bridge/source/source-error.ts";
import { settled } from "../support/fake-clock.ts";
import { LEAST, read } from "../support/read-config.ts";

/** Of an invocation. */
const RUN_MS = 30_000;

/** That, the longest delay of a retry and the wake interval together. */
const NEEDED_MS = RUN_MS + 120_000 + 60_000;

interface Told {
  readonly event: string;
  readonly details: unknown;
}

/** A server whose streams recognise an id for so long; `windowMs` undefined: no stream takes anything. */
function make(windowMs: () => number | undefined, changes: object = { WAKE_INTERVAL: "60s" }) {
  const { config } = read({ ...LEAST, ...changes });
  const told: Told[] = [];
  const asked: object[] = [];
  const windows = new PublishWindows(config as Config, (event, details) =>
    told.push({ event, details }),
  );
  const source = {
    async windowOf(of: object) {
      asked.push(of);
      const ms = windowMs();
      return ms === undefined ? undefined : { stream: "SHIPMENTS", windowMs: ms };
    },
  };
  return { windows, source, told, asked };
}

describe("subjects that a handler says it publishes to", () => {
  test("are looked at once in the life of the process", async () => {
    const { asked, source, told, windows } = make(() => NEEDED_MS);
    windows.check(source, ["a", "b", "a"], RUN_MS);
    await settled();
    windows.check(source, ["b", "c"], RUN_MS);
    await settled();
    expect(asked).toEqual([{ subject: "a" }, { subject: "b" }, { subject: "c" }]);
    expect(told).toEqual([]);
  });

  test("that no stream takes are told before a message fails for it", async () => {
    const { source, told, windows } = make(() => undefined);
    windows.check(source, ["a"], RUN_MS);
    await settled();
    expect(told).toEqual([
      {
        event: "publish-without-stream",
        details: {
          subject: "a",
          consequence: "messages whose handler publishes to it are handled again",
        },
      },
    ]);
  });

  test("that cannot be looked at are looked at again by the next run", async () => {
    const answers: (() => number)[] = [
      () => {
        throw new Error("NATS denies this user STREAM.NAMES");
      },
      () => NEEDED_MS,
    ];
    const { asked, source, told, windows } = make(() => answers.shift()?.());
    windows.check(source, ["a"], RUN_MS);
    await settled();
    expect(told).toEqual([
      {
        event: "publish-window-unknown",
        details: { subject: "a", reason: "NATS denies this user STREAM.NAMES" },
      },
    ]);
    windows.check(source, ["a"], RUN_MS);
    await settled();
    windows.check(source, ["a"], RUN_MS);
    await settled();
    expect(asked).toHaveLength(2);
  });
});

describe("a stream that forgets an id before the message may be handled again", () => {
  test.each([
    [
      "a whole run, the longest delay of a retry and the wake interval",
      { WAKE_INTERVAL: "60s" },
      NEEDED_MS,
    ],
    ["the longest delay, where nothing says how often it is woken", {}, RUN_MS + 120_000],
    [
      "the ack wait and the wake interval, where no delay is longer",
      { RETRY_DELAY_MIN: "1s", RETRY_DELAY_MAX: "9s", WAKE_INTERVAL: "60s" },
      RUN_MS + 10_000 + 60_000,
    ],
    ["a longer delay of a retry", { RETRY_DELAY_MAX: "11s" }, RUN_MS + 11_000],
  ])("is told, by %s", async (_what, changes, neededMs) => {
    for (const [windowMs, events] of [
      [neededMs, []],
      [neededMs - 1, ["publish-window"]],
    ] as const) {
      const { source, told, windows } = make(() => windowMs, changes);
      windows.check(source, ["a"], RUN_MS);
      await settled();
      expect(told.map(({ event }) => event)).toEqual(events);
    }
  });

  test("is told with its numbers, once, however many subjects it takes", async () => {
    const { source, told, windows } = make(() => 1000);
    windows.check(source, ["a", "b"], RUN_MS);
    windows.published(source, "SHIPMENTS", "a");
    await settled();
    expect(told).toHaveLength(1);
    expect(told).toMatchObject([
      {
        event: "publish-window",
        details: { stream: "SHIPMENTS", duplicateWindowMs: 1000, handledAgainAfterMs: NEEDED_MS },
      },
    ]);
  });

  test("is told by the longest run so far", async () => {
    const { source, told, windows } = make(() => NEEDED_MS);
    windows.check(source, ["a"], RUN_MS);
    windows.check(source, ["b"], RUN_MS + 1);
    windows.check(source, ["c"], 1);
    await settled();
    expect(told).toMatchObject([
      { event: "publish-window", details: { handledAgainAfterMs: NEEDED_MS + 1 } },
    ]);
  });

  test("is found out with the first that is published, where nothing was said before", async () => {
    const { asked, source, told, windows } = make(() => 1000);
    windows.published(source, "SHIPMENTS", "a");
    windows.published(source, "SHIPMENTS", "a");
    await settled();
    expect(asked).toEqual([{ stream: "SHIPMENTS" }]);
    expect(told.map(({ event }) => event)).toEqual(["publish-window"]);
  });
});

describe("a subject to which nothing can be published", () => {
  const away = (reason: string): Error => new SourceError("broken", reason);

  const failure = (subject: string, reason: string): Told => ({
    event: "publish-failed",
    details: {
      subject,
      reason,
      consequence: "messages whose handler publishes to it are handled again",
    },
  });

  test("is told once, until something is stored there again", async () => {
    const { source, told, windows } = make(() => NEEDED_MS);
    windows.failed("a", away("no stream takes a"));
    windows.failed("a", away("still none"));
    windows.failed("b", away("no stream takes b"));
    expect(told).toEqual([failure("a", "no stream takes a"), failure("b", "no stream takes b")]);
    windows.published(source, "SHIPMENTS", "a");
    await settled();
    windows.failed("b", away("still none"));
    windows.failed("a", away("gone again"));
    expect(told.slice(2)).toEqual([failure("a", "gone again")]);
  });

  test("is told apart from what nothing takes", async () => {
    const { source, told, windows } = make(() => NEEDED_MS);
    const consequence =
      "the message whose handler publishes this has failed by its own fault, and is buried if that goes on";
    const ownFaults = [
      new SourceError("refused", "too large", { code: 10_054 }),
      new TypeError("a header with a line break"),
    ];
    for (const fault of ownFaults) {
      windows.failed("a", fault);
      windows.failed("a", fault);
      windows.published(source, "SHIPMENTS", "a");
    }
    windows.failed("a", away("no stream takes a"));
    expect(told).toEqual([
      ...ownFaults.map(({ message: reason }) => ({
        event: "publish-failed",
        details: { subject: "a", reason, consequence },
      })),
      failure("a", "no stream takes a"),
    ]);
    windows.failed("a", ownFaults[0]!);
    expect(told).toHaveLength(4);
    await settled();
  });
});
