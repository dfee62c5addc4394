// What arrived against what was sent: every message, byte for byte.
import type { DemoMessage } from "./messages.ts";

/** One message that arrived, as a receiver reads it. */
export type Arrival = {
  /** `<origin>/<stream sequence>/<timestamp>` */
  readonly id: string;
  readonly data: Buffer;
  readonly headers: ReadonlyMap<string, readonly string[]>;
};

export type Verdict = {
  readonly sent: number;
  /** Different messages. */
  readonly arrived: number;
  readonly lost: number;
  /** More copies than one. */
  readonly duplicates: number;
  /** Groups whose messages arrived in another order than they were published; looked at where order is promised. */
  readonly outOfOrder: readonly string[];
  /** By stream sequence: payload or headers differ, or nobody has sent it. */
  readonly changed: readonly number[];
};

/** `sent` by stream sequence; `received` as a receiver reads it. */
export function verdict(
  sent: ReadonlyMap<number, DemoMessage>,
  received: readonly Arrival[],
  ordered: boolean,
): Verdict {
  const seen = new Set<number>();
  const changed: number[] = [];
  const lastOfGroup = new Map<string, number>();
  const outOfOrder = new Set<string>();
  for (const message of received) {
    const sequence = sequenceOf(message);
    const original = sent.get(sequence);
    if (!original || !isSame(original, message)) changed.push(sequence);
    if (seen.has(sequence)) continue;
    seen.add(sequence);
    const group = original?.group ?? "";
    if (ordered && sequence < (lastOfGroup.get(group) ?? 0)) outOfOrder.add(group);
    lastOfGroup.set(group, sequence);
  }
  return {
    sent: sent.size,
    arrived: seen.size,
    lost: [...sent.keys()].filter((sequence) => !seen.has(sequence)).length,
    duplicates: received.length - seen.size,
    outOfOrder: [...outOfOrder],
    changed,
  };
}

export function isGood({ changed, lost, outOfOrder }: Verdict): boolean {
  return lost === 0 && outOfOrder.length === 0 && changed.length === 0;
}

/** The last lines of the demo. */
export function lastLines(result: Verdict, unordered: string | undefined): readonly string[] {
  const order = result.outOfOrder.length === 0 ? "order kept" : "order broken";
  return [
    `sent ${result.sent}`,
    `arrived ${result.arrived}`,
    `lost ${result.lost}`,
    `duplicates ${result.duplicates}`,
    unordered === undefined ? order : `order not promised by ${unordered}`,
  ];
}

export function sequenceOf({ id }: Pick<Arrival, "id">): number {
  return Number(id.split("/").at(-2));
}

function isSame(original: DemoMessage, { data, headers }: Arrival): boolean {
  const sorted = (from: DemoMessage["headers"]): string =>
    JSON.stringify([...from].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return data.equals(original.data) && sorted(headers) === sorted(original.headers);
}
