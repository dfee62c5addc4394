/** Plays the steps side by side, each on a stream of its own, and gives what each answered. */
import type { Clock } from "../../../functions/bridge/core/ports.ts";
import type { Dial } from "../../../functions/bridge/source/wire.ts";
import { Bench } from "./bench.ts";
import type { Step } from "./step.ts";
import { STEPS } from "./steps.ts";

export type Answers = Readonly<Record<string, unknown>>;

export async function playSteps(dial: Dial, clock: Clock): Promise<Answers> {
  const played = STEPS.map((step, place) => play(step, dial, clock, `S${place}`));
  return Object.fromEntries(await Promise.all(played));
}

/** Those of these names once more, one at a time, the `count`th time. */
export async function playAgain(
  dial: Dial,
  clock: Clock,
  names: readonly string[],
  count: number,
): Promise<Answers> {
  const played: (readonly [string, unknown])[] = [];
  for (const [place, step] of STEPS.entries()) {
    const stream = `S${place}-${count}`;
    if (names.includes(step.name)) played.push(await play(step, dial, clock, stream));
  }
  return Object.fromEntries(played);
}

async function play(
  step: Step,
  dial: Dial,
  clock: Clock,
  stream: string,
): Promise<readonly [name: string, answer: unknown]> {
  const bench = await Bench.open(dial, clock, stream);
  const answer = await step.play(bench).catch((error: unknown) => `failed: ${String(error)}`);
  await bench.wire.close(true);
  return [step.name, answer];
}
