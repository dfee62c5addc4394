// What the log of the function tells of one wake.
import { setTimeout as sleep } from "node:timers/promises";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import type { RunningFunction } from "../../test/support/runtime-api.ts";

export type RunFacts = {
  /** Undefined where the run has not come to its end, or there was none. */
  readonly receipt: Receipt | undefined;
  /** The rings told of nothing that it had not seen. */
  readonly isSkipped: boolean;
  /** How often the handler threw, and how often it asked for a retry. */
  readonly threw: number;
  readonly putOff: number;
  /** Spent waiting for what the wake before had left unsettled. */
  readonly recoveredMs: number;
};

type Line = Readonly<Record<string, unknown>>;

/** The pipe may be a moment behind. */
const LATEST_MS = 2000;

export class RunLog {
  readonly #function: RunningFunction;
  #read = 0;

  constructor(fn: RunningFunction) {
    this.#function = fn;
  }

  /** Of the wake that has just ended; one that did so by itself has said how. */
  async next(endedByItself: boolean): Promise<RunFacts> {
    const deadline = Date.now() + (endedByItself ? LATEST_MS : 0);
    let lines = this.#lines();
    while (!lines.some(isLast) && Date.now() < deadline) {
      await sleep(5);
      lines = this.#lines();
    }
    this.#read += lines.length;
    return factsOf(lines);
  }

  #lines(): readonly Line[] {
    return this.#function.lines().slice(this.#read);
  }
}

function factsOf(lines: readonly Line[]): RunFacts {
  const notAccepted = lines.filter(({ event }) => event === "message-not-accepted");
  const count = (kind: string): number =>
    notAccepted.filter(({ outcome }) => outcome === kind).length;
  return {
    receipt: lines.find(isReceipt) as unknown as Receipt | undefined,
    isSkipped: lines.some(({ event }) => event === "rings-skipped"),
    threw: count("failed"),
    putOff: count("postponed"),
    recoveredMs: between(lines, "recovering", "running"),
  };
}

function isReceipt({ event, stop }: Line): boolean {
  return event === "receipt" && stop !== null;
}

function isLast(line: Line): boolean {
  return isReceipt(line) || line["event"] === "rings-skipped";
}

function between(lines: readonly Line[], from: string, to: string): number {
  const at = (name: string): number =>
    Date.parse(String(lines.find(({ event }) => event === name)?.["time"]));
  return Math.max(0, at(to) - at(from)) || 0;
}
