// What all wakes together have done and cost.
import type { Wake } from "./sleeper.ts";
import { seconds } from "./timeline.ts";

export class Totals {
  readonly #wakes: Wake[] = [];

  add(wake: Wake): void {
    this.#wakes.push(wake);
  }

  lines(messages: number, tookMs: number): readonly string[] {
    const wakes = this.#wakes;
    const awakeMs = sum(wakes, ({ invoked }) => invoked.ms);
    const idleMs = sum(wakes, ({ facts }) => facts.receipt?.drainedForMs ?? 0);
    const recoveredMs = sum(wakes, ({ facts }) => facts.recoveredMs);
    const rings = sum(wakes, ({ by }) => by.rings);
    const byDoorbell = wakes.filter(({ by }) => by.rings > 0).length;
    const cold = wakes.filter(({ invoked }) => invoked.init).length;
    return [
      `${wakes.length} wakes   ${wakes.length - byDoorbell} by tick, ${byDoorbell} by doorbell with ${rings} rings; ${cold} cold starts`,
      `awake     ${seconds(awakeMs)}, which is billed: ${(awakeMs / messages).toFixed(1)} ms for each message`,
      `          of it ${seconds(idleMs)} idle, ${seconds(recoveredMs)} waiting for what a wake before had left unsettled`,
      `asleep    ${seconds(tookMs - awakeMs)}, which is not billed`,
    ];
  }
}

function sum(wakes: readonly Wake[], of: (wake: Wake) => number): number {
  return wakes.reduce((total, one) => total + of(one), 0);
}
