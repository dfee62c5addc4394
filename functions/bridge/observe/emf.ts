/**
 * CloudWatch's embedded metric format: a line of the log that CloudWatch makes metrics of, without a call, and without a
 * permission beyond writing the log. It is a line of its own beside the receipt: its counters are those since the line
 * before, where a receipt counts from the start of its run.
 */
import type { Log } from "./log.ts";
import { DIMENSIONS, dimensionValue, METRICS, type PublishedName } from "./metric-names.ts";
import type { MetricValues } from "./totals.ts";

export interface EmfOptions {
  /** Undefined: nothing is published. */
  readonly namespace: string | undefined;
  readonly stream: string;
  readonly consumer: string;
  readonly log: Log;
  /** Wall clock, milliseconds since 1970. */
  readonly now: () => number;
}

const PUBLISHED = Object.entries(METRICS).flatMap(([name, metric]) =>
  "cloudWatch" in metric ? [{ ...metric, name: name as PublishedName }] : [],
);

/** Writes a line at each call; counters are what has come since the one before. */
export function emfLines(options: EmfOptions): (values: MetricValues) => void {
  const { consumer, log, namespace, now, stream } = options;
  if (namespace === undefined) return () => undefined;
  const dimensions = { Stream: dimensionValue(stream), Consumer: dimensionValue(consumer) };
  let before: MetricValues = {};
  return (values) => {
    const known = PUBLISHED.filter(({ name }) => values[name] !== undefined);
    const metrics = Object.fromEntries(
      known.map(({ cloudWatch, kind, name }) => {
        const since = kind === "counter" ? (before[name] ?? 0) : 0;
        return [cloudWatch, (values[name] ?? 0) - since];
      }),
    );
    const Metrics = known.map(({ cloudWatch, unit }) => ({ Name: cloudWatch, Unit: unit }));
    const CloudWatchMetrics = [{ Namespace: namespace, Dimensions: [DIMENSIONS], Metrics }];
    before = values;
    log("info", "metrics", {
      _aws: { Timestamp: now(), CloudWatchMetrics },
      ...dimensions,
      ...metrics,
      ...(isFutile(metrics) && { [METRICS.ready.cloudWatch]: 0 }),
    });
  };
}

/** All that was tried was given back: runs end well, nothing is acknowledged that could be late, and nobody is told. */
function isFutile(since: Readonly<Record<string, number>>): boolean {
  const { acked, retried } = METRICS;
  return (since[retried.cloudWatch] ?? 0) > 0 && (since[acked.cloudWatch] ?? 0) === 0;
}
