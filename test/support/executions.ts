// What the unruly handler notes of its executions, and what may not be among them.
import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Noted } from "../e2e/handlers/unruly.ts";
import { temporaryFolder } from "./leave-nothing.ts";

export interface Note {
  readonly pid: number;
  readonly sequence: number;
  /** Of its message. */
  readonly delivery: number;
  readonly what: Noted;
}

/** A file to which several processes append, a line for each note. */
export class Ledger {
  readonly file = join(temporaryFolder(), "ledger");
  readonly #notes: Note[] = [];
  #read = 0;

  constructor() {
    writeFileSync(this.file, "");
  }

  /** All of them, in the order in which they were written. */
  notes(): readonly Note[] {
    const open = openSync(this.file, "r");
    const part = Buffer.alloc(65_536);
    for (;;) {
      const size = readSync(open, part, 0, part.length, this.#read);
      const whole = part.lastIndexOf("\n", size - 1) + 1;
      if (size === 0 || whole === 0) break;
      this.#read += whole;
      this.#notes.push(...part.toString("latin1", 0, whole).trimEnd().split("\n").map(noteOf));
    }
    closeSync(open);
    return this.#notes;
  }
}

function noteOf(line: string): Note {
  const [pid, sequence, delivery, ...what] = line.split(" ");
  return {
    pid: Number(pid),
    sequence: Number(sequence),
    delivery: Number(delivery),
    what: what.join(" ") as Noted,
  };
}

/** A process that was stopped and went on, between two places in the ledger. */
export interface Freeze {
  readonly pid: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Executions that began although a later delivery of their message had begun before. Leases are looked at for all that is
 * about to begin, and then all begin in one go: where a process is frozen in the midst of that, the others begin first
 * thing when it is thawed.
 */
export function overtaken(notes: readonly Note[], freezes: readonly Freeze[]): readonly string[] {
  const underWay = new Set(freezes.flatMap((freeze) => [...firstThing(notes, freeze)]));
  const latest = new Map<number, number>();
  return notes.flatMap((note) => {
    const { delivery, pid, sequence, what } = note;
    if (what !== "start") return [];
    const before = latest.get(sequence) ?? 0;
    latest.set(sequence, Math.max(before, delivery));
    const isLate = delivery < before && !underWay.has(note);
    return isLate ? `${sequence} in ${pid}, delivery ${delivery} after ${before}` : [];
  });
}

/** What a process begins after a freeze, before it notes anything else. */
function firstThing(notes: readonly Note[], { pid, to }: Freeze): readonly Note[] {
  const own = notes.slice(to).filter((note) => note.pid === pid);
  const next = own.findIndex(({ what }) => what !== "start");
  return next < 0 ? own : own.slice(0, next);
}

/**
 * Executions of a message beside one that had not ended, in a process that still had something to say. What was under
 * way when its process was frozen goes on when that is thawed, beside the redelivery: nobody can stop it.
 */
export function besideLiveOnes(
  notes: readonly Note[],
  freezes: readonly Freeze[],
): readonly string[] {
  const lastWord = new Map(notes.map(({ pid }, at) => [pid, at]));
  const running = new Map<number, { readonly pid: number; readonly at: number }>();
  return notes.flatMap(({ pid, sequence, what }, at) => {
    const other = running.get(sequence);
    if (what !== "start") {
      if (other?.pid === pid) running.delete(sequence);
      return [];
    }
    running.set(sequence, { pid, at });
    if (other === undefined) return [];
    const wasFrozen = freezes.some(
      (freeze) => freeze.pid === other.pid && other.at < freeze.to && freeze.from <= at,
    );
    const isAlive = other.pid === pid || (lastWord.get(other.pid) ?? 0) > at;
    return isAlive && !wasFrozen ? `${sequence} in ${pid} beside ${other.pid}` : [];
  });
}
