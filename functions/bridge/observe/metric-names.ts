/**
 * Every metric once, with what it counts: the same wherever it is published, and for whoever makes alarms of it. Plain
 * data; infra reads it.
 */

export interface Metric {
  /**
   * - `counter`: in Prometheus since the process began, in CloudWatch since the line before
   * - `gauge`: as last seen
   */
  readonly kind: "counter" | "gauge";
  readonly unit: "Count" | "Milliseconds" | "Percent" | "None";
  /** The statistic to look at: of several lines in a period, and of several processes. */
  readonly statistic: "Sum" | "Maximum" | "Minimum";
  readonly prometheus: string;
  readonly help: string;
}

/** One that CloudWatch gets too. */
export interface PublishedMetric extends Metric {
  /** As AWS calls it for event source mappings, where it means the same. */
  readonly cloudWatch: string;
}

export type CounterName =
  | "pulled"
  | "acked"
  | "retried"
  | "buried"
  | "released"
  | "unconfirmed"
  | "duplicates"
  | "unaccounted"
  | "calls"
  | "expired";

export type PublishedName =
  | CounterName
  | "pending"
  | "ackPending"
  | "forwardLag"
  | "retentionHeadroom"
  | "ready";

/** `held` is at all stops 0, and part of `ackPending`: not worth a metric that is paid for. */
export type MetricName = PublishedName | "held";

/** Of every metric in CloudWatch; their values are those of `dimensionValue`. */
export const DIMENSIONS = ["Stream", "Consumer"] as const;

/** A stream's or consumer's name as a dimension's value, which has to be ASCII and must not begin with a colon. */
export function dimensionValue(name: string): string {
  return name.replace(/[^\x20-\x7e]/gu, encodeURIComponent).replace(/^:/, "%3A");
}

/** What is not known is not published, and never 0. */
export const METRICS: Readonly<
  Record<PublishedName, PublishedMetric> & Record<Exclude<MetricName, PublishedName>, Metric>
> = {
  pulled: counter("PolledEventCount", "pulled", "Messages taken from the consumer"),
  acked: counter(
    "AcknowledgedEventCount",
    "acked",
    "Messages accepted by the target and acknowledged",
  ),
  retried: counter("RetriedEventCount", "retried", "Messages given back with a delay"),
  buried: counter(
    "OnFailureDestinationDeliveredEventCount",
    "buried",
    "Messages stored in the dead letters",
  ),
  released: counter(
    "ReleasedEventCount",
    "released",
    "Messages given back untouched, or left to their ack wait",
  ),
  unconfirmed: counter(
    "UnconfirmedEventCount",
    "unconfirmed",
    "Messages whose settlement the server did not confirm",
  ),
  duplicates: counter(
    "DuplicateEventCount",
    "duplicates",
    "Accepted entries that the target may have twice",
  ),
  unaccounted: counter(
    "UnaccountedEventCount",
    "unaccounted",
    "Messages pulled without a verdict, or with two: always 0",
  ),
  calls: counter("CallCount", "calls", "Calls to the target"),
  expired: counter(
    "ExpiredEventCount",
    "expired",
    "Messages that the stream dropped before they were delivered, where that can be told",
  ),
  pending: {
    kind: "gauge",
    unit: "Count",
    statistic: "Maximum",
    cloudWatch: "ConsumerPending",
    prometheus: "jetstream_bridge_pending",
    help: "Messages of the consumer that were never delivered",
  },
  ackPending: {
    kind: "gauge",
    unit: "Count",
    statistic: "Maximum",
    cloudWatch: "AckPending",
    prometheus: "jetstream_bridge_ack_pending",
    help: "Messages of the consumer that are delivered and not settled",
  },
  forwardLag: {
    kind: "gauge",
    unit: "Milliseconds",
    statistic: "Maximum",
    cloudWatch: "ForwardLag",
    prometheus: "jetstream_bridge_forward_lag_milliseconds",
    help: "Age of a message in the stream when it was acknowledged, the most since the receipt before",
  },
  retentionHeadroom: {
    kind: "gauge",
    unit: "Percent",
    statistic: "Minimum",
    cloudWatch: "RetentionHeadroom",
    prometheus: "jetstream_bridge_retention_headroom_percent",
    help: "100 when nothing is in danger, 0 when the stream drops the oldest unforwarded message next",
  },
  ready: {
    kind: "gauge",
    unit: "None",
    statistic: "Minimum",
    cloudWatch: "Ready",
    prometheus: "jetstream_bridge_ready",
    help: "1 while the bridge forwards, or has ended well; 0 while it cannot, or, in CloudWatch, gave back all it tried",
  },
  held: {
    kind: "gauge",
    unit: "Count",
    statistic: "Maximum",
    prometheus: "jetstream_bridge_held",
    help: "Messages in the hands of the bridge",
  },
};

function counter(cloudWatch: string, name: CounterName, help: string): PublishedMetric {
  return {
    kind: "counter",
    unit: "Count",
    statistic: "Sum",
    cloudWatch,
    prometheus: `jetstream_bridge_${name}_total`,
    help,
  };
}
