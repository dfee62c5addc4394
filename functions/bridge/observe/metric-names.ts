/** Every metric once, with what it counts: the same names wherever they are published. */

export interface Metric {
  readonly kind: "counter" | "gauge";
  readonly help: string;
}

export const METRICS: Readonly<Record<MetricName, Metric>> = {
  pulled: { kind: "counter", help: "Messages taken from the consumer" },
  acked: { kind: "counter", help: "Messages accepted by the target and acknowledged" },
  retried: { kind: "counter", help: "Messages given back with a delay" },
  buried: { kind: "counter", help: "Messages stored in the dead letters" },
  released: { kind: "counter", help: "Messages given back untouched, or left to their ack wait" },
  unconfirmed: { kind: "counter", help: "Messages whose settlement the server did not confirm" },
  duplicates: { kind: "counter", help: "Accepted entries that the target may have twice" },
  calls: { kind: "counter", help: "Calls to the target" },
  pending: { kind: "gauge", help: "Messages of the consumer that were never delivered" },
  ackPending: {
    kind: "gauge",
    help: "Messages of the consumer that are delivered and not settled",
  },
  held: { kind: "gauge", help: "Messages in the hands of the bridge" },
  ready: { kind: "gauge", help: "1 while the bridge forwards, 0 while it cannot" },
};

export type MetricName =
  | "pulled"
  | "acked"
  | "retried"
  | "buried"
  | "released"
  | "unconfirmed"
  | "duplicates"
  | "calls"
  | "pending"
  | "ackPending"
  | "held"
  | "ready";
