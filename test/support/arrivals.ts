// What tests expect of all that has arrived in a queue, and of all that was sent there.
import { expect } from "vitest";
import { type AwsFaultProxy, type SentBatch, numberIn, triesOf } from "./aws-fault-proxy.ts";
import type { Bridge } from "./bridge-process.ts";
import { GROUPS, numberOf, type Parts, type Route, upTo } from "./parts.ts";
import type { Received } from "./sqs.ts";

/** All numbers below `count` but `missing` have arrived, on a FIFO queue once and in order. Returns what arrived. */
export async function expectArrivals(
  parts: Parts,
  route: Route,
  count: number,
  missing: ReadonlySet<number> = new Set(),
): Promise<readonly Received[]> {
  const wanted = upTo(count).filter((number) => !missing.has(number));
  const arrived = await parts.sqs.receiveAll(route.queueUrl, { expected: wanted.length });
  expect(sorted(new Set(arrived.map(numberOf)))).toEqual(wanted);
  if (!route.isFifo) return arrived;
  expect(arrivedTwice(arrived)).toEqual([]);
  for (const [group, numbers] of acceptedByGroup(arrived)) {
    expect(numbers).toEqual(wanted.filter((number) => group === `g${number % GROUPS}`));
  }
  return arrived;
}

/** Of each message that is there more than once: its number. */
export function arrivedTwice(arrived: readonly Received[]): readonly number[] {
  const byNumber = Map.groupBy(arrived, numberOf);
  return [...byNumber].filter(([, all]) => all.length > 1).map(([number]) => number);
}

/** Of each group of a FIFO queue, the numbers in the order in which SQS accepted them. */
export function acceptedByGroup(
  arrived: readonly Received[],
): ReadonlyMap<string, readonly number[]> {
  const inOrder = arrived.toSorted((a, b) =>
    Number(BigInt(a.sequenceNumber ?? 0) - BigInt(b.sequenceNumber ?? 0)),
  );
  const groups = Map.groupBy(inOrder, ({ group }) => group ?? "");
  return new Map([...groups].map(([group, all]) => [group, all.map(numberOf)]));
}

/** Whatever was sent more than once was sent with the same body, attributes and ids. */
export function expectEqualRetries({ batches }: AwsFaultProxy, route: Route): void {
  for (const [, [first, ...others]] of triesOf(batches, route.queueName)) {
    for (const other of others) expect(other).toEqual(first);
  }
}

/** SQS has them, or may have, and the bridge was not told so. */
export function takenInSilence(batches: readonly SentBatch[]): ReadonlySet<number> {
  const silent = batches.flatMap(({ entries, fault, forwarded, givenUp }) => {
    if (forwarded && givenUp) return entries;
    if (!fault || !forwarded || ["entries", "reordered", "extra"].includes(fault.kind)) return [];
    if (fault.kind === "missing" && !fault.taken) return [];
    return "ids" in fault ? entries.filter(({ Id }) => fault.ids.includes(Id)) : entries;
  });
  return new Set(silent.map(numberIn));
}

export function sorted(numbers: Iterable<number>): readonly number[] {
  return [...numbers].toSorted((a, b) => a - b);
}

/** Told to stop, it ends with everything settled and without a word on stderr. */
export async function expectGoodEnd(
  bridge: Bridge,
  signal: NodeJS.Signals = "SIGTERM",
): Promise<void> {
  const exit = await bridge.stop(signal);
  expect({ exit, stderr: bridge.stderr() }).toEqual({ exit: 0, stderr: "" });
}
