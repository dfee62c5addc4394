import { expect, test } from "vitest";
import { readinessAfter, Totals } from "../../../functions/bridge/observe/totals.ts";
import { receipt } from "../../support/receipts.ts";

test("receipts of one run replace each other, those of several add up", () => {
  const totals = new Totals();
  totals.add(receipt({ pulled: 5, acked: 3, expired: 2 }));
  totals.add(receipt({ pulled: 9, acked: 8, expired: 2 }));
  expect(totals.metrics(true)).toMatchObject({ pulled: 9, acked: 8, expired: 2 });
  totals.add(receipt({ stop: "broken", pulled: 10, acked: 9, unconfirmed: 1, expired: 3 }));
  expect(totals.metrics(true)).toMatchObject({ pulled: 10, acked: 9, unconfirmed: 1, expired: 3 });
  totals.add(receipt({ pulled: 2, acked: 1, expired: 1 }));
  expect(totals.metrics(true)).toMatchObject({ pulled: 12, acked: 10, unconfirmed: 1, expired: 4 });
});

test("what is pending and held is what was seen last", () => {
  const totals = new Totals();
  totals.add(receipt({ stop: "broken", pending: 7, ackPending: 3, held: 0 }));
  totals.add(receipt({ pending: 5, ackPending: 2, held: 1 }));
  expect(totals.metrics(true)).toMatchObject({ pending: 5, ackPending: 2, held: 1 });
});

test("what is not known is not there, and never 0", () => {
  const totals = new Totals();
  const unknown = ["pending", "ackPending", "forwardLag", "expired", "retentionHeadroom"];
  for (const name of unknown) expect(totals.metrics(true)).not.toHaveProperty(name);
  totals.add(receipt({ pending: 4, ackPending: 3, forwardLagMs: 20, retentionHeadroom: 80 }));
  expect(totals.metrics(true)).toMatchObject({
    pending: 4,
    ackPending: 3,
    forwardLag: 20,
    retentionHeadroom: 80,
  });
  totals.add(receipt({ stop: "broken", unseen: true }));
  for (const name of unknown) expect(totals.metrics(true)).not.toHaveProperty(name);
});

test("what was expired stays counted while it cannot be told", () => {
  const totals = new Totals();
  totals.add(receipt({ stop: "idle", expired: 3 }));
  totals.add(receipt({ stop: "broken", unseen: true }));
  expect(totals.metrics(true).expired).toBe(3);
});

test("a receipt that does not add up shows, whichever way", () => {
  const totals = new Totals();
  totals.add(receipt({ stop: "idle", pulled: 5, acked: 3, retried: 1, released: 1 }));
  totals.add(receipt({ pulled: 5, acked: 3, buried: 1, held: 1 }));
  expect(totals.metrics(true).unaccounted).toBe(0);
  totals.add(receipt({ stop: "idle", pulled: 5, acked: 3, unconfirmed: 1 }));
  expect(totals.metrics(true).unaccounted).toBe(1);
  totals.add(receipt({ stop: "idle", pulled: 1, acked: 2 }));
  expect(totals.metrics(true).unaccounted).toBe(2);
});

test("a bridge that forwards is ready, one that cannot is not", () => {
  expect(new Totals().metrics(true).ready).toBe(1);
  expect(new Totals().metrics(false).ready).toBe(0);
  expect(readinessAfter("running", undefined, "starting")).toBeUndefined();
  expect(readinessAfter("target-unavailable", { reason: "503" }, undefined)).toContain("503");
  expect(readinessAfter("target-available", undefined, "unavailable")).toBeUndefined();
  expect(readinessAfter("recovering", undefined, undefined)).toContain("recovering");
  expect(readinessAfter("message-buried", undefined, "as before")).toBe("as before");
});
