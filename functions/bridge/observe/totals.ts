/** Counters over all runs of a process, and whether it forwards right now. */
import type { MetricName } from "./metric-names.ts";

/** The part of a receipt that is counted; the loop's own type is not known here. */
type Counts = Readonly<Record<Exclude<MetricName, "ready">, number>> & {
  readonly stop: string | null;
};

const COUNTERS = [
  "pulled",
  "acked",
  "retried",
  "buried",
  "released",
  "unconfirmed",
  "duplicates",
  "calls",
] as const;

export class ServiceTotals {
  #finished: Partial<Record<MetricName, number>> = {};
  #latest: Counts | undefined;

  /** A receipt counts from the start of its run: while it goes on it replaces the one before. */
  add(receipt: Counts): void {
    this.#latest = receipt;
    if (receipt.stop === null) return;
    for (const name of COUNTERS) this.#finished[name] = (this.#finished[name] ?? 0) + receipt[name];
  }

  metrics(notReady: string | undefined): Readonly<Record<MetricName, number>> {
    const latest = this.#latest;
    const running = latest?.stop === null ? latest : undefined;
    const count = (name: (typeof COUNTERS)[number]): number =>
      (this.#finished[name] ?? 0) + (running?.[name] ?? 0);
    return {
      pulled: count("pulled"),
      acked: count("acked"),
      retried: count("retried"),
      buried: count("buried"),
      released: count("released"),
      unconfirmed: count("unconfirmed"),
      duplicates: count("duplicates"),
      calls: count("calls"),
      pending: latest?.pending ?? 0,
      ackPending: latest?.ackPending ?? 0,
      held: latest?.held ?? 0,
      ready: notReady === undefined ? 1 : 0,
    };
  }

  /** Why it does not forward, after `event`; undefined when it does. */
  readinessAfter(
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
}
