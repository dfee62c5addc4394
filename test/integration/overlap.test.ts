// Two copies of an ordered bridge on one consumer: a deployment that overlaps, a process that was frozen. At most one
// goes on, order holds in each group, and a single run afterwards delivers the rest.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Bridge } from "../support/bridge-process.ts";
import { QUICK } from "../support/bridge-settings.ts";
import type { Route } from "../support/parts.ts";
import type { Received } from "../support/sqs.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const GROUPS = 7;
const OVERLAP = 4;

const { operator, parts } = await partsOfFile();

interface Publisher {
  /** Stops, and answers with how many there are. */
  stop(): Promise<number>;
}

/** Numbers from 1 on, one after the other, to all groups in turn, until it is stopped. */
function publishing(stream: string): Publisher {
  const stopped = new AbortController();
  const done = (async () => {
    let number = 0;
    while (!stopped.signal.aborted) {
      await operator.publish((one) => `${stream}.g${one % GROUPS}`, 5, number + 1);
      number += 5;
      await sleep(10);
    }
    return number;
  })();
  return {
    stop() {
      stopped.abort();
      return done;
    },
  };
}

/** Each number once, and in each group as it was published. */
function completeAndInOrder(received: readonly Received[], count: number): void {
  const numbers = received.map(({ body }) => Number(body));
  expect(numbers.toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: count }, (_, at) => at + 1),
  );
  for (const group of new Set(received.map((one) => one.group))) {
    const own = received.filter((one) => one.group === group).map(({ body }) => Number(body));
    expect(own).toEqual(own.toSorted((a, b) => a - b));
  }
}

/** The rest by a run of its own, whatever came before. */
async function aSingleRunDelivers(route: Route, count: number): Promise<void> {
  await using last = route.start(QUICK);
  await last.waitFor("running");
  await route.drained(20_000);
  expect(await last.stop()).toBe(0);
  completeAndInOrder(await parts.sqs.receiveAll(route.queueUrl), count);
}

/** Stops the one that goes on, if there is one: both may have seen the other, and one of them a little later. */
async function stopRemaining(...bridges: readonly Bridge[]): Promise<void> {
  await sleep(1000);
  const remaining: Bridge[] = [];
  for (const bridge of bridges) {
    const code = await ended(bridge);
    if (code === undefined) remaining.push(bridge);
    else expect(code).toBe(OVERLAP);
  }
  expect(remaining.length).toBeLessThan(2);
  for (const bridge of remaining) expect([0, OVERLAP]).toContain(await bridge.stop());
}

const ended = (bridge: Bridge): Promise<number | NodeJS.Signals | undefined> =>
  Promise.race([bridge.exited, sleep(0, undefined)]);

describe("two copies of an ordered bridge", () => {
  test.concurrent("started at the same time: at least one steps back", async () => {
    const route = await parts.route("TOGETHER", { fifo: true });
    const publisher = publishing("TOGETHER");
    await using one = route.start(QUICK);
    await using other = route.start(QUICK);
    expect(await Promise.race([one.exited, other.exited])).toBe(OVERLAP);
    const published = await publisher.stop();
    await stopRemaining(one, other);
    await aSingleRunDelivers(route, published);
  });

  test.concurrent("one after the other: the second steps back and leaves the first alone", async () => {
    const route = await parts.route("SECOND", { fifo: true });
    const publisher = publishing("SECOND");
    await using first = route.start(QUICK);
    await first.waitFor((line) => line.event === "receipt" && Number(line["acked"]) > 50);
    await using second = route.start(QUICK);
    expect(await Promise.race([first.exited, second.exited])).toBe(OVERLAP);
    const published = await publisher.stop();
    await stopRemaining(first, second);
    await aSingleRunDelivers(route, published);
  });

  test.concurrent("one frozen past its ack wait and then thawed: it steps back, and nothing is out of order", async () => {
    const route = await parts.route("FROZEN", { fifo: true });
    const publisher = publishing("FROZEN");
    await using frozen = route.start(QUICK);
    await frozen.waitFor((line) => line.event === "receipt" && Number(line["acked"]) > 50);
    process.kill(frozen.pid, "SIGSTOP");
    await using other = route.start(QUICK);
    await other.waitFor("running");
    await other.waitFor((line) => line.event === "receipt" && Number(line["acked"]) > 100);
    process.kill(frozen.pid, "SIGCONT");
    expect(await Promise.race([frozen.exited, other.exited])).toBe(OVERLAP);
    const published = await publisher.stop();
    await stopRemaining(frozen, other);
    await aSingleRunDelivers(route, published);
  });
});
