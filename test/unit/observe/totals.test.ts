import { expect, test } from "vitest";
import { prometheus } from "../../../functions/bridge/observe/health.ts";
import { METRICS } from "../../../functions/bridge/observe/metric-names.ts";
import { ServiceTotals } from "../../../functions/bridge/observe/totals.ts";
import { type Receipt, Tally } from "../../../functions/bridge/run/receipt.ts";

function receipt(more: Partial<Receipt>): Receipt {
  return { ...new Tally().receipt(null, undefined, 0, 0), ...more };
}

test("receipts of one run replace each other, those of several add up", () => {
  const totals = new ServiceTotals();
  totals.add(receipt({ pulled: 5, acked: 3 }));
  totals.add(receipt({ pulled: 9, acked: 8 }));
  expect(totals.metrics(undefined)).toMatchObject({ pulled: 9, acked: 8 });
  totals.add(receipt({ stop: "broken", pulled: 10, acked: 9, unconfirmed: 1 }));
  expect(totals.metrics(undefined)).toMatchObject({ pulled: 10, acked: 9, unconfirmed: 1 });
  totals.add(receipt({ pulled: 2, acked: 1 }));
  expect(totals.metrics(undefined)).toMatchObject({ pulled: 12, acked: 10, unconfirmed: 1 });
});

test("what is pending and held is what was seen last", () => {
  const totals = new ServiceTotals();
  totals.add(receipt({ stop: "broken", pending: 7, ackPending: 3, held: 0 }));
  totals.add(receipt({ pending: 5, ackPending: 2, held: 1 }));
  expect(totals.metrics(undefined)).toMatchObject({ pending: 5, ackPending: 2, held: 1 });
});

test("a bridge that forwards is ready, one that cannot is not", () => {
  const totals = new ServiceTotals();
  expect(totals.metrics(undefined).ready).toBe(1);
  expect(totals.metrics("starting").ready).toBe(0);
  expect(totals.readinessAfter("running", undefined, "starting")).toBeUndefined();
  expect(totals.readinessAfter("target-unavailable", { reason: "503" }, undefined)).toContain(
    "503",
  );
  expect(totals.readinessAfter("target-available", undefined, "unavailable")).toBeUndefined();
  expect(totals.readinessAfter("recovering", undefined, undefined)).toContain("recovering");
  expect(totals.readinessAfter("message-buried", undefined, "as before")).toBe("as before");
});

test("metrics are written as Prometheus reads them, every one of them", () => {
  const totals = new ServiceTotals();
  totals.add(receipt({ pulled: 5, ackPending: 2 }));
  const text = prometheus(totals.metrics(undefined));
  expect(text).toContain(
    "# TYPE jetstream_bridge_pulled_total counter\njetstream_bridge_pulled_total 5\n",
  );
  expect(text).toContain(
    "# TYPE jetstream_bridge_ack_pending gauge\njetstream_bridge_ack_pending 2\n",
  );
  expect(text.match(/^# HELP /gm)).toHaveLength(Object.keys(METRICS).length);
  for (const line of text.trimEnd().split("\n")) {
    expect(line).toMatch(/^(# (HELP|TYPE) )?[a-z_]+ .+$/);
  }
});
