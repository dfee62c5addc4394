/** What a run did, in numbers that add up: pulled = acked + retried + buried + released + unconfirmed (+ held). */
import type { ConsumerState, Ms, Settled } from "../core/ports.ts";
import { retentionHeadroom } from "../core/retention.ts";
import type { Verdict } from "../core/settlement.ts";
import type { Stop } from "../core/stop.ts";

export interface Receipt {
  /** Null while the run goes on. */
  readonly stop: Stop | null;
  /** Why, in words, where the name alone does not say it. */
  readonly reason?: string;
  /** Messages taken from the consumer; one that is delivered again after it was given back counts again. */
  readonly pulled: number;
  /** Accepted by the target, and their ack confirmed by the server. */
  readonly acked: number;
  /** Given back with a delay. */
  readonly retried: number;
  /** Stored in the dead letters, and their ack confirmed. */
  readonly buried: number;
  /** Given back, or left to their ack wait, untouched or unfinished. */
  readonly released: number;
  /** Settled, but the server's confirmation did not come: they may be delivered again. */
  readonly unconfirmed: number;
  /** In our hands; 0 at a stop. */
  readonly held: number;
  /** Accepted entries that the target may have twice: an answer before was lost, or another run had them. */
  readonly duplicates: number;
  /** Of the consumer: never delivered yet, as last seen. */
  readonly pending: number;
  /** Of the consumer: delivered and not settled, by anybody, as last seen. */
  readonly ackPending: number;
  /** The consumer could not be looked at: `pending` and `ackPending` are not known, and 0. */
  readonly unseen?: true;
  /**
   * How old a message was, by the server's clock, when the target had it and its ack was confirmed: the most since the
   * receipt before, or since the start of the run. Absent: none was, or the server gives no time (before 2.10).
   */
  readonly forwardLagMs?: Ms;
  /**
   * Dropped by the stream before they were delivered, as far as this process has not counted them yet. Absent where that
   * cannot be told: with a filter, with a retention other than limits, with `max_msgs_per_subject`, without STREAM.INFO.
   */
  readonly expired?: number;
  /** In percent: 0 when the oldest unforwarded message is the next that the stream drops. Absent: not known. */
  readonly retentionHeadroom?: number;
  /** Given back with a delay that has not run out. */
  readonly delayed: number;
  /**
   * Of a blocked run: so many messages are in other hands, or were put off by others, and nothing else is wrong: none waits
   * to be delivered.
   */
  readonly elsewhere?: number;
  /** Of an idle run: since when nothing came, to the end. The pull that found nothing was sent then. */
  readonly drainedForMs?: number;
  /** Calls to the target. */
  readonly calls: number;
  readonly milliseconds: number;
}

export type Counted = "acked" | "retried" | "buried" | "released";

export class Tally {
  pulled = 0;
  duplicates = 0;
  calls = 0;
  readonly counts: Record<Counted | "unconfirmed", number> = {
    acked: 0,
    retried: 0,
    buried: 0,
    released: 0,
    unconfirmed: 0,
  };
  /** Undefined: cannot be told. */
  expired: number | undefined;
  /** The most since the last receipt. */
  forwardLagMs: Ms | undefined;
  state: ConsumerState | undefined;

  /**
   * `meaning` says how each verdict counts once the server has confirmed it. `serverNow` in milliseconds since 1970;
   * undefined where the server gives no time.
   */
  settled(
    result: Settled,
    meaning: ReadonlyMap<Verdict, Counted>,
    serverNow: Ms | undefined,
  ): void {
    for (const verdict of result.confirmed) {
      const counted = meaning.get(verdict) ?? "released";
      this.counts[counted] += 1;
      if (counted === "acked" && serverNow !== undefined) this.#forwarded(verdict, serverNow);
    }
    this.counts.unconfirmed += result.unconfirmed.length;
  }

  #forwarded({ held }: Verdict, serverNow: Ms): void {
    const storedAt = Number(held.message.timestampNanos / 1_000_000n);
    // The server's time is as old as its answer was on the way.
    this.forwardLagMs = Math.max(this.forwardLagMs ?? 0, serverNow - storedAt);
  }

  /** The last look was too long ago: what is not confirmed may be pending still. */
  stateUnknown(): void {
    const { state } = this;
    if (!state) return;
    this.state = { ...state, ackPending: Math.max(state.ackPending, this.counts.unconfirmed) };
  }

  receipt(
    stop: Stop | null,
    reason: string | undefined,
    held: number,
    milliseconds: number,
    more: Partial<Pick<Receipt, "delayed" | "drainedForMs" | "elsewhere">> = {},
  ): Receipt {
    const { pulled, duplicates, calls, counts, expired, forwardLagMs, state } = this;
    const headroom = state && retentionHeadroom(state);
    return {
      stop,
      ...(reason !== undefined && { reason }),
      pulled,
      ...counts,
      held,
      duplicates,
      pending: state?.pending ?? 0,
      ackPending: state?.ackPending ?? 0,
      ...(!state && { unseen: true }),
      ...(forwardLagMs !== undefined && { forwardLagMs: Math.round(forwardLagMs) }),
      ...(expired !== undefined && { expired }),
      ...(headroom !== undefined && { retentionHeadroom: Math.round(headroom * 10) / 10 }),
      delayed: more.delayed ?? 0,
      ...(more.elsewhere !== undefined && { elsewhere: more.elsewhere }),
      ...(more.drainedForMs !== undefined && { drainedForMs: Math.round(more.drainedForMs) }),
      calls,
      milliseconds: Math.round(milliseconds),
    };
  }
}
