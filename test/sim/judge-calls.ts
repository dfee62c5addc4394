/** Law 4, where a handler takes batches: what has failed is tried alone, so that no other fails with it. */
import type { Execution } from "./executions.ts";
import type { Simulation } from "./simulation.ts";

/** `call`: what its handler was given at once. */
export function judgeCall(simulation: Simulation, call: readonly Execution[]): void {
  const { executions, happened, ledger } = simulation;
  // What was known of messages is forgotten with their stream.
  if (call.length === 1 || happened.has("gone")) return;
  for (const { attempt, process } of call) {
    const { uid } = attempt;
    const last = executions.all
      .get(uid)
      ?.findLast((one) => one.process === process && one.heardAs !== undefined);
    if (last?.heardAs !== "failed") continue;
    const text = `message ${uid}, which had failed, was handled with ${call.length - 1} others in one call`;
    ledger.breach(4, text);
  }
}
