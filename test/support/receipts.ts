import type { Receipt } from "../../functions/bridge/run/receipt.ts";

/** A receipt of a run that goes on, has looked at its consumer, and has done nothing, but for what is given. */
export function receipt(given: Partial<Receipt> = {}): Receipt {
  return {
    stop: null,
    pulled: 0,
    acked: 0,
    retried: 0,
    buried: 0,
    released: 0,
    unconfirmed: 0,
    held: 0,
    duplicates: 0,
    pending: 0,
    ackPending: 0,
    delayed: 0,
    calls: 0,
    milliseconds: 0,
    ...given,
  };
}
