import { expect, test } from "vitest";
import { subjectMatches } from "../../../cli/subjects.ts";
import type { DeadLetter } from "../../../cli/redrive/dead-letter.ts";
import { type Filter, matches, meansAll } from "../../../cli/redrive/filter.ts";

const letter: DeadLetter = {
  id: "ORDERS/42/1700000000000000000",
  origin: "ORDERS",
  streamSequence: 42,
  timestampNanos: 1_700_000_000_000_000_000n,
  subject: "orders.eu.7",
  reason: "300000 bytes with attributes, and the queue takes 262144",
  tries: 1,
  bytes: 300_000,
};

test.each<[Partial<Filter>, boolean]>([
  [{}, true],
  [{ reason: "the queue takes" }, true],
  [{ reason: "The Queue" }, false],
  [{ subject: "orders.*.7" }, true],
  [{ subject: "orders.us.>" }, false],
  [{ since: letter.timestampNanos }, true],
  [{ since: letter.timestampNanos + 1n }, false],
  [{ until: letter.timestampNanos }, false],
  [{ until: letter.timestampNanos + 1n }, true],
  [{ ids: [letter.id] }, true],
  [{ ids: ["other", letter.id] }, true],
  [{ ids: ["ORDERS/42"] }, false],
  [{ ids: [letter.id], reason: "other" }, false],
])("%o means the letter: %s", (filter, isMeant) => {
  expect(matches({ ids: [], ...filter }, letter)).toBe(isMeant);
});

test.each([
  ["a.b", "a.b", true],
  ["a.b", "a.b.c", false],
  ["a.*", "a.b", true],
  ["a.*", "a", false],
  ["*.*", "a.b", true],
  ["a.>", "a.b.c", true],
  ["a.>", "a", false],
  [">", "a", true],
  ["*.b.>", "a.b", false],
  ["*.b.>", "a.b.c", true],
])("the filter %s takes the subject %s: %s", (filter, subject, isTaken) => {
  expect(subjectMatches(filter, subject)).toBe(isTaken);
});

test("only an empty filter means what cannot be read, too", () => {
  expect(meansAll({ ids: [] })).toBe(true);
  expect(meansAll({ ids: ["x"] })).toBe(false);
  expect(meansAll({ ids: [], since: 0n })).toBe(false);
});
