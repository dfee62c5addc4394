/** The model answers every step, and differs between versions only where the real servers do. */
import { expect, test } from "vitest";
import { playModel } from "./play-model.ts";
import { STEPS } from "./steps.ts";
import { VERSION_DIFFERENCES, withOneWordForDrained } from "./version-differences.ts";

test("every step is answered", async () => {
  const answers = await playModel("2.15.2");
  expect(Object.keys(answers)).toEqual(STEPS.map(({ name }) => name));
  expect(JSON.stringify(answers)).not.toContain("failed:");
});

test("old and new differ where the table says so", async () => {
  const old = withOneWordForDrained(await playModel("2.9.10")) as Record<string, unknown>;
  const newest = withOneWordForDrained(await playModel("2.15.2")) as Record<string, unknown>;
  const differing = Object.keys(old).filter(
    (name) => JSON.stringify(old[name]) !== JSON.stringify(newest[name]),
  );
  expect(differing.toSorted()).toEqual(Object.keys(VERSION_DIFFERENCES).toSorted());
});
