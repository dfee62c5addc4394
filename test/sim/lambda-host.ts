/** The life of one process of a function with a handler, from one invocation to the next, as `wake/host.ts` has it. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import type { BatchResponse } from "../../functions/bridge/wake/event.ts";
import { Waker } from "../../functions/bridge/wake/wake.ts";
import type { BridgeProcess } from "./bridge-process.ts";
import { EPOCH_MS } from "./jetstream/model-server.ts";
import type { Scenario } from "./scenario.ts";
import type { Simulation } from "./simulation.ts";
import { judgeWake } from "./judge-wakes.ts";
import type { Woken } from "./plants.ts";
import type { Wake } from "./wakes.ts";

/** What an invocation gets beyond its recovery, which takes an ack wait, and its reserve. */
export const WORK_MS: Ms = 15_000;

/** As in `wake/host.ts`. */
const RETURN_MS: Ms = 200;
const ZOMBIE_MS: Ms = 250;

const IDLE_MS: Ms = 1000;

/** What the platform does about it. */
export interface Platform {
  readonly isStopping: boolean;
  timedOut(one: BridgeProcess): void;
  /** The process ends itself. */
  exits(one: BridgeProcess): void;
  /** Somebody has to deploy it anew. */
  anew(one: BridgeProcess): void;
  wasIdle(since: Ms): void;
}

/** What Lambda grants an invocation. */
export function grantedMs({ ackWaitMs, natsTimeoutMs }: Scenario): Ms {
  return ackWaitMs + 3 * natsTimeoutMs + WORK_MS;
}

export class LambdaHost {
  readonly #simulation: Simulation;
  readonly #one: BridgeProcess;
  readonly #platform: Platform;
  readonly #waker: Woken;
  #receipt: Receipt | undefined;
  #skipped = 0;
  #rungAgain: "no" | "yes" | "in vain" = "no";

  constructor(simulation: Simulation, one: BridgeProcess, platform: Platform) {
    this.#simulation = simulation;
    this.#one = one;
    this.#platform = platform;
    this.#waker = this.#wakerOf(simulation, one);
  }

  /** `next`: what wakes it. */
  async live(next: () => Promise<Wake>): Promise<void> {
    const { process } = this.#one;
    const isOver = (): boolean => process.isDead || this.#platform.isStopping;
    while (!isOver()) {
      process.freeze();
      const wake = await next();
      if (isOver()) return;
      process.thaw();
      await this.#invoke(wake);
    }
  }

  async #invoke(wake: Wake): Promise<void> {
    const { executions, scenario, world } = this.#simulation;
    const { clock } = this.#one.process;
    const granted = grantedMs(scenario);
    const startedAt = world.now;
    const limit = world.after(granted, () => this.#platform.timedOut(this.#one));
    this.#forget();
    const answer = await this.#answer(wake, clock.now() + granted - RETURN_MS);
    if (this.#one.zombies > 0) await clock.sleep(ZOMBIE_MS);
    world.cancel(limit);
    if (this.#one.zombies > 0) return this.#platform.exits(this.#one);
    const done = this.#simulation.wakes?.answered(wake, answer) ?? [];
    const stop = this.#receipt?.stop;
    judgeWake(this.#simulation, {
      done,
      process: this.#one.number,
      receipt: this.#receipt,
      hasSkipped: this.#skipped > 0,
      rungAgain: this.#rungAgain,
      wake,
    });
    executions.standsStill(this.#one.process);
    if (stop === "idle") this.#platform.wasIdle(startedAt);
    // The same sandbox goes on with a consumer that is there once more; one that is missing takes a new deployment.
    if (stop === "unavailable") this.#platform.anew(this.#one);
  }

  #forget(): void {
    this.#receipt = undefined;
    this.#skipped = 0;
    this.#rungAgain = "no";
  }

  async #answer({ event, rings }: Wake, deadline: Ms): Promise<BatchResponse | "failed"> {
    try {
      const answer = await this.#waker.wake(event, deadline, "invocation");
      return rings.length > 0 ? (answer as BatchResponse) : "failed";
    } catch {
      return "failed";
    }
  }

  #wakerOf(simulation: Simulation, one: BridgeProcess): Woken {
    const { consumerName, plants, scenario, streamName, wakes, world } = simulation;
    const { doorbell } = wakes ?? {};
    const ports = {
      bridge: {
        attempt: async (until: { readonly deadline: Ms; readonly idleMs?: Ms }) => {
          this.#receipt = await one.attempt(until);
          return this.#receipt;
        },
        replay: () => Promise.reject(new Error("nothing is replayed here")),
        zombies: 0,
      },
      clock: one.process.clock,
      now: () => EPOCH_MS + world.now + (scenario.handler?.skewMs ?? 0),
      observe: (event: string) => {
        world.trace(() => `${one.process.name} ${event}`);
        if (event === "rings-skipped") this.#skipped += 1;
      },
      served: { stream: streamName, consumer: consumerName },
      idleMs: IDLE_MS,
      ringAgain: doorbell && ((hops: number) => this.#ringAgain(hops)),
      leastRunMs: 0,
    };
    const waker = new Waker(plants.wake?.(ports) ?? ports);
    return plants.waker?.(waker) ?? waker;
  }

  async #ringAgain(hops: number): Promise<void> {
    const { wakes } = this.#simulation;
    await this.#one.process.clock.sleep(20);
    const isRung = wakes?.doorbell?.ringAgain(hops) ?? false;
    this.#rungAgain = isRung ? "yes" : "in vain";
    if (!isRung) throw new Error("the queue does not answer");
  }
}
