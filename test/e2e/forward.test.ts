// The bundle of the Lambda entry, as it is deployed, under AWS's own runtime client: frozen between invocations, killed in
// the middle of one, and started anew.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { type AwsFaultProxy, startAwsFaultProxy } from "../support/aws-fault-proxy.ts";
import { QUICK } from "../support/bridge-settings.ts";
import { bundled } from "../support/bundled.ts";
import { findRuntimeClient } from "../support/fetch-runtime-client.ts";
import { numberOf, type Route, upTo } from "../support/parts.ts";
import {
  type Invoked,
  type RunningFunction,
  startFunction,
  valueOf,
} from "../support/runtime-api.ts";
import { partsOfFile } from "../support/parts-of-file.ts";
import { RULE_TICK } from "../support/ticks.ts";

/** Of a rule with a schedule. */
const { operator, parts } = await partsOfFile();
const client = await findRuntimeClient();

/** A route with its consumer, which an operator makes. */
async function given(name: string, ackWaitMs = 20_000): Promise<Route> {
  const route = await parts.route(name);
  await operator.consumer(name, `${name}-to-sqs`, { ack_wait: ackWaitMs * 1e6 });
  return route;
}

function start(
  { environment }: Pick<Route, "environment">,
  timeoutMs: number,
  more: Readonly<Record<string, string>> = {},
): RunningFunction {
  return startFunction({
    client,
    code: bundled("functions/forward.lambda.ts"),
    environment: {
      ...environment,
      ...QUICK,
      IDLE_TIMEOUT: "300ms",
      NODE_OPTIONS: "--enable-source-maps", // as deployed
      ...more,
    },
    timeoutMs,
  });
}

const receiptOf = (invoked: Invoked): Receipt => valueOf<Receipt>(invoked);

/** Each of so many is there, once or more; and the consumer has nothing left, and stands at the end. */
async function allArrived(route: Route, count: number): Promise<void> {
  const received = await parts.sqs.receiveAll(route.queueUrl);
  const numbers = [...new Set(received.map(numberOf))].toSorted((a, b) => a - b);
  expect(numbers).toEqual(upTo(count));
  expect(await route.consumer()).toMatchObject({
    num_pending: 0,
    num_ack_pending: 0,
    ack_floor: { stream_seq: count },
  });
}

/** Invokes until there is nothing left to do; answers with how many messages that took, and what may be there twice. */
async function untilIdle(fn: RunningFunction): Promise<Pick<Receipt, "acked" | "duplicates">> {
  for (let acked = 0, duplicates = 0; ;) {
    const receipt = receiptOf(await fn.invoke());
    expect(receipt).toMatchObject({ unconfirmed: 0, held: 0 });
    acked += receipt.acked;
    duplicates += receipt.duplicates;
    if (receipt.stop === "idle") return { acked, duplicates };
  }
}

/** Until so many calls have come to the queue; or the invocation has ended, which the test then sees. */
async function calls(proxy: AwsFaultProxy, count: number, during: Promise<Invoked>): Promise<void> {
  const over = new AbortController();
  void during.then(() => over.abort());
  while (proxy.batches.length < count && !over.signal.aborted) await sleep(5);
}

test.concurrent("drains the stream and returns a receipt that says `idle`, cold and warm", async () => {
  const route = await given("DRAIN");
  await route.publish(300);
  await using fn = start(route, 20_000);
  const cold = await fn.invoke();
  expect(receiptOf(cold)).toMatchObject({ stop: "idle", pulled: 300, acked: 300, pending: 0 });
  expect(cold.init).toBe(true);
  const warm = await fn.invoke(RULE_TICK);
  expect(receiptOf(warm)).toMatchObject({ stop: "idle", pulled: 0 });
  expect(warm.init).toBe(false);
  expect(await parts.sqs.count(route.queueUrl)).toBe(300);
  await allArrived(route, 300);
  const last = fn.lines().filter(({ event, stop }) => event === "receipt" && stop !== null);
  expect(last.map(({ pulled }) => pulled)).toEqual([300, 0]);
});

test.concurrent("frozen while messages come, it goes on where it stood", async () => {
  const route = await given("FROZEN");
  await route.publish(200);
  await using fn = start(route, 20_000);
  expect(receiptOf(await fn.invoke())).toMatchObject({ stop: "idle", acked: 200 });
  for (const second of upTo(3)) {
    await route.publish(100);
    await sleep(1000);
    // A frozen process that had left a pull open would swallow messages.
    const consumer = await route.consumer();
    expect(consumer).toMatchObject({ num_waiting: 0, num_ack_pending: 0 });
    expect(consumer?.num_pending).toBe(100 * (second + 1));
  }
  expect(receiptOf(await fn.invoke())).toMatchObject({ stop: "idle", pulled: 300, acked: 300 });
  expect(fn.coldStarts).toBe(1);
  expect(await parts.sqs.count(route.queueUrl)).toBe(500);
  await allArrived(route, 500);
});

test.concurrent("killed in the middle of a drain, it loses nothing", async () => {
  const route = await given("KILLED", 2000);
  await route.publish(1000);
  await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
  proxy.script(() => sleep(100, undefined));
  await using fn = start(route, 30_000, {
    AWS_ENDPOINT_URL: proxy.endpoint,
    CONCURRENCY: "4",
    IDLE_TIMEOUT: "3s", // longer than the ack wait of what the killed process held
  });
  const killed = fn.invoke();
  await calls(proxy, 20, killed);
  await fn.kill();
  expect(await killed).toMatchObject({ kind: "exited", signal: "SIGKILL" });
  const stood = (await route.consumer())!;
  expect(stood.ack_floor.stream_seq).toBeGreaterThan(0);
  expect(stood.num_pending + stood.num_ack_pending).toBeGreaterThan(500);
  proxy.script(undefined);
  // It goes on where the other stood, and what had been acked is not sent again.
  const left = stood.num_pending + stood.num_ack_pending;
  expect((await untilIdle(fn)).acked).toBeLessThanOrEqual(left);
  expect(fn.coldStarts).toBe(2);
  await allArrived(route, 1000);
});

test.concurrent("killed by Lambda because it is late, through no fault of its own, it loses nothing", async () => {
  const route = await given("LATE", 2000);
  await route.publish(1000);
  await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
  proxy.script(() => sleep(100, undefined));
  await using fn = start(route, 8000, { AWS_ENDPOINT_URL: proxy.endpoint, CONCURRENCY: "4" });
  const late = fn.invoke();
  await calls(proxy, 4, late);
  fn.pause();
  expect(await late).toMatchObject({ kind: "timed out" });
  proxy.script(undefined);
  // By now the ack wait of what it held is over.
  await untilIdle(fn);
  expect(fn.coldStarts).toBe(2);
  await allArrived(route, 1000);
});

test.concurrent("with a backlog it returns in time, as `deadline`, again and again until all is done", async () => {
  const route = await given("BACKLOG");
  await route.publish(2000);
  await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
  proxy.script(() => sleep(100, undefined));
  await using fn = start(route, 5000, { AWS_ENDPOINT_URL: proxy.endpoint, CONCURRENCY: "2" });
  const first = receiptOf(await fn.invoke());
  expect(first).toMatchObject({ stop: "deadline", unconfirmed: 0, held: 0 });
  expect(first.acked).toBeGreaterThan(0);
  expect(first.acked + first.released).toBe(first.pulled);
  const { num_pending, num_ack_pending } = (await route.consumer())!;
  expect(num_pending + num_ack_pending).toBe(2000 - first.acked);
  proxy.script(undefined);
  const { acked, duplicates } = await untilIdle(fn);
  expect(fn.coldStarts).toBe(1);
  // Nothing was left to its ack wait, which is longer than this test, and nothing was sent twice that was not told.
  expect(acked + first.acked).toBe(2000);
  const told = duplicates + first.duplicates;
  expect(await parts.sqs.count(route.queueUrl)).toBeLessThanOrEqual(2000 + told);
  await allArrived(route, 2000);
});

test.concurrent("a wrong configuration fails its start, with every line", async () => {
  const wrong = { NATS_URL: "http://nope", JETSTREAM_STREAM: "S", BATCH_SIZE: "0" };
  await using fn = start({ environment: {} }, 5000, { ...wrong, SQS_QUEUE_URL: "nope" });
  const failed = await fn.invoke();
  expect(failed).toMatchObject({ kind: "threw", errorType: "Error", init: true });
  const { errorMessage } = failed as unknown as { readonly errorMessage: string };
  expect(errorMessage).toMatch(/^the configuration is wrong:/);
  for (const name of ["NATS_URL", "JETSTREAM_CONSUMER", "BATCH_SIZE", "SQS_QUEUE_URL"]) {
    const line = new RegExp(`^${name}: given .*, expected `, "m");
    expect(errorMessage).toMatch(line);
    expect(fn.output()).toMatch(line);
  }
  expect(fn.output()).toMatch(/forward\.lambda\.ts:\d+/);
  expect(await fn.invoke()).toMatchObject({ kind: "threw", errorMessage, init: true });
});
