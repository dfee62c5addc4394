// Messages for which a function fails every time, over runs that know nothing of each other.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { expectGoodEnd, sorted } from "../support/arrivals.ts";
import { type Call, calls, tries } from "../support/function-calls.ts";
import { type LocalFunctions, startFunctions } from "../support/function-endpoint.ts";
import { invoke } from "../support/lambda-process.ts";
import { numberOf, type Published, type Route, upTo } from "../support/parts.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const { parts } = await partsOfFile();

/** The function throws at the one, and ends its process at the other. */
const THROWS = 3;
const EXITS = 17;
const POISON = [THROWS, EXITS];
const COUNT = 30;

const CONCURRENCY = 2;

/** Up to this many deliveries a message may share its call. */
const UNSUSPICIOUS_DELIVERIES = 5;

const order = (number: number): Published => {
  const items = number === THROWS ? 0 : number === EXITS ? -1 : 1;
  return { data: JSON.stringify({ number, items }) };
};

function settings(
  functions: LocalFunctions,
  route: Route,
  more: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    ...route.environment,
    ...functions.environment,
    SQS_QUEUE_URL: "",
    FUNCTION_ARN: functions.deploy(route.stream, "plain.mjs"),
    CONCURRENCY: String(CONCURRENCY),
    JETSTREAM_ACK_WAIT: "1s",
    NATS_TIMEOUT: "500ms",
    RETRY_DELAY_MIN: "250ms",
    RETRY_DELAY_MAX: "400ms",
    ...more,
  };
}

/** Until this is true; the test's own limit ends it otherwise. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5);
}

/** Life goes on until all culprits are buried. Returns how many orders there were by then. */
async function untilBuried(route: Route): Promise<number> {
  while ((await parts.sqs.count(route.deadLetterUrl)) < POISON.length) {
    await route.publish(5, order);
    await sleep(50);
  }
  await route.drained();
  return (await parts.manager.streams.info(route.stream)).state.last_seq;
}

async function letters(
  route: Route,
): Promise<ReadonlyMap<number, Readonly<Record<string, string>>>> {
  const expected = POISON.length;
  const received = await parts.sqs.receiveAll(route.deadLetterUrl, { expected });
  return new Map(received.map((letter) => [numberOf(letter), letter.attributes]));
}

/** Each neighbour was taken once; or again, where a run ended before its ack: with one of the last calls of that run. */
function expectNeighboursUnharmed(runs: readonly (readonly Call[])[], count: number): void {
  for (const number of upTo(count).filter((one) => !POISON.includes(one))) {
    const taken = runs.flatMap((run) => {
      const positions = run.flatMap(({ numbers, outcome }, position) =>
        numbers.includes(number) && outcome === "returned" ? [position] : [],
      );
      expect(positions.length).toBeLessThanOrEqual(1);
      return positions.map((position) => ({ isLate: position >= run.length - 2 * CONCURRENCY }));
    });
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.slice(0, -1).every(({ isLate }) => isLate)).toBe(true);
  }
}

/** The culprits share no call once they are suspect by their delivery count, and are never taken. */
function expectCulpritsAlone(all: readonly Call[]): void {
  for (const number of POISON) {
    const own = tries(all, number);
    expect(own.filter(({ outcome }) => outcome === "returned")).toEqual([]);
    const suspect = own.filter(({ deliveries }) => deliveries > UNSUSPICIOUS_DELIVERIES);
    expect(suspect.filter(({ numbers }) => numbers.length > 1)).toEqual([]);
  }
}

/** With what the process knew that buried them: these calls are its own. */
async function expectBuried(route: Route, known: readonly Call[]): Promise<void> {
  const found = await letters(route);
  expect(sorted(found.keys())).toEqual(POISON);
  expect(found.get(THROWS)?.["dead-letter-reason"]).toBe(`Error: order ${THROWS} has no items`);
  expect(found.get(EXITS)?.["dead-letter-reason"]).toMatch(/^Runtime.ExitError: .* exit status 1/);
  for (const number of POISON) {
    const count = tries(known, number).length;
    expect(found.get(number)?.["dead-letter-tries"]).toBe(String(count));
    expect(found.get(number)?.["dead-letter-evidence"]).toMatch(
      /^failed \d+ times, [23] of them .* alone in its call$/,
    );
  }
}

describe.concurrent("a function fails for two messages every time", () => {
  test("killed or stopped again and again: suspect by delivery count, alone, and buried by the first run that may go on", async () => {
    await using functions = await startFunctions();
    const route = await parts.route("ended", { deadLetters: true });
    await route.publish(COUNT, order);
    const environment = settings(functions, route, { MAXIMUM_RETRY_ATTEMPTS: "3" });
    /** Where the calls of each run begin. */
    const starts: number[] = [];
    const hasFailed = (number: number): boolean =>
      tries(calls(functions).slice(starts.at(-1)), number).some(
        ({ outcome }) => outcome === "thrown",
      );
    for (let run = 1; run <= UNSUSPICIOUS_DELIVERIES + 2; run += 1) {
      starts.push(functions.invocations.length);
      await using bridge = route.start(environment);
      await until(() => POISON.every(hasFailed));
      if (run % 3 === 0) await expectGoodEnd(bridge);
      else await bridge.kill();
    }
    // No run has seen enough, and what they knew has ended with them.
    expect(await parts.sqs.count(route.deadLetterUrl)).toBe(0);
    starts.push(functions.invocations.length);
    await using bridge = route.start(environment);
    const count = await untilBuried(route);
    await expectGoodEnd(bridge);

    const all = calls(functions);
    const runs = starts.map((start, run) => all.slice(start, starts[run + 1]));
    expectCulpritsAlone(all);
    for (const number of POISON) {
      expect(tries(all, number)[0]?.numbers.length).toBeGreaterThan(1);
      const alone = runs.filter((run) =>
        tries(run, number).every(({ numbers }) => numbers.length === 1),
      );
      expect(alone.length).toBeGreaterThanOrEqual(2);
    }
    expectNeighboursUnharmed(runs, count);
    await expectBuried(route, runs.at(-1) ?? []);
  }, 120_000);

  test("invocations of a warm Lambda that end before they have seen enough: what one has seen counts in the next", async () => {
    await using functions = await startFunctions();
    const route = await parts.route("warm", { deadLetters: true });
    await route.publish(COUNT, order);
    const environment = settings(functions, route, {
      CONSUMER_MANAGEMENT: "create",
      IDLE_TIMEOUT: "200ms",
      MAXIMUM_RETRY_ATTEMPTS: "2",
      // A message comes back after the invocation in which it failed has ended.
      RETRY_DELAY_MIN: "1500ms",
      RETRY_DELAY_MAX: "1500ms",
    });
    const { invocations } = await invoke(environment, ...upTo(14).map(() => 2000));
    expect(invocations.every(({ error }) => error === undefined)).toBe(true);
    const all = calls(functions);
    expectCulpritsAlone(all);
    expectNeighboursUnharmed([all], COUNT);
    // Each time in another invocation.
    for (const number of POISON) {
      const deliveries = tries(all, number).map((call) => call.deliveries);
      expect(deliveries).toEqual([...new Set(deliveries)]);
      expect(deliveries.length).toBeGreaterThanOrEqual(3);
    }
    await expectBuried(route, all);
  }, 120_000);
});
