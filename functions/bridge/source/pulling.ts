/**
 * One pull at a time: what was asked, what has arrived, how it ended. A delivery cannot be attributed to a pull, since
 * it comes with the stream's own subject; only statuses can. So nothing that arrives is ever dropped: it belongs to
 * whichever pull returns next.
 */
import type { Clock, Held, Ms, PullRequest } from "../core/ports.ts";
import type { PullEnd } from "./pull-status.ts";

/** With some messages here and nothing more for this long, the server has no more for us (max ack pending). */
const QUIET_MS: Ms = 100;

export class Pulling {
  readonly #clock: Clock;
  /** The subject of its statuses. */
  readonly inbox: string;
  readonly batch: number;
  readonly sentAt: Ms;
  readonly #expiresAt: Ms;
  readonly #arrived: Held[];
  #delivered = 0;
  #deliveredBefore = 0;
  #isWaitedFor = false;
  #lastArrival: Ms = 0;
  #end: PullEnd | undefined;
  #wake: (() => void) | undefined;

  constructor(clock: Clock, inbox: string, request: PullRequest, arrived: Held[]) {
    this.#clock = clock;
    this.inbox = inbox;
    this.batch = request.batch;
    this.sentAt = clock.now();
    this.#expiresAt = this.sentAt + request.waitMs;
    this.#arrived = arrived;
  }

  get delivered(): number {
    return this.#delivered;
  }

  get isExpired(): boolean {
    return this.#clock.now() >= this.#expiresAt - 5;
  }

  /** The server is done with it; until then no other pull may be sent. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** One that was asked for, and that nobody gets. */
  skip(): void {
    this.#delivered += 1;
    if (this.#delivered >= this.batch) this.finish({ end: "filled" });
  }

  add(held: Held): void {
    this.#arrived.push(held);
    this.#delivered += 1;
    this.#lastArrival = this.#clock.now();
    if (this.#delivered >= this.batch) this.finish({ end: "filled" });
    // The first one of this wait starts the wait for silence.
    else if (this.#delivered === this.#deliveredBefore + 1) this.#wake?.();
  }

  finish(end: PullEnd): void {
    this.#end ??= end;
    this.#wake?.();
  }

  /**
   * Waits for its end, for silence after some messages, for `signal`, or for the grace time: then undefined. A pull that
   * was waited for before, and that the server has not ended yet, is waited for at most `waitMs` again.
   */
  async wait(
    waitMs: Ms,
    graceMs: Ms,
    signal: AbortSignal | undefined,
  ): Promise<PullEnd | undefined> {
    const patience = this.#isWaitedFor ? this.#clock.now() + waitMs : Number.POSITIVE_INFINITY;
    this.#isWaitedFor = true;
    this.#deliveredBefore = this.#delivered;
    while (!this.#end) {
      if (signal?.aborted) return { end: "waited" };
      const hasBrought = this.#delivered > this.#deliveredBefore;
      const silence = this.#expiresAt + graceMs;
      const until = hasBrought ? this.#lastArrival + QUIET_MS : Math.min(patience, silence);
      const now = this.#clock.now();
      if (now >= until) return hasBrought || now < silence ? { end: "waited" } : undefined;
      await this.#sleep(until - now, signal);
    }
    return this.#end;
  }

  async #sleep(ms: Ms, signal: AbortSignal | undefined): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort("woken");
    signal?.addEventListener("abort", this.#wake, { once: true });
    await this.#clock.sleep(ms, woken.signal);
    signal?.removeEventListener("abort", this.#wake);
    this.#wake = undefined;
  }
}
