/** What a redrive has done, in numbers: matched = sent + refused + failed + left. */

export type Ending =
  /** Everything has been looked at. */
  | "done"
  /** As many as `--limit` allows. */
  | "limit"
  /** By Ctrl-C or SIGTERM. */
  | "interrupted"
  /** The store, NATS or the target does not work. */
  | "unavailable"
  /** The queue holds more than can be kept invisible at once. */
  | "too-many";

export interface Receipt {
  readonly stop: Ending;
  readonly reason?: string;
  /** Looked at. */
  readonly found: number;
  /** Of these, meant by the filter. */
  readonly matched: number;
  /** Stored anew, and deleted here. */
  readonly sent: number;
  /** Not taken, and still here: a duplicate, no such stream, not readable … */
  readonly refused: number;
  /** Not known to be stored, or not deleted; still here. */
  readonly failed: number;
  /** Meant, but not tried. */
  readonly left: number;
}

export type Counted = "found" | "matched" | "sent" | "refused" | "failed" | "left";

export class Tally {
  readonly #counts: Record<Counted, number> = {
    found: 0,
    matched: 0,
    sent: 0,
    refused: 0,
    failed: 0,
    left: 0,
  };

  add(what: Counted, count = 1): void {
    this.#counts[what] += count;
  }

  get counts(): Readonly<Record<Counted, number>> {
    return { ...this.#counts };
  }

  receipt(stop: Ending, reason?: string): Receipt {
    return { stop, ...(reason !== undefined && { reason }), ...this.#counts };
  }
}

/** 0 done, 1 something was refused or failed. */
export function exitCodeOf({ failed, refused, stop }: Receipt): 0 | 1 {
  const isDone = stop === "done" || stop === "limit";
  return isDone && failed === 0 && refused === 0 ? 0 : 1;
}

export function receiptText(receipt: Receipt): string {
  const { failed, found, left, matched, reason, refused, sent, stop } = receipt;
  const why = reason === undefined ? "" : ` (${reason})`;
  const numbers = { found, matched, sent, refused, failed, left };
  const text = Object.entries(numbers).map(([name, count]) => `${name} ${count}`);
  return `${stop}${why}: ${text.join(", ")}`;
}
