// Messages come in bursts; a tick or a ring wakes the function, which handles them and sleeps again. Once it is killed.
import { setTimeout as sleep } from "node:timers/promises";
import type { RunningFunction } from "../../test/support/runtime-api.ts";
import type { Stage } from "../stage.ts";
import type { Doorbell } from "./doorbell.ts";
import { CAN_FREEZE } from "./function.ts";
import { Schedule } from "./schedule.ts";
import { Sleeper, type Wake } from "./sleeper.ts";
import { nameOf, seconds, Timeline } from "./timeline.ts";
import { Totals } from "./totals.ts";
import type { Warehouse } from "./warehouse.ts";

export type StoryParts = Pick<Stage, "options" | "screen" | "stream"> & {
  readonly doorbell: Doorbell;
  readonly fn: RunningFunction;
  readonly warehouse: Warehouse;
};

export const TICK_MS = 5000;

const FIRST_TICK_MS = 1000;

/** When a burst is published, and how often that rings. Without a ring the next tick finds it. */
const BURSTS = [
  { atMs: 0, rings: 0 },
  { atMs: 4000, rings: 1 },
  { atMs: 7500, rings: 3 },
  { atMs: 10_000, rings: 0 },
  { atMs: 11_600, rings: 1 },
  { atMs: 17_000, rings: 1 },
] as const;

/** Killed when so many bursts are handled: in the midst of the fourth. */
const KILLED_AFTER = 3.4;

/** So long without a message that is handled: something is wrong. */
const PATIENCE_MS = 25_000;

export class Story {
  readonly #parts: StoryParts;
  readonly #sleeper: Sleeper;
  readonly #timeline: Timeline;
  readonly #totals = new Totals();
  readonly #schedule: Schedule;
  readonly #stopped = new AbortController();
  readonly #moving: NodeJS.Timeout;
  #published = 0;
  #hasBeenKilled = false;

  constructor(parts: StoryParts) {
    this.#parts = parts;
    this.#timeline = new Timeline(parts.screen);
    this.#sleeper = new Sleeper(parts.fn, {
      begins: () => this.#timeline.wakeBegins(),
      ends: (wake) => this.#wakeEnds(wake),
    });
    this.#schedule = new Schedule(FIRST_TICK_MS, TICK_MS, (event) => this.#tick(event));
    this.#moving = setInterval(() => this.#timeline.moves(this.#doing), 100);
  }

  async play(): Promise<void> {
    const { doorbell, options, screen } = this.#parts;
    this.#beside(
      doorbell.answerWith((event, rings) => this.#sleeper.wake({ kind: "doorbell", rings }, event)),
    );
    this.#beside(this.#killInTheMiddle());
    await this.#publishAll();
    await this.#untilHandled();
    screen.say();
    for (const line of this.#totals.lines(options.messages, this.#timeline.now)) screen.say(line);
    this.#end();
  }

  async stop(): Promise<void> {
    this.#end();
    await this.#sleeper.stop();
  }

  #end(): void {
    this.#stopped.abort(new Error("interrupted"));
    clearInterval(this.#moving);
    this.#schedule.stop();
    this.#parts.doorbell.stop();
  }

  async #publishAll(): Promise<void> {
    const { doorbell, options, stream } = this.#parts;
    for (const [i, { atMs, rings }] of BURSTS.entries()) {
      await this.#pause(atMs - this.#timeline.now);
      const end = Math.round((options.messages * (i + 1)) / BURSTS.length);
      const numbers = Array.from({ length: end - this.#published }, (_, n) => this.#published + n);
      await Promise.all(numbers.map((n) => stream.publish(n)));
      this.#published = end;
      const then = ["and nobody rings: the next tick finds them", "and rang once"][rings];
      this.#timeline.happens(`published ${numbers.length}, ${then ?? `and rang ${rings} times`}`);
      if (rings > 0) await doorbell.ring(rings);
    }
  }

  async #killInTheMiddle(): Promise<void> {
    const { options, warehouse } = this.#parts;
    await warehouse.hasTaken(Math.floor((options.messages * KILLED_AFTER) / BURSTS.length));
    this.#hasBeenKilled = true;
    await this.#sleeper.kill();
  }

  /** All is acknowledged, and it sleeps. If less has arrived than was sent, the comparison shows which. */
  async #untilHandled(): Promise<void> {
    const { stream, warehouse } = this.#parts;
    let taken = warehouse.taken;
    for (let deadline = Date.now() + PATIENCE_MS; Date.now() < deadline;) {
      await this.#pause(50);
      if (warehouse.taken > taken) deadline = Date.now() + PATIENCE_MS;
      ({ taken } = warehouse);
      if (this.#sleeper.open.length > 0) continue;
      const position = await stream.position();
      const isSettled = position && position.pending + position.ackPending === 0;
      if (isSettled && this.#sleeper.open.length === 0) return;
    }
    throw new Error(
      `nothing was handled for ${PATIENCE_MS / 1000} s. The last that the function said:\n  ${this.#sleeper.lastWords()}`,
    );
  }

  /** One that waits for its turn is enough. */
  #tick(event: unknown): void {
    const isWaiting = this.#sleeper.open.slice(1).some(({ kind }) => kind === "tick");
    if (!isWaiting) this.#beside(this.#sleeper.wake({ kind: "tick", rings: 0 }, event));
  }

  async #wakeEnds(wake: Wake): Promise<void> {
    this.#totals.add(wake);
    this.#timeline.wakeEnds(wake, await this.#how(wake), notesOn(wake));
    const { frozenPid, open } = this.#sleeper;
    if (frozenPid === undefined || open.length > 0) return;
    const how = CAN_FREEZE ? "is frozen (SIGSTOP)" : "waits (Windows cannot freeze it)";
    const { options, warehouse } = this.#parts;
    this.#timeline.happens(
      `asleep: process ${frozenPid} ${how}; ${warehouse.taken} of ${options.messages} handled`,
    );
  }

  /** What there is to say where there are no numbers. */
  async #how({ facts, invoked }: Wake): Promise<string | undefined> {
    if (facts.receipt || facts.isSkipped) return undefined;
    switch (invoked.kind) {
      case "returned":
        return "returned, and has said nothing";
      case "threw":
        return `failed: ${invoked.errorMessage}`;
      case "timed out":
        return `killed after ${seconds(invoked.ms)}: its time was up`;
      case "exited": {
        const held = (await this.#parts.stream.position())?.ackPending ?? 0;
        const isOurs = this.#hasBeenKilled && invoked.signal === "SIGKILL";
        const how = isOurs ? "killed in the middle" : "ended";
        return `${how} (${invoked.signal ?? invoked.code}), after ${invoked.ms} ms; it held ${held} messages that were not acknowledged`;
      }
    }
  }

  get #doing(): string {
    const [by, ...waiting] = this.#sleeper.open;
    const sleeping = this.#sleeper.frozenPid === undefined ? "there is no process" : "asleep";
    const state = by ? `awake, by ${nameOf(by)}` : sleeping;
    const more = waiting.length > 0 ? `; next: ${waiting.map(nameOf).join(", ")}` : "";
    return `${state}; published ${this.#published}, handled ${this.#parts.warehouse.taken}${more}`;
  }

  /** What goes on beside the rest: if it fails, all ends. */
  #beside(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#stopped.abort(error));
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#stopped;
    await sleep(Math.max(0, ms), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function notesOn({ facts: { receipt, recoveredMs } }: Wake): readonly string[] {
  const notes: string[] = [];
  if (recoveredMs > 0) {
    notes.push(
      `the first ${seconds(recoveredMs)} it waited for what the wake before had left unsettled (one ack wait)`,
    );
  }
  if (receipt?.reason !== undefined) notes.push(receipt.reason);
  return notes;
}
