/** Plays seeds for a test: as many as `SIMULATED_SEEDS` says. A quick check takes 500, `npm test` takes 5,000. */
import { simulate } from "./simulation.ts";

/** Shared by two files, so that two cores have work. */
export const SEEDS: number = Number(process.env["SIMULATED_SEEDS"] ?? 500);

/** Many seeds are played faster without stack traces: a seed that breaks a law is replayed alone, and has them. */
export async function withoutStacks<T>(play: () => Promise<T>): Promise<T> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return await play();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Plays `count` seeds from `first` on; returns a line for each law that was broken. */
export async function playSeeds(first: number, count: number): Promise<readonly string[]> {
  const broken: string[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const { breaches } = await withoutStacks(() => simulate(seed));
    for (const { law, text } of breaches) broken.push(`seed ${seed} broke law ${law}: ${text}`);
    // Within a seed no turn of the event loop passes; the test runner needs one now and then.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return broken.slice(0, 20);
}
