/** What keeps the bridge running from outside: an orchestrator that restarts a container, or a schedule. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import { BridgeProcess } from "./bridge-process.ts";
import type { Link } from "./jetstream/link.ts";
import { grantedMs, LambdaHost, type Platform } from "./lambda-host.ts";
import { Sandbox } from "./sandbox.ts";
import type { Simulation } from "./simulation.ts";
import type { Wake } from "./wakes.ts";

export class Supervisor {
  readonly #simulation: Simulation;
  #processes: BridgeProcess[] = [];
  #main: BridgeProcess | undefined;
  #count = 0;
  #isStopping = false;
  /** Of the newest invocation that ended as `idle`. */
  idleAt: Ms = Number.NEGATIVE_INFINITY;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  start(): void {
    this.#main = this.#spawn(true, undefined);
  }

  /** All connections of processes that live. */
  links(): readonly Link[] {
    return this.#processes.flatMap((one) => (one.process.isDead ? [] : [...one.links]));
  }

  get hasStopped(): boolean {
    return this.#processes.every((one) => one.hasEnded || one.process.isDead);
  }

  /** Told to all: end in order. */
  stop(): void {
    this.#isStopping = true;
    for (const one of this.#processes) {
      one.process.thaw();
      one.stopping.abort();
      if (this.#simulation.scenario.shape === "lambda") one.hasEnded = true;
    }
  }

  kill(serverSeesAfterMs: Ms, restartAfterMs: Ms): void {
    const main = this.#main;
    if (!main || main.process.isDead) return;
    this.#end(main, serverSeesAfterMs);
    this.#restart(restartAfterMs, main);
  }

  freeze(ms: Ms, replace: boolean): void {
    const frozen = this.#main;
    if (!frozen || frozen.process.isDead || frozen.process.isFrozen) return;
    const { ledger, world } = this.#simulation;
    frozen.process.freeze();
    ledger.disturb("freeze", ms + 1000, frozen.run);
    if (replace) this.#restart(0);
    world.after(ms, () => {
      frozen.process.thaw();
      if (frozen === this.#main) return;
      // The forgotten copy works on for a while beside its successor.
      ledger.disturb("thawed copy", 20_000);
      world.after(20_000, () => this.#end(frozen, 0));
    });
  }

  secondCopy(ms: Ms): void {
    const { ledger, world } = this.#simulation;
    ledger.disturb("second copy", ms + 2 * this.#simulation.scenario.ackWaitMs);
    const copy = this.#spawn(false, undefined);
    world.after(ms, () => {
      if (this.#simulation.scenario.shape === "lambda") this.#end(copy, 0);
      else copy.stopping.abort();
    });
  }

  /** `before`: the process that ran there. */
  #spawn(isMain: boolean, before: BridgeProcess | undefined): BridgeProcess {
    const { ledger, scenario } = this.#simulation;
    const sandbox = scenario.handler && (before?.sandbox ?? new Sandbox());
    const exit = (ended: BridgeProcess): void => this.#exits(ended);
    const one = new BridgeProcess(this.#simulation, ++this.#count, { sandbox, exit });
    if (before?.sandbox) ledger.inherits(one.number, before.number);
    this.#processes.push(one);
    if (isMain) this.#main = one;
    const life = this.#lifeOf(one);
    void life.catch((error: unknown) => {
      this.#simulation.ledger.breach(
        12,
        `the run threw ${error instanceof Error ? error.stack : String(error)}`,
      );
    });
    return one;
  }

  #lifeOf(one: BridgeProcess): Promise<void> {
    const { scenario, wakes, world } = this.#simulation;
    if (scenario.shape === "service") return this.#serve(one);
    if (!wakes) return this.#invoke(one);
    const host = new LambdaHost(this.#simulation, one, this.#platform());
    // What should not be there at all is woken by whoever started it.
    const beside = (): Promise<Wake> =>
      new Promise((resolve) => {
        world.after(scenario.ackWaitMs / 2, () => resolve({ event: {}, rings: [] }));
      });
    return host.live(() => (one === this.#main ? wakes.next() : beside()));
  }

  #platform(): Platform {
    const isStopping = (): boolean => this.#isStopping;
    return {
      get isStopping() {
        return isStopping();
      },
      timedOut: (one) => this.#timedOut(one),
      exits: (one) => this.#exits(one),
      anew: (one) => {
        this.#end(one, 0);
        if (one === this.#main) this.#restart(2000, one);
      },
      wasIdle: (since) => {
        this.idleAt = since;
      },
    };
  }

  /** Its process ends, by itself: another one is started in its place. */
  #exits(one: BridgeProcess): void {
    if (one.process.isDead) return;
    this.#simulation.world.trace(() => `${one.process.name} exits`);
    this.#end(one, 0);
    if (one === this.#main) this.#restart(100, one);
  }

  /** An exit by itself is followed by a restart. */
  async #serve(one: BridgeProcess): Promise<void> {
    const receipt = await one.serve();
    this.#simulation.world.trace(() => `${one.process.name} exits: ${receipt.stop}`);
    if (one === this.#main && !this.#isStopping) this.#restart(2000);
  }

  async #invoke(one: BridgeProcess): Promise<void> {
    const { world, scenario } = this.#simulation;
    while (!one.process.isDead && !this.#isStopping) {
      const granted = grantedMs(scenario);
      const limit = world.after(granted, () => this.#timedOut(one));
      const startedAt = world.now;
      const receipt = await one.invoke(granted);
      world.cancel(limit);
      if (receipt.stop === "idle") this.idleAt = startedAt;
      // The same sandbox goes on with a consumer that is there once more. Nobody but a new deployment makes one.
      if (receipt.stop === "unavailable") {
        this.#end(one, 0);
        if (one === this.#main) this.#restart(2000);
      }
      // One that is out of time is followed by the next at once; others wait for the next tick.
      await one.process.clock.sleep(receipt.stop === "deadline" ? 100 : scenario.ackWaitMs / 2);
    }
  }

  /** The platform ends a function that does not return. */
  #timedOut(one: BridgeProcess): void {
    if (one.process.isDead) return;
    const { ledger, world } = this.#simulation;
    const { run } = one;
    if (run && !ledger.isDisturbed(run.startedAt, world.now, run)) {
      ledger.breach(12, `run ${run.id} did not return by its deadline`);
    }
    this.#end(one, 0);
    if (one === this.#main) this.#restart(100, one);
  }

  #end(one: BridgeProcess, serverSeesAfterMs: Ms): void {
    if (one.process.isDead) return;
    const { ledger } = this.#simulation;
    ledger.disturb("kill", Number.POSITIVE_INFINITY, one.run);
    for (const link of one.links) link.orphan(serverSeesAfterMs);
    one.process.kill();
  }

  /** Where `before` ran, unless that is lost, or it never ran there. */
  #restart(afterMs: Ms, before?: BridgeProcess): void {
    const { scenario, world } = this.#simulation;
    const losesSandbox = world.now < scenario.quietAt ? (scenario.handler?.losesSandbox ?? 0) : 0;
    const isLost = scenario.handler !== undefined && world.random.chance(losesSandbox);
    world.after(afterMs, () => {
      if (!this.#isStopping) this.#spawn(true, isLost ? undefined : before);
    });
  }
}
