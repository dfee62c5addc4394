/** Law 12, for what woke the bridge: a ring that is answered was served, and a backlog is gone on with. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import type { Ring } from "./doorbell.ts";
import type { Simulation } from "./simulation.ts";
import type { Wake } from "./wakes.ts";

/** As in `wake/wake.ts`: a chain of rings is not longer than this. */
const MOST_HOPS = 10;

/** Two clocks are less than this apart, and each is read in whole milliseconds. */
const CLOCK_MARGIN_MS: Ms = 5000;
const ROUNDING_MS: Ms = 2;

export interface Served {
  readonly wake: Wake;
  /** Which has served it. */
  readonly process: number;
  /** Rings that are done with. */
  readonly done: readonly Ring[];
  /** Of the run, if there was one. */
  readonly receipt: Receipt | undefined;
  readonly hasSkipped: boolean;
  readonly rungAgain: "no" | "yes" | "in vain";
}

export function judgeWake(simulation: Simulation, served: Served): void {
  judgeAnswer(simulation, served);
  const { ledger, wakes } = simulation;
  const { receipt, rungAgain, wake } = served;
  const hops = Math.max(0, ...wake.rings.map((ring) => ring.hops));
  if (hasLeftSome(receipt) && wakes?.doorbell && rungAgain === "no" && hops < MOST_HOPS)
    ledger.breach(12, "a run was out of time with messages left, and rang for nobody");
  if (!hasLeftSome(receipt) && rungAgain !== "no")
    ledger.breach(12, "it rang for itself, and no messages were left");
}

function judgeAnswer(simulation: Simulation, served: Served): void {
  const { ledger } = simulation;
  const { done, receipt, rungAgain, wake } = served;
  const again = wake.rings.length - done.length;
  if (done.length > 0 && rungAgain === "in vain")
    ledger.breach(
      12,
      `${done.length} rings were answered, and nobody could be rung for what is left`,
    );
  if (again > 0 && receipt && isGood(receipt) && rungAgain !== "in vain")
    ledger.breach(12, `${again} rings come again, and the run for them stopped as ${receipt.stop}`);
  if (done.length === 0) return;
  const problem = unserved(simulation, served);
  if (problem !== undefined) ledger.breach(12, `${done.length} rings were answered, ${problem}`);
  else if (!hasLeftSome(receipt) && receipt?.stop !== "paused")
    hasAllBefore(simulation, newest(done));
}

function hasLeftSome(receipt: Receipt | undefined): boolean {
  if (receipt?.stop !== "deadline") return false;
  return receipt.pending + receipt.released > 0 || receipt.ackPending > receipt.delayed;
}

/** Why this is no answer to them; undefined: it is one. */
function unserved({ ledger, scenario }: Simulation, served: Served): string | undefined {
  const { done, hasSkipped, process, receipt } = served;
  const rungAt = newest(done);
  const runs = ledger.runs.filter((run) => run.process === process);
  if (hasSkipped) {
    const idle = runs.findLast(
      ({ receipt: last }) => last?.stop === "idle" && last.ackPending === 0,
    );
    const emptyPullAt = (idle?.endedAt ?? 0) - (idle?.receipt?.drainedForMs ?? 0);
    const toldAt = emptyPullAt + (scenario.handler?.skewMs ?? 0) + ROUNDING_MS;
    const mayBeSkipped = idle !== undefined && rungAt + CLOCK_MARGIN_MS < toldAt;
    return mayBeSkipped ? undefined : "and were too young to be skipped";
  }
  if (!receipt) return "and nothing was done for them";
  if (!isGood(receipt)) return `and the run for them stopped as ${receipt.stop}`;
  const hasLooked = (runs.at(-1)?.lookedAt ?? 0) >= rungAt;
  return hasLooked ? undefined : "and nobody has looked at the stream since";
}

/** What the next wake can do no better. */
function isGood({ elsewhere, stop }: Receipt): boolean {
  return stop === "idle" || stop === "deadline" || stop === "paused" || elsewhere !== undefined;
}

function newest(rings: readonly Ring[]): Ms {
  return Math.max(...rings.map(({ sentAt }) => sentAt));
}

/** Nothing that was published before the ring is undelivered. What fails or was taken away since then is not its matter. */
function hasAllBefore({ consumer, happened, ledger }: Simulation, rungAt: Ms): void {
  if (!consumer || happened.has("gone")) return;
  const hasForgotten = ledger.disturbances.some(({ what }) => what === "crash");
  if (hasForgotten) return;
  for (const { goneBecause, publishedAt, stored, uid } of ledger.published.values()) {
    if (goneBecause !== undefined || publishedAt > rungAt) continue;
    if (!consumer.isBehind(stored.sequence))
      ledger.breach(
        12,
        `message ${uid} was never delivered, and rings that came after it are answered`,
      );
  }
}
