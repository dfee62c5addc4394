/** A clock that stands still until it is told to move: no real time, no chance. */
import type { Clock, Ms } from "../../functions/bridge/core/ports.ts";

interface Sleeper {
  readonly until: Ms;
  readonly wake: () => void;
}

export class FakeClock implements Clock {
  #now: Ms = 1000;
  readonly #sleepers = new Set<Sleeper>();
  /** What `random()` answers. */
  chance = 0.5;

  now(): Ms {
    return this.#now;
  }

  random(): number {
    return this.chance;
  }

  /** So many sleep. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  sleep(ms: Ms, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const sleeper: Sleeper = {
        until: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", sleeper.wake, { once: true });
    });
  }

  /** Lets time go by, and everybody who waited for it go on. */
  async advance(ms: Ms): Promise<void> {
    await settled();
    const until = this.#now + ms;
    for (;;) {
      const [next] = [...this.#sleepers].toSorted((a, b) => a.until - b.until);
      if (!next || next.until > until) break;
      this.#now = Math.max(this.#now, next.until);
      next.wake();
      await settled();
    }
    this.#now = until;
    await settled();
  }
}

/** Everything that can go on without time has gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
