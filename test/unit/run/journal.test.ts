import { expect, test } from "vitest";
import { type Noted, NO_JOURNAL } from "../../../functions/bridge/run/journal.ts";
import { Memory } from "../../../functions/bridge/run/memory.ts";
import { message } from "../../support/messages.ts";

test("without a journal nothing outlives the process, and everything goes on", () => {
  const noted: Noted = { sequence: 1, timestampNanos: 1n };
  NO_JOURNAL.write([noted]);
  expect(NO_JOURNAL.read()).toEqual([]);
});

test("a memory without a journal knows within its process what one with a journal knows", () => {
  const one = message({ streamSequence: 1 });
  const tries = { tries: 3, failures: 2, evidence: 1, maybeTaken: true };
  const memory = new Memory();
  memory.keep(one, tries);
  memory.trialBegins(one);
  memory.save();
  expect(memory.of(one)).toEqual(tries);
  expect(new Memory().of(one).tries).toBe(0);
});
