/** A target that does not answer: asked by one call at a time, at growing intervals, until it does. */
import type { Clock, Ms } from "../core/ports.ts";
import type { RetryDelay } from "../core/retry-delay.ts";

/** The first pause is short: most failures of a whole call are a stale connection. */
const PAUSE: RetryDelay = { minMs: 100, maxMs: 5000 };

export class Outage {
  readonly #clock: Clock;
  readonly #delay: (failures: number, delay: RetryDelay, random: number) => Ms;
  #since: Ms | undefined;
  #failures = 0;
  /** No call before this. */
  until: Ms = Number.NEGATIVE_INFINITY;
  /** The latest; empty while the target answers. */
  reason = "";

  constructor(clock: Clock, delay: (failures: number, delay: RetryDelay, random: number) => Ms) {
    this.#clock = clock;
    this.#delay = delay;
  }

  get isOn(): boolean {
    return this.#since !== undefined;
  }

  get lastedMs(): Ms {
    return this.#since === undefined ? 0 : this.#clock.now() - this.#since;
  }

  /** A whole round went unanswered. */
  goesOn(reason: string): void {
    const now = this.#clock.now();
    this.#since ??= now;
    this.#failures += 1;
    this.reason = reason;
    this.until = now + this.#delay(this.#failures, PAUSE, this.#clock.random());
  }

  ends(): void {
    this.#since = undefined;
    this.#failures = 0;
    this.reason = "";
    this.until = Number.NEGATIVE_INFINITY;
  }
}
