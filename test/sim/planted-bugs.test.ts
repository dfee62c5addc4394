/** A test of the simulator itself: what would get by it here would get by it in the product. */
import { expect, test } from "vitest";
import { PLANTED_BUGS } from "./planted-bugs.ts";
import { PLANTED_HANDLER_BUGS } from "./planted-handler-bugs.ts";
import { PLANTED_WAKE_BUGS } from "./planted-wake-bugs.ts";
import { withoutStacks } from "./play-seeds.ts";
import { simulate } from "./simulation.ts";

/** Within so many seeds each has to be found. */
const SEEDS = 200;

const ALL = [...PLANTED_BUGS, ...PLANTED_HANDLER_BUGS, ...PLANTED_WAKE_BUGS];

test.for(ALL)("law $law: $bug", async ({ law, plants }) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { breaches } = await withoutStacks(() => simulate(seed, { plants }));
    if (breaches.some((breach) => breach.law === law)) return;
  }
  expect.unreachable(`not found in ${SEEDS} seeds`);
});

test("there is one for every law that the loop can break", () => {
  const laws = new Set(ALL.map(({ law }) => law));
  expect([...laws].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});
