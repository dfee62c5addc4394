import { expect, test } from "vitest";
import { type Receipt, Tally } from "../../../functions/bridge/run/receipt.ts";
import { supervise } from "../../../functions/bridge/run/supervise.ts";
import type { Stop } from "../../../functions/bridge/core/stop.ts";
import { FakeClock } from "../../support/fake-clock.ts";

function receipt(stop: Stop, more: Partial<Receipt> = {}): Receipt {
  return { ...new Tally().receipt(stop, undefined, 0, 0), ...more };
}

/** Runs with one receipt after the other; the last one again and again. */
function started(...receipts: readonly Receipt[]): {
  readonly clock: FakeClock;
  readonly stop: AbortController;
  readonly last: Promise<Receipt>;
  readonly attempts: () => number;
} {
  const clock = new FakeClock();
  const stop = new AbortController();
  let attempts = 0;
  const attempt = async (): Promise<Receipt> => {
    attempts += 1;
    return (receipts[attempts - 1] ?? receipts.at(-1)) as Receipt;
  };
  return { clock, stop, last: supervise(attempt, clock, stop.signal), attempts: () => attempts };
}

test.each<Stop>(["gone", "overlap"])("after %s no further run could help", async (stop) => {
  const { attempts, last } = started(receipt(stop));
  expect((await last).stop).toBe(stop);
  expect(attempts()).toBe(1);
});

test.each<Stop>(["unavailable", "blocked", "broken", "paused", "idle"])(
  "after %s it tries again until told to stop",
  async (name) => {
    const { attempts, clock, last, stop } = started(receipt(name));
    await clock.advance(10_000);
    expect(attempts()).toBeGreaterThan(3);
    stop.abort();
    expect((await last).stop).toBe(name);
    expect(clock.sleeping).toBe(0);
  },
);

test("pauses grow up to half a minute while runs achieve nothing", async () => {
  const { attempts, clock } = started(receipt("broken"));
  await clock.advance(3_600_000);
  expect(attempts()).toBeLessThan(3_600_000 / 15_000 + 10);
});

test("a run that delivered something or lasted long is followed by a short pause", async () => {
  for (const more of [{ acked: 1 }, { milliseconds: 30_000 }]) {
    const { attempts, clock } = started(receipt("broken", more));
    await clock.advance(5000);
    expect(attempts()).toBe(11);
  }
});

test("told to stop during a run, that run's receipt is the last", async () => {
  const { attempts, last, stop } = started(receipt("deadline"));
  stop.abort();
  expect((await last).stop).toBe("deadline");
  expect(attempts()).toBe(1);
});
