// Whatever AWS answers, or fails to answer: nothing is lost, nobody suffers for a neighbour, and only evidence buries.
// All at the same time, because most of it is waiting.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import {
  arrivedTwice,
  expectArrivals,
  expectEqualRetries,
  expectGoodEnd,
  sorted,
  takenInSilence,
} from "../support/arrivals.ts";
import {
  type Fault,
  numberIn,
  type SentBatch,
  startAwsFaultProxy,
} from "../support/aws-fault-proxy.ts";
import { SOON } from "../support/bridge-settings.ts";
import { GROUPS, numberOf, upTo } from "../support/parts.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const { parts } = await partsOfFile();

const ids = ({ entries }: SentBatch): readonly string[] => entries.map(({ Id }) => Id);

const WHOLE_CALLS: readonly ((batch: SentBatch) => Fault)[] = [
  () => ({ kind: "error", status: 500, code: "InternalFailure" }),
  () => ({ kind: "error", status: 503, code: "ServiceUnavailable" }),
  () => ({ kind: "error", status: 400, code: "ThrottlingException" }),
  () => ({ kind: "error", status: 403, code: "RequestThrottled" }),
  () => ({ kind: "error", status: 400, code: "NeverHeardOfIt" }),
  () => ({ kind: "reset", taken: false }),
  () => ({ kind: "reset", taken: true }),
  () => ({ kind: "truncated" }),
  () => ({ kind: "silence", taken: false }),
  () => ({ kind: "silence", taken: true }),
  (batch) => ({ kind: "missing", ids: ids(batch).slice(1, 3), taken: true }),
  (batch) => ({ kind: "missing", ids: ids(batch).slice(1, 3), taken: false }),
  (batch) => ({ kind: "missing", ids: ids(batch), taken: false }),
  (batch) => ({ kind: "wrong-md5", ids: ids(batch).slice(0, 1) }),
  () => ({ kind: "reordered" }),
  () => ({ kind: "extra" }),
];

const KINDS = ["standard", "fifo"] as const;

describe.concurrent("the bridge meets AWS at its worst", () => {
  test.each(KINDS)("every third call goes wrong, each in another way (%s)", async (kind) => {
    const route = await parts.route(`wild-${kind}`, { fifo: kind === "fifo", deadLetters: true });
    await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
    const script = [...WHOLE_CALLS];
    proxy.script((batch) => (batch.number % 3 === 1 ? script.shift()?.(batch) : undefined));
    await route.publish(1000);
    // A call that is not answered is given up after half of the ack wait.
    const settings = { ...SOON, AWS_ENDPOINT_URL: proxy.endpoint, JETSTREAM_ACK_WAIT: "4s" };
    await using bridge = route.start(settings);
    await route.drained(50_000);
    await expectGoodEnd(bridge);
    expect(script).toEqual([]);

    const arrived = await expectArrivals(parts, route, 1000);
    expect(await parts.sqs.count(route.deadLetterUrl)).toBe(0);
    expectEqualRetries(proxy, route);
    const explained = takenInSilence(proxy.batches);
    expect(arrivedTwice(arrived).filter((number) => !explained.has(number))).toEqual([]);
    expect(bridge.receipts().at(-1)!.duplicates).toBeGreaterThanOrEqual(
      arrivedTwice(arrived).length,
    );
  });

  test.each(KINDS)("entries fail by themselves, for a while or for ever (%s)", async (kind) => {
    const route = await parts.route(`own-${kind}`, { fifo: kind === "fifo", deadLetters: true });
    await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
    const tries = new Map<number, number>();
    /** By the remainder of its number: what SQS says of a message, and how often. */
    const failing: Readonly<
      Record<number, readonly [code: string, sender: boolean, times: number]>
    > = {
      7: ["InvalidMessageContents", true, Infinity],
      23: ["InternalError", false, Infinity],
      41: ["InternalError", false, 2],
      59: ["NeverHeardOfIt", true, 2],
    };
    proxy.script(({ entries, queue }) => {
      if (queue !== route.queueName) return undefined;
      const failed: Record<string, { code: string; sender: boolean }> = {};
      for (const entry of entries) {
        const number = numberIn(entry);
        const [code = "", sender = false, times = 0] =
          (number < 1010 && failing[number % 101]) || [];
        const before = tries.get(number) ?? 0;
        tries.set(number, before + 1);
        if (before < times) failed[entry.Id] = { code, sender };
      }
      return { kind: "entries", failed };
    });
    await route.publish(1010);
    await using bridge = route.start({ ...SOON, AWS_ENDPOINT_URL: proxy.endpoint });
    // Only beside others that are accepted is a failure evidence: so life goes on until all are buried.
    let count = 1010;
    while ((await parts.sqs.count(route.deadLetterUrl)) < 20) {
      await route.publish(GROUPS);
      count += GROUPS;
      await sleep(100);
    }
    await route.drained(50_000);
    await expectGoodEnd(bridge);

    const isPoison = (number: number): boolean => [7, 23].includes(number % 101);
    const poison = new Set(upTo(1010).filter(isPoison));
    const arrived = await expectArrivals(parts, route, count, poison);
    expect(arrivedTwice(arrived)).toEqual([]);
    expectEqualRetries(proxy, route);
    // The neighbours of a failure are sent once; one that failed twice, three times.
    for (const [number, times] of tries) {
      const wanted = number < 1010 ? ({ 23: 3, 41: 3, 59: 3 }[number % 101] ?? 1) : 1;
      if (poison.has(number)) expect(times).toBeGreaterThanOrEqual(wanted);
      else expect([number, times]).toEqual([number, wanted]);
    }

    const letters = await parts.sqs.receiveAll(route.deadLetterUrl, { expected: poison.size });
    expect(sorted(letters.map(numberOf))).toEqual(sorted(poison));
    for (const letter of letters) {
      const {
        ["dead-letter-reason"]: reason,
        ["dead-letter-evidence"]: evidence,
        ["dead-letter-tries"]: times,
      } = letter.attributes;
      const isInvalid = numberOf(letter) % 101 === 7;
      expect(reason).toMatch(isInvalid ? /^InvalidMessageContents/ : /^InternalError/);
      expect(evidence).toMatch(isInvalid ? /^rejected/ : /while the target accepted others/);
      expect(Number(times)).toBe(tries.get(numberOf(letter)));
      expect(letter.body).toBe(`{"number":${numberOf(letter)}}`);
    }
    expect(bridge.receipts().at(-1)).toMatchObject({
      acked: count - 20,
      buried: 20,
      unconfirmed: 0,
    });
  });

  test.each([
    ["is missing from the answer", { kind: "missing", ids: ["0", "3"], taken: true }],
    ["is stored with another digest", { kind: "wrong-md5", ids: ["0", "3"] }],
  ] as const)("what %s is sent again, and counted as a possible duplicate", async (_, fault) => {
    const route = await parts.route(fault.kind, { deadLetters: true });
    await using proxy = await startAwsFaultProxy(parts.sqs.endpoint);
    proxy.script(({ number }) => (number === 0 ? fault : undefined));
    await route.publish(10);
    await using bridge = route.start({ ...SOON, AWS_ENDPOINT_URL: proxy.endpoint });
    await route.drained();
    await expectGoodEnd(bridge);
    expect(proxy.batches.map(({ entries }) => entries.map(numberIn))).toEqual([upTo(10), [0, 3]]);
    expect(sorted(arrivedTwice(await expectArrivals(parts, route, 10)))).toEqual([0, 3]);
    expect(bridge.receipts().at(-1)).toMatchObject({ acked: 10, duplicates: 2, buried: 0 });
  });
});
