/**
 * What wakes the function: ticks of a schedule, and batches of the doorbell. It runs in one place at a time; a tick that
 * finds it busy is dropped, a ring waits.
 */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import type { BatchResponse } from "../../functions/bridge/wake/event.ts";
import { Doorbell, recordOf, type Ring } from "./doorbell.ts";
import type { HandlerPlan } from "./with-handler.ts";
import type { Random } from "./random.ts";
import type { Simulation } from "./simulation.ts";

export interface Wake {
  readonly event: unknown;
  /** Empty for a tick. */
  readonly rings: readonly Ring[];
}

/** So long after the last fault ticks come, even when there are rings left. */
export const RINGS_ALONE_MS: Ms = 15 * 60_000;

const LOOK_MS: Ms = 5000;

const TICK: Wake = { event: {}, rings: [] };

export class Wakes {
  readonly doorbell: Doorbell | undefined;
  readonly #simulation: Simulation;
  readonly #plan: HandlerPlan;
  readonly #random: Random;
  /** Of the function that waits to be woken. */
  #wake: ((wake: Wake) => void) | undefined;

  constructor(simulation: Simulation, plan: HandlerPlan, random: Random, invocationMs: Ms) {
    this.#simulation = simulation;
    this.#plan = plan;
    this.#random = random;
    this.doorbell = plan.doorbell
      ? new Doorbell(simulation, random, invocationMs, () => this.#offer())
      : undefined;
    if (plan.ringsAlone)
      simulation.world.at(simulation.scenario.quietAt, () => this.#ticksAtLast());
    else this.#tickAfter(0);
  }

  next(): Promise<Wake> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#offer();
    });
  }

  /** Rings that are done with by this answer. */
  answered({ rings }: Wake, answer: BatchResponse | "failed"): readonly Ring[] {
    return this.doorbell?.answered(rings, answer) ?? [];
  }

  #offer(): void {
    if (!this.#wake) return;
    const rings = this.doorbell?.take() ?? [];
    if (rings.length > 0) this.#give({ event: { Records: rings.map(recordOf) }, rings });
  }

  /** When all rings are answered; or late, where they are refused again and again, and rightly so. */
  #ticksAtLast(): void {
    const { scenario, world } = this.#simulation;
    const isLate = world.now > scenario.quietAt + RINGS_ALONE_MS;
    if (isLate || this.doorbell?.isEmpty) this.#tickAfter(0);
    else world.after(LOOK_MS, () => this.#ticksAtLast());
  }

  #tickAfter(ms: Ms): void {
    const { scenario, world } = this.#simulation;
    world.after(ms, () => {
      const isMissed = world.now < scenario.quietAt && this.#random.chance(this.#plan.missesTicks);
      if (!isMissed) this.#give(TICK);
      this.#tickAfter(this.#plan.tickMs);
    });
  }

  #give(wake: Wake): void {
    const give = this.#wake;
    this.#wake = undefined;
    give?.(wake);
  }
}
