/**
 * A process in which the bridge runs, seen from outside: what reaches it, and when. Killed, nothing reaches it any
 * more, which is all there is to being dead. Frozen, everything reaches it late and all at once.
 */
import type { Clock, Ms } from "../../functions/bridge/core/ports.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

/** At the clock, within one event. */
const MOST_LOOKS = 100_000;

export class ModelProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly #world: World;
  readonly #late: (() => void)[] = [];
  readonly #onDeath: (() => void)[] = [];
  #looks = 0;
  #lookedIn = -1;
  #state: "running" | "frozen" | "dead" = "running";

  constructor(world: World, name: string, random: Random) {
    this.name = name;
    this.#world = world;
    this.clock = {
      now: () => this.#look(),
      random: () => random.next(),
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
  }

  get isDead(): boolean {
    return this.#state === "dead";
  }

  get isFrozen(): boolean {
    return this.#state === "frozen";
  }

  /** Everything that comes from outside comes through here. */
  reach(act: () => void): void {
    if (this.#state === "running") act();
    else if (this.#state === "frozen") this.#late.push(act);
  }

  /** A promise of this process: settled by `act` only while the process lives. */
  later<T>(ms: Ms, act: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.#world.after(ms, () => this.reach(() => resolve(act())));
    });
  }

  kill(): void {
    if (this.#state === "dead") return;
    this.#state = "dead";
    this.#late.length = 0;
    for (const act of this.#onDeath) act();
  }

  onDeath(act: () => void): void {
    this.#onDeath.push(act);
  }

  freeze(): void {
    if (this.#state === "running") this.#state = "frozen";
  }

  thaw(): void {
    if (this.#state !== "frozen") return;
    this.#state = "running";
    for (const act of this.#late.splice(0)) this.#world.after(0, () => this.reach(act));
  }

  /** Whoever looks at the clock for ever without letting time go by would never end. */
  #look(): Ms {
    const { events, now } = this.#world;
    this.#looks = events === this.#lookedIn ? this.#looks + 1 : 0;
    this.#lookedIn = events;
    if (this.#looks > MOST_LOOKS) throw new Error("a loop in which no time passes");
    return now;
  }

  #sleep(ms: Ms, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = (): void => {
        this.#world.cancel(timer);
        resolve();
      };
      const timer = Number.isFinite(ms)
        ? this.#world.after(ms, () =>
            this.reach(() => {
              signal?.removeEventListener("abort", wake);
              resolve();
            }),
          )
        : undefined;
      signal?.addEventListener("abort", wake, { once: true });
    });
  }
}
