import type { Policy } from "../../functions/bridge/run/policy.ts";

/** Of a run without order that may bury: times that a test does not wait for. */
export const POLICY: Policy = {
  order: undefined,
  settlement: {
    ordered: false,
    onRejected: "bury",
    maximumRetryAttempts: 5,
    retryDelay: { minMs: 1000, maxMs: 5000 },
    keepUpToMs: 5000,
  },
  window: 10,
  maxBytes: 1000,
  lingerMs: 0,
  maximumAgeMs: undefined,
  sinkTimeoutMs: 5000,
  storeTimeoutMs: 5000,
  settleReserveMs: 1000,
  patienceMs: 60_000,
  stateIntervalMs: 5000,
  receiptIntervalMs: 60_000,
  paused: false,
};
