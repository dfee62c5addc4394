/** When all has to be done, and what passes by itself before that. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import { grantedMs, WORK_MS } from "./lambda-host.ts";
import { FATAL, REJECTING } from "./plan-handling.ts";
import type { Simulation } from "./simulation.ts";
import { RINGS_ALONE_MS } from "./wakes.ts";

/** After the last fault everything is done within this. */
const BOUND_MS: Ms = 20 * 60_000;

/** The same where some messages are held for ever, and the end is never reached. */
const HOLDING_BOUND_MS: Ms = 3 * 60_000;

/** A message that takes a run or a process down each time is suspected, and then tried alone, so many times. */
const MOST_TRIALS = 14;

/** Within this after the last fault everything is done. */
export function boundOf({ handlings, scenario }: Simulation): Ms {
  const { handler, onRejected } = scenario;
  if (!handler) return onRejected === "hold" ? HOLDING_BOUND_MS : BOUND_MS;
  const all = [...handlings.values()];
  const fatal = all.filter(({ deed }) => deed && FATAL.has(deed)).length;
  // At least half of the time of each invocation is for messages.
  const work = all.reduce((sum, { takesMs }) => sum + takesMs, 0) / (WORK_MS / 2);
  const cycleMs = 2 * grantedMs(scenario) + handler.tickMs;
  const ringsMs = handler.ringsAlone ? RINGS_ALONE_MS : 0;
  return BOUND_MS + ringsMs + (fatal * MOST_TRIALS + work) * cycleMs;
}

/** Whatever is never given up has passed, or else it would go on for ever. */
export function healHandler({ deadLettersWeather, handlings, scenario }: Simulation): void {
  deadLettersWeather.healAll();
  const isGivenUp = scenario.onRejected === "bury" && scenario.maximumRetryAttempts >= 0;
  if (isGivenUp && scenario.hasDeadLetters) return;
  for (const [uid, handling] of handlings) {
    const isBuried = REJECTING.has(handling.deed) && scenario.onRejected === "bury";
    if (!isBuried) handlings.set(uid, { ...handling, times: 0 });
  }
}
