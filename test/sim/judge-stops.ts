/** Law 12: every stop is called what it was. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import type { RunRecord } from "./records.ts";
import type { Simulation } from "./simulation.ts";

export function judgeStops(simulation: Simulation): void {
  for (const run of simulation.ledger.runs) {
    const { receipt } = run;
    if (!receipt || isTrue(simulation, run)) continue;
    const why = receipt.reason ? ` (${receipt.reason})` : "";
    simulation.ledger.breach(
      12,
      `run ${run.id} stopped as ${receipt.stop}${why}, and nothing of the kind had happened`,
    );
  }
}

function isTrue(simulation: Simulation, run: RunRecord): boolean {
  const { handlings, happened, ledger, scenario, toldToStopAt } = simulation;
  const endedAt = run.endedAt ?? 0;
  const from = run.startedAt - scenario.ackWaitMs - 1000;
  // A message that was given back with a delay may still be out.
  const isWaitedFor = ledger.isDisturbed(
    from - scenario.retryMaxMs - scenario.ackWaitMs,
    endedAt,
    run,
  );
  const wasDisturbed = ledger.isDisturbed(from, endedAt, run);
  switch (run.receipt?.stop) {
    case "idle":
      return sawNothingLeft(simulation, run, endedAt);
    case "deadline":
      return scenario.shape === "lambda" || endedAt >= toldToStopAt || wasDisturbed;
    case "paused":
    case "gone":
      return happened.has(run.receipt.stop);
    case "overlap":
      return (
        wasDisturbed ||
        ledger.runs.some(
          (other) =>
            other.process !== run.process &&
            other.startedAt <= endedAt &&
            (other.endedAt ?? endedAt) >= from,
        )
      );
    case "blocked":
      return (
        wasDisturbed ||
        isWaitedFor ||
        handlings.size > 0 ||
        scenario.messages.some(({ poison, bytes }) => poison || bytes > scenario.targetMaxBytes)
      );
    case "unavailable":
    case "broken":
      return wasDisturbed || happened.has("gone");
    default:
      return false;
  }
}

/** A short while ago; or before it was frozen, since when it could see nothing. */
function sawNothingLeft({ ledger, scenario }: Simulation, run: RunRecord, endedAt: Ms): boolean {
  if (run.sawNothingLeftAt >= endedAt - 6 * scenario.natsTimeoutMs) return true;
  return ledger.disturbances.some(
    ({ run: frozen, from }) =>
      frozen === run && run.sawNothingLeftAt >= from - 4 * scenario.natsTimeoutMs,
  );
}
