// What happens, line by line: one for each wake, and between two wakes one that says that it sleeps.
import type { Screen } from "../screen.ts";
import type { Wake, Waker } from "./sleeper.ts";

/** Name and width; what is negative begins on the left. */
const COLUMNS = [
  ["time", 7],
  ["woken by", -17],
  ["start", -5],
  ["slept", 5],
  ["pulled", 6],
  ["acked", 5],
  ["threw", 5],
  ["put off", 7],
  ["stopped", -7],
  ["billed", 7],
  ["of it idle", 10],
] as const;

export class Timeline {
  readonly #screen: Screen;
  readonly #startedAt = performance.now();
  /** What happens in the midst of a wake, is said after the line of the wake: that begins earlier. */
  #later: string[] | undefined;

  constructor(screen: Screen) {
    this.#screen = screen;
    screen.say();
    screen.say(row(COLUMNS.map(([name]) => name)));
  }

  /** Since its beginning. */
  get now(): number {
    return performance.now() - this.#startedAt;
  }

  /** Something beside the wakes. */
  happens(text: string): void {
    const line = `${this.#time(performance.now())}  ${text}`;
    if (this.#later) this.#later.push(line);
    else this.#screen.say(line);
  }

  wakeBegins(): void {
    this.#later = [];
  }

  /** `how`: instead of numbers, where there are none. `notes` stand below. */
  wakeEnds(wake: Wake, how: string | undefined, notes: readonly string[]): void {
    const texts = [this.#time(wake.beganAt), ...whenAndWhy(wake), ...(how ? [] : numbers(wake))];
    this.#screen.say([row(texts), ...(how ? [how] : [])].join("  "));
    for (const note of notes) this.#screen.say(`${" ".repeat(COLUMNS[0][1] + 2)}${note}`);
    for (const line of this.#later ?? []) this.#screen.say(line);
    this.#later = undefined;
  }

  /** Where a line can move, it shows what goes on. */
  moves(text: string): void {
    if (!this.#screen.isTerminal) return;
    this.#screen.show(`${this.#time(performance.now())}  ${text}`);
  }

  #time(at: number): string {
    return seconds(at - this.#startedAt).padStart(COLUMNS[0][1]);
  }
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export function nameOf({ kind, rings }: Waker): string {
  if (kind === "tick") return kind;
  return `${kind}, ${rings} ring${rings === 1 ? "" : "s"}`;
}

function whenAndWhy({ by, invoked, sleptMs }: Wake): readonly string[] {
  const slept = sleptMs === undefined ? "-" : seconds(sleptMs);
  return [nameOf(by), invoked.init ? "cold" : "warm", slept];
}

function numbers({ facts, invoked }: Wake): readonly string[] {
  const { putOff, receipt, threw } = facts;
  return [
    String(receipt?.pulled ?? 0),
    String(receipt?.acked ?? 0),
    String(threw),
    String(putOff),
    receipt?.stop ?? "skipped",
    `${invoked.ms} ms`,
    `${receipt?.drainedForMs ?? 0} ms`,
  ];
}

function row(texts: readonly string[]): string {
  return texts
    .map((text, i) => {
      const [, width] = COLUMNS[i] ?? ["", 0];
      return width < 0 ? text.padEnd(-width) : text.padStart(width);
    })
    .join("  ");
}
