import { expect, test } from "vitest";
import { prometheus } from "../../../functions/bridge/observe/health.ts";
import { dimensionValue, METRICS } from "../../../functions/bridge/observe/metric-names.ts";
import { Totals } from "../../../functions/bridge/observe/totals.ts";
import { receipt } from "../../support/receipts.ts";

const all = Object.values(METRICS);
const published = all.flatMap((metric) => ("cloudWatch" in metric ? [metric.cloudWatch] : []));

test("no name is used twice", () => {
  expect(new Set(all.map(({ prometheus: name }) => name)).size).toBe(all.length);
  expect(new Set(published).size).toBe(published.length);
});

test("names are those that are known already, and AWS's where they mean the same", () => {
  expect(METRICS.pulled).toMatchObject({
    cloudWatch: "PolledEventCount",
    prometheus: "jetstream_bridge_pulled_total",
  });
  expect(METRICS.buried.cloudWatch).toBe("OnFailureDestinationDeliveredEventCount");
  expect(METRICS.ackPending.prometheus).toBe("jetstream_bridge_ack_pending");
  expect(METRICS.held).not.toHaveProperty("cloudWatch");
});

test("Prometheus' own rules: counters end in _total, nothing else does", () => {
  for (const { kind, prometheus: name } of all) {
    expect(name).toMatch(/^jetstream_bridge_[a-z_]+$/);
    expect(name.endsWith("_total")).toBe(kind === "counter");
  }
});

test("metrics are written as Prometheus reads them, every one that is known", () => {
  const totals = new Totals();
  totals.add(receipt({ pulled: 5, ackPending: 2, expired: 0, forwardLagMs: 12 }));
  const text = prometheus(totals.metrics(true));
  expect(text).toContain(
    "# TYPE jetstream_bridge_pulled_total counter\njetstream_bridge_pulled_total 5\n",
  );
  expect(text).toContain(
    "# TYPE jetstream_bridge_ack_pending gauge\njetstream_bridge_ack_pending 2\n",
  );
  expect(text).toContain("\njetstream_bridge_expired_total 0\n");
  expect(text).toContain("\njetstream_bridge_forward_lag_milliseconds 12\n");
  expect(text).not.toContain("retention_headroom");
  expect(text.match(/^# HELP /gm)).toHaveLength(all.length - 1);
  for (const line of text.trimEnd().split("\n")) {
    expect(line).toMatch(/^(# (HELP|TYPE) )?[a-z_]+ .+$/);
  }
});

test.each([
  ["ORDERS", "ORDERS"],
  ["commandes-été", "commandes-%C3%A9t%C3%A9"],
  [":ORDERS", "%3AORDERS"],
  ["🦀", "%F0%9F%A6%80"],
])("the name %s is the dimension %s", (name, value) => {
  expect(dimensionValue(name)).toBe(value);
});
