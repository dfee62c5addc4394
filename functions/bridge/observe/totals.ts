/** What all runs of a process amount to, as metrics, and whether it forwards right now. */
import type { CounterName, MetricName } from "./metric-names.ts";

/** The part of a receipt that is counted; the loop's own type is not known here. */
type Counts = Readonly<
  Record<
    Exclude<CounterName, "expired" | "unaccounted"> | "pending" | "ackPending" | "held",
    number
  >
> & {
  readonly stop: string | null;
  readonly unseen?: true;
  readonly expired?: number;
  readonly forwardLagMs?: number;
  readonly retentionHeadroom?: number;
};

/** What is not known is not there. */
export type MetricValues = Readonly<Partial<Record<MetricName, number>>>;

type Counters = Readonly<Record<Exclude<CounterName, "expired">, number>> & {
  readonly expired?: number;
};

const NOTHING: Counters = {
  pulled: 0,
  acked: 0,
  retried: 0,
  buried: 0,
  released: 0,
  unconfirmed: 0,
  duplicates: 0,
  unaccounted: 0,
  calls: 0,
};

export class Totals {
  #finished: Counters = NOTHING;
  #latest: Counts | undefined;

  /** A receipt counts from the start of its run: while it goes on it replaces the one before. */
  add(receipt: Counts): void {
    this.#latest = receipt;
    if (receipt.stop !== null) this.#finished = sum(this.#finished, countersOf(receipt));
  }

  metrics(isReady: boolean): MetricValues {
    const latest = this.#latest;
    const running = latest?.stop === null ? countersOf(latest) : NOTHING;
    return {
      ...sum(this.#finished, running),
      ...(latest && gaugesOf(latest)),
      ready: isReady ? 1 : 0,
    };
  }
}

/** Law 1: what was pulled has one verdict, or is held. */
function unaccounted(counts: Counts): number {
  const { pulled, acked, retried, buried, released, unconfirmed, held } = counts;
  return Math.abs(pulled - acked - retried - buried - released - unconfirmed - held);
}

function countersOf(counts: Counts): Counters {
  const { pulled, acked, retried, buried, released, unconfirmed, duplicates, calls } = counts;
  return {
    pulled,
    acked,
    retried,
    buried,
    released,
    unconfirmed,
    duplicates,
    calls,
    unaccounted: unaccounted(counts),
    ...(counts.expired !== undefined && { expired: counts.expired }),
  };
}

function gaugesOf(counts: Counts): MetricValues {
  const { ackPending, forwardLagMs, held, pending, retentionHeadroom, unseen } = counts;
  return {
    ...(!unseen && { pending, ackPending }),
    held,
    ...(forwardLagMs !== undefined && { forwardLag: forwardLagMs }),
    ...(retentionHeadroom !== undefined && { retentionHeadroom }),
  };
}

function sum(one: Counters, other: Counters): Counters {
  const both: Record<string, number> = { ...one };
  for (const [name, value] of Object.entries(other)) both[name] = (both[name] ?? 0) + value;
  return both as Counters;
}

/** Why a bridge does not forward, after `event`; undefined when it does. */
export function readinessAfter(
  event: string,
  details: Readonly<Record<string, unknown>> | undefined,
  before: string | undefined,
): string | undefined {
  switch (event) {
    case "running":
    case "target-available":
      return undefined;
    case "recovering":
      return "recovering what an earlier run left unsettled";
    case "target-unavailable":
      return `unavailable: ${String(details?.["reason"])}`;
    default:
      return before;
  }
}
