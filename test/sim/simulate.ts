/**
 * `npm run simulate -- --seed N` replays one seed with its trace; `--seed N --seeds K` plays K of them from N on.
 * Exit: 0 every law held; 1 some did not, with a line for each; 2 usage.
 */
import { parseArgs } from "node:util";
import { withoutStacks } from "./play-seeds.ts";
import { simulate } from "./simulation.ts";

const USAGE = "usage: npm run simulate -- --seed N [--seeds K]";

const wanted = readArguments();
if (wanted) {
  process.exitCode =
    wanted.seeds === undefined
      ? await replay(wanted.seed)
      : await playAll(wanted.seed, wanted.seeds);
} else {
  console.error(USAGE);
  process.exitCode = 2;
}

function readArguments():
  | { readonly seed: number; readonly seeds: number | undefined }
  | undefined {
  try {
    const { values } = parseArgs({
      options: { seed: { type: "string" }, seeds: { type: "string" } },
    });
    const seed = numberOf(values.seed);
    const seeds = values.seeds === undefined ? undefined : numberOf(values.seeds);
    if (seeds === 0) return undefined;
    return { seed, seeds };
  } catch {
    return undefined;
  }
}

function numberOf(text: string | undefined): number {
  if (text === undefined || !/^\d{1,9}$/.test(text)) throw new Error(USAGE);
  return Number(text);
}

async function replay(seed: number): Promise<number> {
  const { breaches, endedAt } = await simulate(seed, { trace: (line) => console.log(line) });
  for (const { law, text } of breaches) console.log(`seed ${seed} broke law ${law}: ${text}`);
  if (breaches.length === 0)
    console.log(`seed ${seed} kept every law, in ${(endedAt / 1000).toFixed(1)} s of its own time`);
  return breaches.length > 0 ? 1 : 0;
}

async function playAll(first: number, seeds: number): Promise<number> {
  const startedAt = performance.now();
  let broken = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const { breaches } = await withoutStacks(() => simulate(seed));
    if (breaches.length > 0) broken += 1;
    for (const { law, text } of breaches) console.log(`seed ${seed} broke law ${law}: ${text}`);
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${seeds} seeds from ${first}: ${broken} broke a law; ${seconds} s`);
  return broken > 0 ? 1 : 0;
}
