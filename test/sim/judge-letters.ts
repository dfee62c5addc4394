/** Law 3 where the user's handler runs in the process of the bridge: what a dead letter says of its message is true. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import type { Execution } from "./executions.ts";
import { WORK_MS } from "./lambda-host.ts";
import type { Try } from "./records.ts";
import type { Simulation } from "./simulation.ts";

/** What had less of the time that an invocation has for messages has had no fair trial. */
const FAIR_MS: Ms = 0.45 * WORK_MS;

const COUNTED = /^failed (\d+) times, (\d+) of them/;
const FATAL = /^failed (\d+) times on its own, (\d+) of them/;

/** Undefined: it is true. */
export function untruthOf(simulation: Simulation, uid: number, letter: Try): string | undefined {
  const { executions, scenario } = simulation;
  const before = (executions.all.get(uid) ?? []).filter(
    ({ attempt }) => attempt.sentAt <= letter.sentAt,
  );
  const reason = letter.entry.attributes.get("dead-letter-reason") ?? "";
  const evidence = letter.entry.attributes.get("dead-letter-evidence") ?? "";
  const needed = Math.max(1, scenario.maximumRetryAttempts);
  const own = before.filter((one) => speaksOfItself(one)).length;
  const lost = before.filter((one) => wasFatal(one)).length;
  const fatal = FATAL.exec(evidence);
  if (fatal) {
    const isEnough = Number(fatal[1]) >= needed && own >= Number(fatal[1]);
    if (isEnough && lost >= Number(fatal[2])) return undefined;
    return `after ${own} failures of its own, ${lost} of them fatal: ${evidence}`;
  }
  const counted = COUNTED.exec(evidence);
  if (counted) {
    if (Number(counted[2]) >= needed && own >= Number(counted[2])) return undefined;
    return `after ${own} failures of its own: ${evidence}`;
  }
  const isSaid = before.some((one) => one.said === "reject" && one.reason === reason);
  return isSaid ? undefined : `for "${reason}", which its handler never said`;
}

function speaksOfItself(execution: Execution): boolean {
  const { attempt, hasLapsed, hasOverrun, isUnclear } = execution;
  const { besideFailed, fate, othersAccepted } = attempt;
  const isAlone = othersAccepted === 0 && !besideFailed;
  const hasFailed = fate === "failed" && !hasOverrun && !hasLapsed && !isUnclear;
  return (hasFailed && (isAlone || othersAccepted > 0)) || wasFatal(execution);
}

/** While nothing else was under way it took its process down, or had not ended after a fair time. */
function wasFatal({ attempt, hasOverrun, overranAfterMs, wasAlone, wasCut }: Execution): boolean {
  if (!wasAlone) return false;
  return hasOverrun ? overranAfterMs >= FAIR_MS : wasCut && attempt.fate === "under way";
}
