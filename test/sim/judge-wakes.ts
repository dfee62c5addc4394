/** Law 12, for what woke the bridge: a ring that is answered was served, and a backlog is gone on with. */
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import type { Ring } from "./doorbell.ts";
import type { Simulation } from "./simulation.ts";
import type { Wake } from "./wakes.ts";

/** As in `wake/wake.ts`: a chain of rings is not longer than this. */
const MOST_HOPS = 10;

export interface Served {
  readonly wake: Wake;
  /** Rings that are done with. */
  readonly done: readonly Ring[];
  /** Of the run, if there was one. */
  readonly receipt: Receipt | undefined;
  readonly hasSkipped: boolean;
  readonly rungAgain: "no" | "yes" | "in vain";
}

export function judgeWake(simulation: Simulation, served: Served): void {
  const { ledger } = simulation;
  const { done, hasSkipped, receipt, rungAgain, wake } = served;
  if (done.length > 0 && !receipt && !hasSkipped)
    ledger.breach(12, `${done.length} rings were answered, and nothing was done for them`);
  if (hasSkipped) wasServed(simulation, done);
  if (receipt?.stop !== "deadline" || receipt.pending + receipt.released === 0) return;
  const hops = Math.max(0, ...wake.rings.map((ring) => ring.hops));
  if (simulation.wakes?.doorbell && rungAgain === "no" && hops < MOST_HOPS)
    ledger.breach(12, "a run was out of time with messages left, and rang for nobody");
}

/** Nothing that was published before the ring is undelivered. What fails or was taken away since then is not its matter. */
function wasServed(simulation: Simulation, rings: readonly Ring[]): void {
  const { consumer, happened, ledger } = simulation;
  const rungAt = Math.max(...rings.map(({ sentAt }) => sentAt));
  if (!consumer || happened.has("gone")) return;
  const hasForgotten = ledger.disturbances.some(({ what }) => what === "crash");
  if (hasForgotten) return;
  for (const { goneBecause, publishedAt, stored, uid } of ledger.published.values()) {
    if (goneBecause !== undefined || publishedAt > rungAt) continue;
    if (!consumer.isBehind(stored.sequence))
      ledger.breach(
        12,
        `a ring was skipped, and message ${uid}, published before it, was never delivered`,
      );
  }
}
