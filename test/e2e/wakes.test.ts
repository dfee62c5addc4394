// Thousands of messages through dozens of wakes, in two sandboxes, while processes are killed, frozen and timed out in the
// middle of their work, and handlers throw, hang, reject, put off and end the process.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { Random } from "../sim/random.ts";
import { bundled } from "../support/bundled.ts";
import {
  besideLiveOnes,
  type Freeze,
  Ledger,
  type Note,
  overtaken,
} from "../support/executions.ts";
import { findRuntimeClient, type RuntimeClient } from "../support/fetch-runtime-client.ts";
import { operate, type Operator } from "../support/jetstream.ts";
import { type Parts, startParts } from "../support/parts.ts";
import {
  type Invoked,
  type RunningFunction,
  startFunction,
  valueOf,
} from "../support/runtime-api.ts";
import type { Received } from "../support/sqs.ts";
import type { Conduct } from "./handlers/unruly.ts";

const MESSAGES = 5000;
const LEAST_WAKES = 40;
/** Nothing should take so many. */
const MOST_WAKES = 400;
const ACK_WAIT_MS = 2000;
const TIMEOUT_MS = 6000;
/** Published before each wake. */
const BURST = Math.ceil(MESSAGES / (LEAST_WAKES - 5));
/** To play one again. */
const SEED = Number(process.env["WAKES_SEED"] ?? Date.now() % 1_000_000);

/** How many are not good. */
const UNRULY: readonly (readonly [Conduct, number])[] = [
  ["slow", 100],
  ["throws once", 400],
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
      NATS_TIMEOUT: "2s",
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

/** What is done to a wake in the middle of its work. */
const TROUBLES = [
  "none",
  "killed",
  "two at once",
  "frozen for a moment",
  "frozen, and overtaken by the other",
  "frozen until it is timed out",
] as const;

type Trouble = (typeof TROUBLES)[number];

interface Wake {
  readonly trouble: Trouble;
  /** It met the wake in the middle of its work. */
  readonly hasHit: boolean;
  readonly invoked: readonly Invoked[];
  /** Noted meanwhile. */
  readonly notes: readonly Note[];
}

/** Wakes one sandbox, or both, and does to it what `trouble` says once it has begun some executions. */
class Troublemaker {
  readonly freezes: Freeze[] = [];
  readonly #ledger: Ledger;
  readonly #random: Random;

  constructor(ledger: Ledger, random: Random) {
    this.#ledger = ledger;
    this.#random = random;
  }

  async wake(trouble: Trouble, one: RunningFunction, other: RunningFunction): Promise<Wake> {
    const from = this.#ledger.notes().length;
    const turn = one.invoke({});
    const hasHit = await this.#inTheMiddle(one, turn, from);
    const invoked = [await this.#struck(trouble, one, other), await turn].flat();
    return { trouble, hasHit, invoked, notes: this.#ledger.notes().slice(from) };
  }

  async #struck(
    trouble: Trouble,
    one: RunningFunction,
    other: RunningFunction,
  ): Promise<readonly Invoked[]> {
    switch (trouble) {
      case "none":
        break;
      case "killed":
        await one.kill();
        break;
      case "two at once":
        return [await other.invoke({})];
      case "frozen until it is timed out":
        one.pause();
        break;
      case "frozen for a moment":
        await this.#frozen(one, sleep(this.#random.between(0, 1500)));
        break;
      case "frozen, and overtaken by the other": {
        const turn = other.invoke({});
        await this.#frozen(one, Promise.race([turn, sleep(1.5 * ACK_WAIT_MS)]));
        return [await turn];
      }
    }
    return [];
  }

  async #frozen(one: RunningFunction, until: Promise<unknown>): Promise<void> {
    const from = this.#ledger.notes().length;
    one.pause();
    await until;
    const to = this.#ledger.notes().length;
    one.resume();
    this.freezes.push({ pid: one.pid!, from, to });
  }

  /** Whether it has begun some executions; not when it ends before. */
  async #inTheMiddle(one: RunningFunction, turn: Promise<Invoked>, from: number): Promise<boolean> {
    const starts = this.#random.whole(1, BURST / 3);
    const ended = turn.then(() => true);
    for (;;) {
      const own = begun(this.#ledger.notes().slice(from)).filter(({ pid }) => pid === one.pid);
      if (own.length >= starts) return true;
      if (await Promise.race([ended, sleep(2)])) return false;
    }
  }
}

const begun = (notes: readonly Note[]): readonly Note[] =>
  notes.filter(({ what }) => what === "start");

/** Troubles that have met a wake in the middle of its work less often than others. */
function rarest(wakes: readonly Wake[]): readonly Trouble[] {
  const hits = (trouble: Trouble): number =>
    wakes.filter((wake) => wake.hasHit && wake.trouble === trouble).length;
  const fewest = Math.min(...TROUBLES.map(hits));
  return TROUBLES.filter((trouble) => hits(trouble) === fewest);
}

/** Publishes all, and wakes until everything is settled. */
async function play(
  operator: Operator,
  sandboxes: readonly RunningFunction[],
  troublemaker: Troublemaker,
  random: Random,
): Promise<readonly Wake[]> {
  const wakes: Wake[] = [];
  let published = 0;
  const isDone = async (): Promise<boolean> => {
    const { num_pending, num_ack_pending } = await operator.info("ORDERS", "unruly");
    return published === MESSAGES && num_pending + num_ack_pending === 0;
  };
  for (let count = 0; count < LEAST_WAKES || !(await isDone()); count += 1) {
    if (count > MOST_WAKES) throw new Error(`no end after ${count} wakes`);
    const burst = conduct.slice(published, published + BURST);
    await Promise.all(
      burst.map((one) => parts.jetstream.publish("ORDERS.a", JSON.stringify({ conduct: one }))),
    );
    published += burst.length;
    await sleep(random.between(0, 200));
    const trouble = published < MESSAGES ? random.pick(rarest(wakes)) : "none";
    const [one, other] = random.chance(0.5) ? sandboxes : sandboxes.toReversed();
    wakes.push(await troublemaker.wake(trouble, one!, other!));
  }
  return wakes;
}

/** What is wrong with what became of each message. */
function unjust(notes: readonly Note[], letters: readonly Received[]): readonly string[] {
  const acked = new Set(
    notes.filter(({ what }) => what === "acked").map(({ sequence }) => sequence),
  );
  const evidence = new Map(
    letters.map((letter) => [sequenceOf(letter), letter.attributes["dead-letter-evidence"] ?? ""]),
  );
  return conduct.flatMap((one, at) => {
    const sequence = at + 1;
    const found = evidence.get(sequence);
    const name = `${sequence} (${one})`;
    if (!LOST_CAUSES.has(one)) {
      if (found !== undefined) return `${name} is buried: ${found}`;
      return acked.has(sequence) ? [] : `${name} was not handled`;
    }
    const expected = one === "rejected" ? /^rejected: it is meant to be/ : /^failed \d+ times/;
    return expected.test(found ?? "") ? [] : `${name} is buried with ${found}`;
  });
}

const sequenceOf = ({ attributes }: Received): number =>
  Number(attributes["nats-id"]?.split("/")[1]);

/** What a wake that nothing was done to has told, beside what its handler has noted. */
function misreported({ invoked, notes }: Wake): readonly string[] {
  const receipt = valueOf<Receipt>(invoked[0]!);
  const { acked, pulled, unconfirmed } = receipt;
  const handled = notes.filter(({ what }) => what === "acked").length;
  // Tried again within the run, a message is pulled once.
  const started = new Set(notes.map(({ sequence }) => sequence)).size;
  const isTrue = acked + unconfirmed === handled && pulled >= started;
  return isTrue ? [] : [`${handled} of ${started} handled: ${JSON.stringify(receipt)}`];
}

test(`${MESSAGES} messages over ${LEAST_WAKES} wakes and more: each is handled, or buried with evidence`, async () => {
  const ledger = new Ledger();
  const operator = await operate(parts.server.url);
  await operator.stream("ORDERS");
  await operator.consumer("ORDERS", "unruly", { ack_wait: ACK_WAIT_MS * 1e6 });
  const deadUrl = await parts.sqs.createQueue("unruly-dead");
  await using first = sandbox(deadUrl, ledger.file);
  await using second = sandbox(deadUrl, ledger.file);
  const random = new Random(SEED);
  const troublemaker = new Troublemaker(ledger, random);

  const wakes = await play(operator, [first, second], troublemaker, random);

  const notes = ledger.notes();
  const letters = await parts.sqs.receiveAll(deadUrl);
  const receipts = [first, second]
    .flatMap((one) => one.lines())
    .filter(({ event }) => event === "receipt") as unknown as Receipt[];
  const invoked = wakes.flatMap((wake) => wake.invoked);
  const kinds = counted(invoked.map(({ kind }) => kind));
  const hits = counted(wakes.filter(({ hasHit }) => hasHit).map(({ trouble }) => trouble));
  console.log(
    `WAKES_SEED=${SEED}: ${invoked.length} wakes ${JSON.stringify(kinds)}, ${first.coldStarts + second.coldStarts} of them cold; in the middle of their work ${JSON.stringify(hits)}; ${begun(notes).length} executions, ${letters.length} dead letters`,
  );
  expect(Object.keys(kinds)).toEqual(expect.arrayContaining(["exited", "returned", "timed out"]));
  expect(Object.keys(hits)).toEqual(expect.arrayContaining([...TROUBLES]));
  expect(unjust(notes, letters)).toEqual([]);
  // One that was stored when its process ended, and not acknowledged yet, is stored once more.
  const cutShort = invoked.filter(({ kind }) => kind !== "returned").length;
  expect(letters.length - new Set(letters.map(sequenceOf)).size).toBeLessThanOrEqual(cutShort);
  expect(besideLiveOnes(notes, troublemaker.freezes)).toEqual([]);
  expect(overtaken(notes, troublemaker.freezes)).toEqual([]);
  expect(await operator.info("ORDERS", "unruly")).toMatchObject({
    num_pending: 0,
    num_ack_pending: 0,
    ack_floor: { stream_seq: MESSAGES },
  });
  for (const { acked, buried, held, pulled, released, retried, unconfirmed } of receipts) {
    expect([acked + buried + released + retried + unconfirmed, held]).toEqual([pulled, 0]);
  }
  const calm = wakes.filter(
    ({ invoked: [one], trouble }) => trouble === "none" && one?.kind === "returned",
  );
  expect(calm.flatMap(misreported)).toEqual([]);
  await operator.close();
}, 400_000);

function counted(names: readonly string[]): Readonly<Record<string, number>> {
  const groups = Map.groupBy(names, (name) => name);
  return Object.fromEntries([...groups].map(([name, all]) => [name, all.length]));
}
