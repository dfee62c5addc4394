// The function: asleep until it is invoked, and handed one event at a time.
import type { Invoked, RunningFunction } from "../../test/support/runtime-api.ts";
import { type RunFacts, RunLog } from "./run-log.ts";

/** What wakes it: a tick, or the doorbell with so many rings at once. */
export type Waker = { readonly kind: "tick" | "doorbell"; readonly rings: number };

/** Times are those of `performance.now()`. */
export type Wake = {
  readonly by: Waker;
  readonly beganAt: number;
  readonly endedAt: number;
  /** For how long its process was frozen before; undefined where there was none. */
  readonly sleptMs: number | undefined;
  readonly invoked: Invoked;
  readonly facts: RunFacts;
};

export type Told = {
  readonly begins: () => void;
  /** The next wake waits until this is done. */
  readonly ends: (wake: Wake) => Promise<void>;
};

export class Sleeper {
  readonly #function: RunningFunction;
  readonly #log: RunLog;
  readonly #told: Told;
  #last: Promise<unknown> = Promise.resolve();
  #asleepSince: number | undefined;
  #isStopped = false;
  readonly #open: Waker[] = [];

  constructor(fn: RunningFunction, told: Told) {
    this.#function = fn;
    this.#log = new RunLog(fn);
    this.#told = told;
  }

  /** Undefined where there is none, or none any more. */
  get frozenPid(): number | undefined {
    return this.#asleepSince === undefined ? undefined : this.#function.pid;
  }

  /** What has woken it, and is not done, and what waits for its turn. */
  get open(): readonly Waker[] {
    return this.#open;
  }

  /** After those that came before: there is one of it, as with a reserved concurrency of 1. */
  wake(by: Waker, event: unknown): Promise<Invoked> {
    this.#open.push(by);
    const turn = this.#last.then(() => this.#wakeNow(by, event));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** SIGKILL. */
  kill(): Promise<void> {
    return this.#function.kill();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#function.stop();
  }

  /** All that it has said, for people. */
  lastWords(): string {
    return this.#function.output().trimEnd().split("\n").slice(-5).join("\n  ");
  }

  async #wakeNow(by: Waker, event: unknown): Promise<Invoked> {
    const beganAt = performance.now();
    const sleptMs = this.#asleepSince === undefined ? undefined : beganAt - this.#asleepSince;
    this.#told.begins();
    const invoked = await this.#function.invoke(event);
    const endedAt = performance.now();
    const facts = await this.#log.next(invoked.kind === "returned" || invoked.kind === "threw");
    // One that could not even start has no process any more.
    const isAlive = invoked.kind === "returned" || (invoked.kind === "threw" && facts.receipt);
    this.#asleepSince = isAlive ? endedAt : undefined;
    this.#open.shift();
    if (!this.#isStopped) await this.#told.ends({ by, beganAt, endedAt, sleptMs, invoked, facts });
    return invoked;
  }
}
