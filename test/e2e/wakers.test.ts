// Two sandboxes of the same function, as Lambda starts them when it is woken twice at once; and one through all that may
// end or interrupt it: whoever comes next goes on where the consumer stands.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { sorted } from "../support/arrivals.ts";
import { findRuntimeClient, type RuntimeClient } from "../support/fetch-runtime-client.ts";
import { freePort } from "../support/free-port.ts";
import {
  doubles,
  eventually,
  lane,
  type Lane,
  type Note,
  receipts,
  secondVersion,
  sequences,
  told,
} from "../support/lane.ts";
import { findNatsServer, isAtLeast } from "../support/nats-server.ts";
import { type Parts, startParts } from "../support/parts.ts";
import { type Invoked, type RunningFunction, valueOf } from "../support/runtime-api.ts";

const canPause = isAtLeast((await findNatsServer()).version, "2.11");

let parts: Parts;
let client: RuntimeClient;

let monitor: number;

beforeAll(async () => {
  monitor = await freePort();
  const config = `http: "127.0.0.1:${monitor}"`;
  [parts, client] = await Promise.all([startParts({ config }), findRuntimeClient()]);
});
afterAll(async () => {
  await parts[Symbol.asyncDispose]();
});

/** Until the handler has started so many; or the invocation has ended, which the test then sees. */
async function started(one: Lane, count: number, during: Promise<Invoked>): Promise<void> {
  const over = new AbortController();
  void during.then(() => over.abort());
  const before = starts(one.notes()).length;
  while (starts(one.notes()).length < before + count && !over.signal.aborted) await sleep(5);
}

const starts = (notes: readonly Note[]): readonly Note[] =>
  notes.filter(({ what }) => what === "start");

const isDone = async (one: Lane): Promise<boolean> => {
  const { num_ack_pending, num_pending } = await one.consumer();
  return num_ack_pending + num_pending === 0;
};

/** Of bridges of this lane, as the server counts them. */
async function connections(one: Lane): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${monitor}/connz`);
  const answer = (await response.json()) as { connections: readonly { readonly name?: string }[] };
  return answer.connections.filter(({ name }) => name?.endsWith(one.durable)).length;
}

/** Invokes until there is nothing left. */
async function untilIdle(fn: RunningFunction): Promise<readonly Receipt[]> {
  const all: Receipt[] = [];
  while (all.at(-1)?.stop !== "idle") {
    all.push(valueOf<Receipt>(await fn.invoke({})));
    expect(all.length).toBeLessThan(30);
  }
  return all;
}

describe.concurrent("two sandboxes on one consumer", () => {
  test("without order they share the work: each message is handled once", async () => {
    const orders = await lane(parts, client, "SHARED");
    const environment = { CONCURRENCY: "4" };
    await using one = orders.start({ environment });
    await using other = orders.start({ environment });
    const publishing = (async () => {
      for (let burst = 0; burst < 30; burst += 1) {
        await orders.publish(20, { ms: 20 });
        await sleep(100);
      }
    })();
    const published = new AbortController();
    void publishing.then(() => published.abort());
    for (let wakes = 0; !published.signal.aborted || !(await isDone(orders)); wakes += 1) {
      expect(wakes).toBeLessThan(200);
      const both = await Promise.all([one.invoke({}), other.invoke({})]);
      for (const invoked of both) expect(valueOf<Receipt>(invoked).stop).toMatch(/idle|deadline/);
    }
    await publishing;
    expect(sorted(orders.ended())).toEqual(sequences(600));
    const shares = [one, other].map(
      (fn) => orders.notes().filter(({ pid, what }) => pid === fn.pid && what === "end").length,
    );
    expect(Math.min(...shares)).toBeGreaterThan(60);
    expect(one.coldStarts + other.coldStarts).toBe(2);
  });

  test("in order at most one goes on, and order holds, also when one is killed in the middle", async () => {
    const orders = await lane(parts, client, "ORDERED", { ackWaitMs: 2000 });
    const environment = { GROUP_BY: "{subject.2}", NATS_TIMEOUT: "500ms" };
    await using one = orders.start({ environment });
    await using other = orders.start({ environment });
    const all: Invoked[] = [];
    const byItself = async (fn: RunningFunction): Promise<void> => {
      do all.push(await fn.invoke({}));
      while (!(await isDone(orders)) && all.length < 60);
    };
    await byItself(one);
    await byItself(other);
    for (let round = 0; round < 4; round += 1) {
      await orders.publish(60, { ms: 20 });
      all.push(...(await Promise.all([one.invoke({}), other.invoke({})])));
      await byItself(one);
    }
    for (const [first, second] of [
      [one, other],
      [other, one],
    ] as const) {
      await orders.publish(100, { ms: 40 });
      const killed = first.invoke({});
      await started(orders, 20, killed);
      const next = second.invoke({});
      await sleep(Math.random() * 150);
      await first.kill();
      all.push(await killed, await next);
      await byItself(first);
    }
    expect(sorted(new Set(orders.ended()))).toEqual(sequences(440));
    expect(disorder(orders.notes())).toEqual([]);
    expect(besideEachOther(orders.notes())).toEqual([]);
    // Those that the killed ones were at work on.
    expect(doubles(orders.ended()).length).toBeLessThan(30);
    const overlaps = all.filter(
      (invoked) => invoked.kind === "threw" && invoked.errorMessage.includes("stopped as overlap"),
    );
    expect(overlaps.length).toBeGreaterThan(0);
    expect(all.filter(({ kind }) => kind === "exited").length).toBeGreaterThan(0);
    for (const { stop } of [...receipts(one), ...receipts(other)])
      expect(stop).toMatch(/idle|overlap|broken|deadline/);
  });
});

/** Messages that were started although one before them in their group had not been handled to the end. */
function disorder(notes: readonly Note[]): readonly string[] {
  const groups = Map.groupBy(notes, ({ group }) => group);
  return [...groups].flatMap(([group, own]) => {
    const all = sorted(new Set(own.map(({ sequence }) => sequence)));
    const hasEnded = new Set<number>();
    return own.flatMap(({ sequence, what }) => {
      if (what === "end") hasEnded.add(sequence);
      const before = all.find((one) => one < sequence && !hasEnded.has(one));
      return what === "start" && before !== undefined
        ? [`${sequence} of ${group} before the end of ${before}`]
        : [];
    });
  });
}

/** Messages that were started while another process, which lived on, was at work. */
function besideEachOther(notes: readonly Note[]): readonly string[] {
  const last = new Map(notes.map(({ pid }, at) => [pid, at]));
  const underWay = new Map<string, Note>();
  return notes.flatMap((note, at) => {
    const { pid, sequence, what } = note;
    const others = [...underWay.values()].filter(
      (one) => one.pid !== pid && (last.get(one.pid) ?? 0) > at,
    );
    if (what === "start") underWay.set(`${pid} ${sequence}`, note);
    else underWay.delete(`${pid} ${sequence}`);
    return what === "start" && others.length > 0
      ? [`${sequence} in ${pid} beside ${others[0]!.sequence} in ${others[0]!.pid}`]
      : [];
  });
}

/** A lane and a function whose first 20 messages are handled; it takes four at a time. */
async function given(stream: string): Promise<{ orders: Lane; fn: RunningFunction }> {
  const orders = await lane(parts, client, stream, { ackWaitMs: 2000 });
  const environment = { CONCURRENCY: "4", NATS_TIMEOUT: "500ms" };
  const fn = orders.start({ timeoutMs: 6000, environment });
  await orders.publish(20);
  expect(await untilIdle(fn)).toMatchObject([{ stop: "idle", acked: 20 }]);
  return { orders, fn };
}

/** All up to `last` were handled to the end; twice only what was under way, or not confirmed yet, when it was cut off. */
function handledOnceButFew(orders: Lane, last: number): void {
  expect(sorted(new Set(orders.ended()))).toEqual(sequences(last));
  expect(doubles(orders.ended()).length).toBeLessThanOrEqual(8);
}

describe.concurrent("the position survives", () => {
  test("a kill in the middle", async () => {
    const { orders, fn } = await given("KILLED");
    await using _ = fn;
    await orders.publish(40, { ms: 50 });
    const killed = fn.invoke({});
    await started(orders, 12, killed);
    await fn.kill();
    expect(await killed).toMatchObject({ kind: "exited", signal: "SIGKILL" });
    expect(orders.ended().length).toBeLessThan(60);
    // Idle only when nothing is in the hands of the one that is dead.
    await untilIdle(fn);
    handledOnceButFew(orders, 60);
    expect(fn.coldStarts).toBe(2);
  });

  test("a timeout", async () => {
    const { orders, fn } = await given("LATE");
    await using _ = fn;
    await orders.publish(40, { ms: 50 });
    const late = fn.invoke({});
    await started(orders, 12, late);
    fn.pause();
    expect(await late).toMatchObject({ kind: "timed out" });
    expect(orders.ended().length).toBeLessThan(60);
    await untilIdle(fn);
    handledOnceButFew(orders, 60);
    expect(fn.coldStarts).toBe(2);
  });

  test("a freeze between two invocations for longer than the ack wait", async () => {
    const { orders, fn } = await given("THAWED");
    await using _ = fn;
    await orders.publish(20);
    await sleep(2500);
    // It holds nothing, would swallow nothing, and is not even there.
    expect(await orders.consumer()).toMatchObject({
      num_waiting: 0,
      num_ack_pending: 0,
      num_pending: 20,
    });
    expect(await connections(orders)).toBe(0);
    const thawed = await fn.invoke({});
    expect(thawed.init).toBe(false);
    expect(valueOf(thawed)).toMatchObject({ stop: "idle", pulled: 20, acked: 20 });
    expect(sorted(orders.ended())).toEqual(sequences(40));
  });

  test("a freeze in the middle for longer than the ack wait, while another goes on", async () => {
    const { orders, fn } = await given("FROZEN");
    await using frozen = fn;
    await using other = orders.start({ environment: { CONCURRENCY: "4", NATS_TIMEOUT: "500ms" } });
    await orders.publish(40, { ms: 50 });
    const cut = frozen.invoke({});
    await started(orders, 12, cut);
    frozen.pause();
    await untilIdle(other);
    expect(sorted(new Set(orders.ended()))).toEqual(sequences(60));
    frozen.resume();
    await cut;
    await untilIdle(other);
    handledOnceButFew(orders, 60);
  });

  test("a new version of the code", async () => {
    const { orders, fn } = await given("RENEWED");
    await using _ = fn;
    await orders.publish(20);
    await fn.restart(secondVersion());
    const renewed = await fn.invoke({});
    expect(renewed.init).toBe(true);
    expect(valueOf(renewed)).toMatchObject({ stop: "idle", pulled: 20, acked: 20 });
    expect(sorted(orders.ended())).toEqual(sequences(40));
    const ofNew = orders.notes().filter(({ version }) => version === "v2");
    expect(sorted(new Set(ofNew.map(({ sequence }) => sequence)))).toEqual(sequences(40, 21));
  });

  test("PAUSED, which is told apart from idle", async () => {
    const orders = await lane(parts, client, "PAUSED");
    await orders.publish(20);
    await using paused = orders.start({ environment: { PAUSED: "true" } });
    for (const event of [{}, { version: 1, kind: "ring" }]) {
      const receipt = valueOf<Receipt>(await paused.invoke(event));
      expect(receipt).toMatchObject({
        stop: "paused",
        reason: "PAUSED is set",
        pulled: 0,
        pending: 20,
      });
    }
    expect(await orders.consumer()).toMatchObject({
      delivered: { stream_seq: 0 },
      num_pending: 20,
    });
    expect(orders.notes()).toEqual([]);
    await using fn = orders.start();
    expect(valueOf(await fn.invoke({}))).toMatchObject({ stop: "idle", acked: 20, pending: 0 });
    expect(sorted(orders.ended())).toEqual(sequences(20));
  });

  test
    .skipIf(!canPause)
    .concurrent(
      "a consumer that is paused on the server, from the start or in the middle",
      async () => {
        const orders = await lane(parts, client, "HALTED");
        const { consumers } = parts.manager;
        const halted = { stop: "paused", reason: "the consumer is paused on the server" };
        const pause = (): Promise<unknown> =>
          consumers.pause("HALTED", orders.durable, new Date(Date.now() + 600_000));
        await using fn = orders.start({ environment: { CONCURRENCY: "2" } });
        await orders.publish(200, { ms: 20 });
        await pause();
        expect(valueOf(await fn.invoke({}))).toMatchObject({ ...halted, pulled: 0, pending: 200 });
        await consumers.resume("HALTED", orders.durable);
        const cut = fn.invoke({});
        await started(orders, 10, cut);
        await pause();
        const receipt = valueOf<Receipt>(await cut);
        expect(receipt).toMatchObject({ ...halted, unconfirmed: 0, held: 0 });
        expect(receipt.acked).toBe(orders.ended().length);
        expect(receipt.acked).toBeGreaterThan(0);
        expect(receipt.pending).toBe(200 - receipt.pulled);
        await consumers.resume("HALTED", orders.durable);
        await untilIdle(fn);
        expect(sorted(orders.ended())).toEqual(sequences(200));
      },
    );
});

describe.concurrent("a handler that does not end", () => {
  test("is left behind by its run, and ended with its process; it never works beside the redelivery", async () => {
    const orders = await lane(parts, client, "HANGS");
    await using fn = orders.start({
      timeoutMs: 4000,
      environment: { NATS_TIMEOUT: "500ms", RETRY_DELAY_MIN: "50ms", RETRY_DELAY_MAX: "100ms" },
    });
    await orders.publish(10);
    await orders.publish(1, { hangs: true });
    await orders.publish(10);
    const hung = await fn.invoke({});
    const { pid } = fn;
    expect(hung).toMatchObject({ kind: "exited", code: 1, signal: null });
    await eventually(() => expect(receipts(fn)).toHaveLength(1));
    expect(receipts(fn)[0]).toMatchObject({
      stop: "deadline",
      pulled: 21,
      acked: 20,
      buried: 0,
      unconfirmed: 0,
      held: 0,
    });
    expect(told(fn, "handler-outlived-its-run")).toMatchObject([{ level: "error", handlers: 1 }]);
    expect(sorted(orders.ended())).toEqual([...sequences(10), ...sequences(21, 12)]);

    const next = await fn.invoke({});
    expect(next.init).toBe(true);
    expect(valueOf(next)).toMatchObject({ stop: "idle" });
    if (!orders.ended().includes(11)) await untilIdle(fn);
    expect(sorted(orders.ended())).toEqual(sequences(21));
    const again = orders.notes().findIndex((one) => one.sequence === 11 && one.pid !== pid);
    const old = orders.notes().filter((one) => one.sequence === 11 && one.pid === pid);
    expect(old.length).toBeGreaterThan(10);
    expect(orders.notes().findLastIndex((one) => one.pid === pid)).toBeLessThan(again);
    await sleep(300);
    expect(orders.notes().at(-1)).toMatchObject({ sequence: 11, what: "end" });
  });
});
