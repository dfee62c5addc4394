// Thousands of messages through dozens of wakes, in two sandboxes, while processes are killed, frozen and timed out, and
// handlers throw, hang, reject, put off and end the process.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { bundled } from "../support/bundled.ts";
import { findRuntimeClient, type RuntimeClient } from "../support/fetch-runtime-client.ts";
import { operate, type Operator } from "../support/jetstream.ts";
import { temporaryFolder } from "../support/leave-nothing.ts";
import { type Parts, startParts } from "../support/parts.ts";
import { type Invoked, type RunningFunction, startFunction } from "../support/runtime-api.ts";
import type { Received } from "../support/sqs.ts";
import type { Conduct } from "./handlers/unruly.ts";

const MESSAGES = 5000;
const LEAST_WAKES = 40;
/** Nothing should take so many. */
const MOST_WAKES = 400;
const ACK_WAIT_MS = 2000;
const TIMEOUT_MS = 6000;

/** How many are not good. */
const UNRULY: readonly (readonly [Conduct, number])[] = [
  ["slow", 100],
  ["throws once", 60],
  ["rejected", 40],
  ["later", 40],
  ["throws always", 3],
  ["hangs", 1],
  ["hangs until told", 1],
  ["ends the process", 2],
];

/** These end in the dead letters, the others never. */
const LOST_CAUSES: ReadonlySet<Conduct> = new Set<Conduct>([
  "rejected",
  "throws always",
  "hangs",
  "hangs until told",
  "ends the process",
]);

let parts: Parts;
let client: RuntimeClient;
beforeAll(async () => {
  [parts, client] = await Promise.all([startParts(), findRuntimeClient()]);
});
afterAll(() => parts[Symbol.asyncDispose]());

/** Of each message, from the first on: spread evenly, so that each kind meets every kind of trouble. */
const conduct: readonly Conduct[] = spread();

function spread(): readonly Conduct[] {
  const all = Array.from({ length: MESSAGES }, (): Conduct => "good");
  let place = 7;
  for (const one of UNRULY.flatMap(([kind, count]) => Array.from({ length: count }, () => kind))) {
    place = (place + 1301) % MESSAGES;
    while (all[place] !== "good") place = (place + 1) % MESSAGES;
    all[place] = one;
  }
  return all;
}

function sandbox(deadUrl: string, ledger: string): RunningFunction {
  return startFunction({
    client,
    code: bundled("test/e2e/handlers/unruly.ts"),
    timeoutMs: TIMEOUT_MS,
    environment: {
      ...parts.sqs.environment,
      NATS_URL: parts.server.url,
      NATS_TIMEOUT: "500ms",
      JETSTREAM_STREAM: "ORDERS",
      JETSTREAM_CONSUMER: "unruly",
      JETSTREAM_ACK_WAIT: `${ACK_WAIT_MS}ms`,
      DEAD_LETTER_QUEUE_URL: deadUrl,
      IDLE_TIMEOUT: "200ms",
      RETRY_DELAY_MIN: "100ms",
      RETRY_DELAY_MAX: "500ms",
      MAXIMUM_RETRY_ATTEMPTS: "2",
      LOG_LEVEL: "error",
      LEDGER: ledger,
    },
  });
}

/** Wakes one sandbox, and does to it what `trouble` says. */
async function wake(
  one: RunningFunction,
  other: RunningFunction,
  trouble: number,
): Promise<readonly Invoked[]> {
  const turn = one.invoke({});
  switch (trouble) {
    case 2: // killed at any moment
      await sleep(Math.random() * 300);
      await one.kill();
      break;
    case 4: // frozen in the middle, and thawed in time
      await sleep(Math.random() * 100);
      one.pause();
      await sleep(Math.random() * 1500);
      one.resume();
      break;
    case 6: // frozen in the middle for longer than it has: Lambda ends it
      await sleep(50 + Math.random() * 100);
      one.pause();
      break;
    case 7: // both at once
      return [await other.invoke({}), await turn];
  }
  return [await turn];
}

/** Publishes all, and wakes until everything is settled. */
async function play(
  operator: Operator,
  first: RunningFunction,
  second: RunningFunction,
): Promise<readonly Invoked[]> {
  const invoked: Invoked[] = [];
  let published = 0;
  const isDone = async (): Promise<boolean> => {
    const { num_pending, num_ack_pending } = await operator.info("ORDERS", "unruly");
    return published === MESSAGES && num_pending + num_ack_pending === 0;
  };
  for (let count = 0; count < LEAST_WAKES || !(await isDone()); count += 1) {
    if (count > MOST_WAKES) throw new Error(`no end after ${count} wakes`);
    const burst = conduct.slice(published, published + Math.ceil(MESSAGES / (LEAST_WAKES - 5)));
    await Promise.all(
      burst.map((one) => parts.jetstream.publish("ORDERS.a", JSON.stringify({ conduct: one }))),
    );
    published += burst.length;
    await sleep(Math.random() * 200);
    const [one, other] = count % 2 === 0 ? [first, second] : [second, first];
    invoked.push(...(await wake(one, other, published < MESSAGES ? count % 8 : -1)));
  }
  return invoked;
}

interface Note {
  readonly pid: string;
  readonly what: "start" | "end";
  readonly sequence: number;
}

function read(ledger: string): readonly Note[] {
  const lines = readFileSync(ledger, "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const [, pid = "", what, sequence] = line.split(" ");
    return { pid, what: what as Note["what"], sequence: Number(sequence) };
  });
}

/** What is wrong with what became of each message. */
function unjust(notes: readonly Note[], letters: readonly Received[]): readonly string[] {
  const ended = new Set(notes.filter(({ what }) => what === "end").map(({ sequence }) => sequence));
  const evidence = new Map(
    letters.map(({ attributes }) => [
      Number(attributes["nats-id"]?.split("/")[1]),
      attributes["dead-letter-evidence"] ?? "",
    ]),
  );
  return conduct.flatMap((one, at) => {
    const sequence = at + 1;
    const found = evidence.get(sequence);
    const name = `${sequence} (${one})`;
    if (!LOST_CAUSES.has(one)) {
      if (found !== undefined) return `${name} is buried: ${found}`;
      return ended.has(sequence) ? [] : `${name} was not handled`;
    }
    const expected = one === "rejected" ? /^rejected: it is meant to be/ : /^failed \d+ times/;
    return expected.test(found ?? "") ? [] : `${name} is buried with ${found}`;
  });
}

/** Executions of a message beside one that had not ended, in a process that still had something to say. */
function besideLiveOnes(notes: readonly Note[]): readonly string[] {
  const lastWord = new Map(notes.map(({ pid }, at) => [pid, at]));
  const running = new Map<number, string>();
  return notes.flatMap(({ pid, sequence, what }, at) => {
    const other = running.get(sequence);
    if (what === "end") running.delete(sequence);
    else running.set(sequence, pid);
    if (what === "end" || other === undefined) return [];
    const isAlive = other === pid || (lastWord.get(other) ?? 0) > at;
    return isAlive ? `${sequence} in ${pid} beside ${other}` : [];
  });
}

test(`${MESSAGES} messages over ${LEAST_WAKES} wakes and more: each is handled, or buried with evidence`, async () => {
  const ledger = join(temporaryFolder(), "ledger");
  writeFileSync(ledger, "");
  const operator = await operate(parts.server.url);
  await operator.stream("ORDERS");
  await operator.consumer("ORDERS", "unruly", { ack_wait: ACK_WAIT_MS * 1e6 });
  const deadUrl = await parts.sqs.createQueue("unruly-dead");
  await using first = sandbox(deadUrl, ledger);
  await using second = sandbox(deadUrl, ledger);

  const invoked = await play(operator, first, second);

  const notes = read(ledger);
  const letters = await parts.sqs.receiveAll(deadUrl);
  const receipts = [first, second]
    .flatMap((one) => one.lines())
    .filter(({ event }) => event === "receipt") as unknown as Receipt[];
  const kinds = Object.groupBy(invoked, ({ kind }) => kind);
  const counted = Object.entries(kinds).map(([kind, all]) => `${all?.length} ${kind}`);
  console.log(
    `${invoked.length} wakes (${counted.join(", ")}), ${first.coldStarts + second.coldStarts} of them cold, ${notes.filter(({ what }) => what === "start").length} executions, ${letters.length} dead letters`,
  );
  expect(Object.keys(kinds).toSorted()).toEqual(["exited", "returned", "timed out"]);
  expect(unjust(notes, letters)).toEqual([]);
  expect(besideLiveOnes(notes)).toEqual([]);
  expect(await operator.info("ORDERS", "unruly")).toMatchObject({
    num_pending: 0,
    num_ack_pending: 0,
    ack_floor: { stream_seq: MESSAGES },
  });
  for (const { acked, buried, held, pulled, released, retried, unconfirmed } of receipts) {
    expect([acked + buried + released + retried + unconfirmed, held]).toEqual([pulled, 0]);
  }
  await operator.close();
}, 400_000);
