/** Plays the steps side by side, each on a stream of its own, and gives what each answered. */
import type { Clock } from "../../../functions/bridge/core/ports.ts";
import type { Dial } from "../../../functions/bridge/source/wire.ts";
import { Bench } from "./bench.ts";
import { STEPS } from "./steps.ts";

export type Answers = Readonly<Record<string, unknown>>;

export async function playSteps(dial: Dial, clock: Clock): Promise<Answers> {
  const played = STEPS.map(async (step, place) => {
    const bench = await Bench.open(dial, clock, `S${place}`);
    const answer = await step.play(bench).catch((error: unknown) => `failed: ${String(error)}`);
    await bench.wire.close(true);
    return [step.name, answer] as const;
  });
  return Object.fromEntries(await Promise.all(played));
}
