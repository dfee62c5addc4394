/** What keeps the bridge running from outside: an orchestrator that restarts a container, or a schedule. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import { BridgeProcess } from "./bridge-process.ts";
import type { Link } from "./jetstream/link.ts";
import type { Simulation } from "./simulation.ts";

/** What an invocation gets beyond its recovery, which takes an ack wait, and its reserve. */
const WORK_MS: Ms = 15_000;

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
    this.#main = this.#spawn(true);
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
    this.#restart(restartAfterMs);
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
    const copy = this.#spawn(false);
    world.after(ms, () => {
      if (this.#simulation.scenario.shape === "lambda") this.#end(copy, 0);
      else copy.stopping.abort();
    });
  }

  #spawn(isMain: boolean): BridgeProcess {
    const one = new BridgeProcess(this.#simulation, ++this.#count);
    this.#processes.push(one);
    if (isMain) this.#main = one;
    const life =
      this.#simulation.scenario.shape === "service" ? this.#serve(one) : this.#invoke(one);
    void life.catch((error: unknown) => {
      this.#simulation.ledger.breach(
        12,
        `the run threw ${error instanceof Error ? error.stack : String(error)}`,
      );
    });
    return one;
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
      const grantedMs = scenario.ackWaitMs + 3 * scenario.natsTimeoutMs + WORK_MS;
      const limit = world.after(grantedMs, () => this.#timedOut(one));
      const startedAt = world.now;
      const receipt = await one.invoke(grantedMs);
      world.cancel(limit);
      if (receipt.stop === "idle") this.idleAt = startedAt;
      // Nobody but a new deployment makes a consumer that is gone.
      if (receipt.stop === "gone" || receipt.stop === "unavailable") {
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
    if (one === this.#main) this.#restart(100);
  }

  #end(one: BridgeProcess, serverSeesAfterMs: Ms): void {
    if (one.process.isDead) return;
    const { ledger } = this.#simulation;
    ledger.disturb("kill", Number.POSITIVE_INFINITY, one.run);
    for (const link of one.links) link.orphan(serverSeesAfterMs);
    one.process.kill();
  }

  #restart(afterMs: Ms): void {
    this.#simulation.world.after(afterMs, () => {
      if (!this.#isStopping) this.#spawn(true);
    });
  }
}
