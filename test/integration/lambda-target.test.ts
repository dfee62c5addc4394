// From JetStream to functions that were written for SQS, each in processes of its own.
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { expectGoodEnd, sorted } from "../support/arrivals.ts";
import { readiness } from "../support/bridge-settings.ts";
import { publishCases, wantedOf } from "../support/cases.ts";
import {
  type InvokedRecord,
  type LocalFunctions,
  startFunctions,
} from "../support/function-endpoint.ts";
import { numberOf, type Published, type Route, upTo } from "../support/parts.ts";
import { BEYOND, HEADERS, PAYLOADS } from "../support/payload-cases.ts";
import { readSqsMessage } from "../support/read-sqs-message.ts";
import type { Received } from "../support/sqs.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const { parts } = await partsOfFile();

/** A route to a function in place of the queue, with short times. */
function towards(
  functions: LocalFunctions,
  route: Route,
  file: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    ...functions.environment,
    SQS_QUEUE_URL: "",
    FUNCTION_ARN: functions.deploy(route.stream, file),
    CONCURRENCY: "2",
    JETSTREAM_ACK_WAIT: "2s",
    RETRY_DELAY_MIN: "50ms",
    RETRY_DELAY_MAX: "300ms",
    MAXIMUM_RETRY_ATTEMPTS: "2",
    ...more,
  };
}

/** Orders, of which some have this many items; all others have one. */
function orders(items: Readonly<Record<number, number>>): (number: number) => Published {
  return (number) => ({ data: JSON.stringify({ number, items: items[number] ?? 1 }) });
}

const numberIn = ({ body }: InvokedRecord): number =>
  (JSON.parse(body) as { number: number }).number;

/** The orders that a function has shipped, each as often as it did. */
const shipped = ({ printed }: LocalFunctions): readonly number[] =>
  sorted(printed.map((line) => Number(line.replace("shipped ", ""))));

/** How many records were in each call that this order was in. */
const companyOf = ({ invocations }: LocalFunctions, number: number): readonly number[] =>
  invocations.flatMap(({ records }) =>
    records.some((record) => numberIn(record) === number) ? [records.length] : [],
  );

/** Life goes on until so many are buried. Returns how many orders there were by then. */
async function untilBuried(route: Route, letterCount: number): Promise<number> {
  while ((await parts.sqs.count(route.deadLetterUrl)) < letterCount) {
    await route.publish(5, orders({}));
    await sleep(50);
  }
  await route.drained();
  return (await parts.manager.streams.info(route.stream)).state.last_seq;
}

async function letters(route: Route, expected: number): Promise<readonly Received[]> {
  const received = await parts.sqs.receiveAll(route.deadLetterUrl, { expected });
  return received.toSorted((a, b) => numberOf(a) - numberOf(b));
}

const without = (count: number, missing: readonly number[]): readonly number[] =>
  upTo(count).filter((number) => !missing.includes(number));

const hasPython = spawnSync("python3", ["--version"]).status === 0;

describe.concurrent("functions written for SQS", () => {
  test("one that throws and ends its process: the culprits are tried alone, then buried; no other is", async () => {
    await using functions = await startFunctions();
    const route = await parts.route("plain", { deadLetters: true });
    await route.publish(60, orders({ 7: 0, 33: -1 }));
    await using bridge = route.start(towards(functions, route, "plain.mjs"));
    const count = await untilBuried(route, 2);
    await expectGoodEnd(bridge);
    // It ships those before the culprit again and again: a function like this has to bear duplicates.
    expect(sorted(new Set(shipped(functions)))).toEqual(without(count, [7, 33]));
    const found = await letters(route, 2);
    expect(found.map(({ body, attributes }) => [body, attributes["dead-letter-reason"]])).toEqual([
      [`{"number":7,"items":0}`, "Error: order 7 has no items"],
      [`{"number":33,"items":-1}`, "Runtime.ExitError: Runtime exited with error: exit status 1"],
    ]);
    for (const [number, { attributes }] of [7, 33].map((one, at) => [one, found[at]!] as const)) {
      const company = companyOf(functions, number);
      expect(company.filter((size) => size === 1).length).toBeGreaterThanOrEqual(2);
      expect(attributes["dead-letter-tries"]).toBe(String(company.length));
      expect(attributes["dead-letter-evidence"]).toMatch(/^failed \d+ times/);
    }
    expect(bridge.receipts().at(-1)).toMatchObject({
      acked: count - 2,
      buried: 2,
      unconfirmed: 0,
    });
  });

  test.each([
    ["powertools.mjs", "FullBatchFailureError"],
    ["reporting.py", "the function names it in batchItemFailures"],
  ])(
    "one that reports failures is believed: no other order is sent twice (%s)",
    async (file, lone) => {
      if (file.endsWith(".py") && !hasPython) return;
      await using functions = await startFunctions();
      const route = await parts.route(file.split(".")[0]!, { deadLetters: true });
      await route.publish(60, orders({ 7: 0, 33: 0 }));
      await using bridge = route.start(towards(functions, route, file));
      const count = await untilBuried(route, 2);
      await expectGoodEnd(bridge);
      expect(shipped(functions)).toEqual(without(count, [7, 33]));
      const found = await letters(route, 2);
      expect(found.map(numberOf)).toEqual([7, 33]);
      for (const { attributes } of found) {
        expect(attributes["dead-letter-reason"]).toContain(lone);
        const company = companyOf(functions, numberOf({ attributes }));
        // Once beside its neighbours, then alone.
        expect(company[0]).toBeGreaterThan(1);
        expect(new Set(company.slice(1))).toEqual(new Set([1]));
        expect(attributes["dead-letter-tries"]).toBe(String(company.length));
      }
    },
  );

  test("with BISECT_ON_ERROR the culprit is found at once, and its neighbours are spared", async () => {
    await using functions = await startFunctions();
    const route = await parts.route("bisect", { deadLetters: true });
    await route.publish(10, orders({ 4: 0 }));
    const settings = towards(functions, route, "plain.mjs", { BISECT_ON_ERROR: "true" });
    await using bridge = route.start(settings);
    const count = await untilBuried(route, 1);
    await expectGoodEnd(bridge);
    expect(companyOf(functions, 4).slice(0, 5)).toEqual([10, 5, 2, 1, 1]);
    expect(companyOf(functions, 9)).toEqual([10, 5]);
    expect((await letters(route, 1)).map(numberOf)).toEqual([4]);
    expect(sorted(new Set(shipped(functions)))).toEqual(without(count, [4]));
  });

  test("throttling says nothing about messages", async () => {
    await using functions = await startFunctions();
    const route = await parts.route("throttled", { deadLetters: true });
    functions.script(({ number }) =>
      number < 6 ? { status: 429, code: "TooManyRequestsException" } : undefined,
    );
    await route.publish(40, orders({}));
    await using bridge = route.start(towards(functions, route, "plain.mjs"));
    await route.drained();
    await expectGoodEnd(bridge);
    expect(shipped(functions)).toEqual(upTo(40));
    expect(await parts.sqs.count(route.deadLetterUrl)).toBe(0);
    expect(bridge.receipts().at(-1)).toMatchObject({ acked: 40, duplicates: 0 });
  });

  test("a permission that goes missing stops the bridge, and is no fault of any message", async () => {
    await using functions = await startFunctions();
    const route = await parts.route("forbidden", { deadLetters: true });
    functions.script(({ number }) =>
      number === 2 ? { status: 403, code: "AccessDeniedException" } : undefined,
    );
    await route.publish(60, orders({}));
    await using bridge = route.start(towards(functions, route, "plain.mjs"));
    await bridge.waitFor(({ stop }) => stop === "unavailable");
    await route.drained();
    await expectGoodEnd(bridge);
    expect(shipped(functions)).toEqual(upTo(60));
    expect(await parts.sqs.count(route.deadLetterUrl)).toBe(0);
  });

  test("a function that may not be invoked is not ready, and nothing is pulled", async () => {
    await using functions = await startFunctions();
    functions.forbid(true);
    const route = await parts.route("closed");
    await route.publish(10, orders({}));
    await using bridge = route.start(towards(functions, route, "plain.mjs"));
    await bridge.waitFor(({ stop }) => stop === "unavailable");
    const { reason, status } = await readiness(bridge);
    expect([status, reason]).toEqual([503, expect.stringContaining("AccessDeniedException")]);
    expect((await route.consumer())?.delivered.consumer_seq).toBe(0);
    functions.forbid(false);
    await route.drained();
    await expectGoodEnd(bridge);
    expect(shipped(functions)).toEqual(upTo(10));
  });

  test("a function may run longer than the ack wait: nothing is sent twice meanwhile", async () => {
    await using functions = await startFunctions();
    const route = await parts.route("slow");
    await route.publish(10, orders({}));
    const settings = towards(functions, route, "slow.mjs", { JETSTREAM_ACK_WAIT: "1s" });
    await using bridge = route.start(settings);
    await route.drained();
    await expectGoodEnd(bridge);
    expect(shipped(functions)).toEqual(upTo(10));
    expect(functions.invocations.length).toBe(1);
  });

  test("batches are as large as asked for, and wait to fill", async () => {
    await using functions = await startFunctions();
    const route = await parts.route("window");
    const more = { BATCH_SIZE: "50", BATCH_WINDOW: "1s", CONCURRENCY: "1" };
    await using bridge = route.start(towards(functions, route, "plain.mjs", more));
    await bridge.waitFor("running");
    for (let at = 0; at < 5; at += 1) await route.publish(10, orders({}));
    await route.drained();
    await expectGoodEnd(bridge);
    expect(shipped(functions)).toEqual(upTo(50));
    expect(functions.invocations.length).toBeLessThanOrEqual(2);
  });

  test("payloads and headers of all kinds come out byte for byte", async () => {
    await using functions = await startFunctions();
    const route = await parts.route("matrix");
    const cases = [...PAYLOADS, ...HEADERS, ...BEYOND];
    await publishCases(parts, route, cases);
    await using bridge = route.start(towards(functions, route, "accepting.mjs"));
    await route.drained();
    await expectGoodEnd(bridge);
    const records = functions.invocations.flatMap((invocation) => invocation.records);
    const read = records.map(({ body, messageAttributes }) => {
      const attributes = Object.entries(messageAttributes).map(
        ([name, { stringValue }]) => [name, { StringValue: stringValue }] as const,
      );
      const MessageAttributes = Object.fromEntries(attributes);
      const { data, headers } = readSqsMessage({ Body: body, MessageAttributes });
      const subject = MessageAttributes["nats-subject"]?.StringValue ?? "";
      const { name } = cases[Number(subject.split(".")[1])]!;
      return [name, { data: data.toString("hex"), headers: Object.fromEntries(headers) }] as const;
    });
    expect(read.length).toBe(cases.length);
    expect(Object.fromEntries(read)).toEqual(wantedOf(cases));
  });
});
