/** Law 3, and 4 where a neighbour is to blame: what a dead letter says about its message is true. */
import type { Try } from "./records.ts";
import { untruthOf } from "./judge-letters.ts";
import type { Scenario } from "./scenario.ts";
import type { Simulation } from "./simulation.ts";

export function judgeBurials(simulation: Simulation): void {
  for (const [uid, tries] of simulation.ledger.tries) {
    const letter = tries.find(({ target }) => target === "dead letters");
    if (letter)
      judgeLetter(
        simulation,
        uid,
        tries.filter(({ target }) => target === "target"),
        letter,
      );
  }
}

function judgeLetter(simulation: Simulation, uid: number, sent: readonly Try[], letter: Try): void {
  const { ledger, scenario } = simulation;
  if (scenario.onRejected === "hold")
    return ledger.breach(3, `message ${uid} was buried, and it should have been held`);
  if (scenario.handler) {
    const untruth = untruthOf(simulation, uid, letter);
    if (untruth !== undefined) ledger.breach(3, `message ${uid} was buried ${untruth}`);
    return undefined;
  }
  const reason = letter.entry.attributes.get("dead-letter-reason") ?? "";
  const evidence = letter.entry.attributes.get("dead-letter-evidence") ?? "";
  const before = sent.filter(({ sentAt }) => sentAt <= letter.sentAt);
  const counted = /^failed (\d+) times, (\d+) of them/.exec(evidence);
  if (counted) {
    const needed = Math.max(1, scenario.maximumRetryAttempts);
    const failures = before.filter((attempt) => speaksOfItself(attempt, scenario)).length;
    if (Number(counted[2]) >= needed && failures >= Number(counted[2])) return;
    return ledger.breach(
      3,
      `message ${uid} was buried after ${failures} failures of its own beside accepted ones: ${evidence}`,
    );
  }
  const isTooLarge =
    /^\d+ bytes (with attributes|as an event)/.test(reason) &&
    letter.entry.bytes > scenario.targetMaxBytes;
  if (isTooLarge || before.some(({ fate }) => fate === "permanent")) return;
  const law = before.some(({ besidePermanent }) => besidePermanent) ? 4 : 3;
  ledger.breach(law, `message ${uid} was buried for "${reason}", which is not true of it`);
}

/**
 * Failed by itself, or missing from the answer, while another entry of the call was accepted. A function knows no
 * failures for ever, and one of a call for it alone is its own.
 */
function speaksOfItself(attempt: Try, { target }: Scenario): boolean {
  const { besideFailed, fate, isMissing, othersAccepted } = attempt;
  if (target !== "function") return othersAccepted > 0 && (fate === "failed" || isMissing);
  const isAlone = othersAccepted === 0 && !besideFailed;
  return (othersAccepted > 0 || isAlone) && (fate === "failed" || fate === "permanent");
}
