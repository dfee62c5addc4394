/** Virtual time: a queue of events, and nothing happens between two of them. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import type { Random } from "./random.ts";

export interface Timer {
  readonly at: Ms;
  readonly order: number;
  act: (() => void) | undefined;
}

export class World {
  readonly random: Random;
  readonly #heap: Timer[] = [];
  readonly #trace: ((line: string) => void) | undefined;
  #now: Ms = 0;
  #count = 0;
  #events = 0;

  constructor(random: Random, trace?: (line: string) => void) {
    this.random = random;
    this.#trace = trace;
  }

  get now(): Ms {
    return this.#now;
  }

  /** How many events have happened: the same number means the same moment. */
  get events(): number {
    return this.#events;
  }

  /** `text` is only made when somebody reads it. */
  trace(text: () => string): void {
    this.#trace?.(`${this.#now.toFixed(1).padStart(10)}  ${text()}`);
  }

  after(ms: Ms, act: () => void): Timer {
    return this.at(this.#now + Math.max(0, ms), act);
  }

  at(at: Ms, act: () => void): Timer {
    const timer: Timer = { at: Math.max(tick(at), this.#now), order: this.#count++, act };
    push(this.#heap, timer);
    return timer;
  }

  /** It stays in the queue as an empty place. */
  cancel(timer: Timer | undefined): void {
    if (timer) timer.act = undefined;
  }

  /** Lets everything happen up to `until`, or until `isDone`; each event with all that follows from it. */
  async run(until: Ms, isDone: () => boolean = () => false): Promise<void> {
    await settled();
    while (!isDone()) {
      const next = this.#heap[0];
      if (!next || next.at > until) return;
      pop(this.#heap);
      if (!next.act) continue;
      this.#now = next.at;
      this.#events += 1;
      next.act();
      await settled();
    }
  }
}

/**
 * Resolves when no promise has anything left to do. A tick that is asked for from within a microtask runs only when
 * the queue of microtasks is empty; a test holds Node to that. Ten times as fast as a turn of the event loop.
 */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    queueMicrotask(() => process.nextTick(resolve));
  });
}

/** Time goes in steps that floating point adds up without rounding; no timer fires too early by a hair. */
function tick(at: Ms): Ms {
  return Math.ceil(at * 1024) / 1024;
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Timer[], timer: Timer): void {
  let place = heap.length;
  heap.push(timer);
  while (place > 0) {
    const parent = (place - 1) >> 1;
    const above = heap[parent] as Timer;
    if (!isBefore(timer, above)) break;
    heap[place] = above;
    place = parent;
  }
  heap[place] = timer;
}

function pop(heap: Timer[]): void {
  const last = heap.pop() as Timer;
  if (heap.length === 0) return;
  let place = 0;
  for (;;) {
    let child = 2 * place + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer))
      child += 1;
    if (!isBefore(heap[child] as Timer, last)) break;
    heap[place] = heap[child] as Timer;
    place = child;
  }
  heap[place] = last;
}
