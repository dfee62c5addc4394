/** The second half of the seeds, in a file of its own so that it has a worker of its own. */
import { expect, test } from "vitest";
import { playSeeds, SEEDS } from "./play-seeds.ts";

test(`${Math.floor(SEEDS / 2)} more seeds keep every law`, async () => {
  expect(await playSeeds(Math.ceil(SEEDS / 2) + 1, Math.floor(SEEDS / 2))).toEqual([]);
});
