// The schema that is published says what the reader does: neither takes what the other refuses.
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readCommand } from "../../../functions/bridge/wake/command.ts";
import { anyCommand, READ_AT, SERVED } from "../../support/doorbell.ts";

const file = new URL("../../../docs/doorbell.schema.json", import.meta.url);
const schema = JSON.parse(readFileSync(file, "utf8")) as {
  readonly examples: readonly object[];
  readonly properties: Readonly<Record<string, { readonly description?: string }>>;
};

const fits = new Ajv2020({ allErrors: true }).compile(schema);

const isRead = (command: unknown): boolean => !("refused" in readCommand(command, SERVED, READ_AT));

/** The schema cannot know whom a bridge serves. */
function isForOthers({ stream, consumer }: Readonly<Record<string, unknown>>): boolean {
  const isOther = (given: unknown, served: string): boolean =>
    typeof given === "string" && given !== served;
  return isOther(stream, SERVED.stream) || isOther(consumer, SERVED.consumer);
}

/** Nor can it know what day it is, nor how many a month has: its description says so. */
function isNoTimeOfAStream({ startTime }: Readonly<Record<string, unknown>>): boolean {
  if (typeof startTime !== "string") return false;
  const [, year = 0, month = 0, day = 0] = (/^(\d+)-(\d+)-(\d+)T/.exec(startTime) ?? []).map(
    Number,
  );
  return day > new Date(year, month, 0).getDate() || Date.parse(startTime) > READ_AT;
}

const ring = { version: 1, kind: "ring" };
const replay = { version: 1, kind: "replay" };

test.each(schema.examples)("example %j fits, and is read", (example) => {
  expect([fits(example), isRead(example)]).toEqual([true, true]);
});

test.each([
  ring,
  { ...ring, ...SERVED },
  { ...replay, startSequence: 1 },
  { ...replay, startSequence: Number.MAX_SAFE_INTEGER, stream: "ORDERS" },
  { ...replay, startTime: "2026-11-21T13:00:00Z" },
  { ...replay, startTime: "2026-11-20T23:59:59.123456789-13:59", consumer: "ship-order" },
])("%j fits, and is read", (command) => {
  expect([fits(command), isRead(command)]).toEqual([true, true]);
});

test.each<unknown>([
  null,
  [],
  "ring",
  1,
  {},
  { kind: "ring" },
  { version: 1 },
  { version: 2, kind: "ring" },
  { version: "1", kind: "ring" },
  { version: 1, kind: "Ring" },
  { ...ring, force: true },
  { ...ring, stream: null },
  { ...ring, startSequence: 1 },
  { ...ring, startTime: "2026-11-21T13:00:00Z" },
  replay,
  { ...replay, startSequence: 1, startTime: "2026-11-21T13:00:00Z" },
  { ...replay, startSequence: 0 },
  { ...replay, startSequence: 1.5 },
  { ...replay, startSequence: "1" },
  { ...replay, startSequence: 2 ** 53 },
  { ...replay, startTime: "today" },
  { ...replay, startTime: "2026-11-21" },
  { ...replay, startTime: "2026-13-01T00:00:00Z" },
  { ...replay, startTime: "2026-11-32T00:00:00Z" },
  { ...replay, startTime: "1969-12-31T23:59:59Z" },
  { ...replay, startTime: "2026-11-21T24:00:00Z" },
  { ...replay, startTime: "2026-11-21T23:60:00Z" },
  { ...replay, startTime: "2026-11-21T23:59:60Z" },
  { ...replay, startTime: "2026-11-21T23:59:59.0123456789Z" },
  { ...replay, startTime: "2026-11-21T23:59:59+24:00" },
  { ...replay, startTime: "2026-11-21T23:59:59" },
])("%j does not fit, and is refused", (command) => {
  expect([fits(command), isRead(command)]).toEqual([false, false]);
});

test("a command for another bridge fits, and is refused", () => {
  const command = { ...ring, stream: "OTHER" };
  expect([fits(command), isRead(command)]).toEqual([true, false]);
});

test.each(["2026-02-30T13:00:00Z", "2025-02-29T13:00:00Z", "2262-04-12T00:00:00Z"])(
  "a replay from %s fits, and is refused, of which its description tells",
  (startTime) => {
    const command = { ...replay, startTime };
    expect([fits(command), isRead(command)]).toEqual([true, false]);
    expect(schema.properties["startTime"]?.description).toMatch(
      /A day that does not exist, .* is refused, and so is a time in the future\.$/,
    );
  },
);

test("whatever a command says, it fits when it is read, and is read when it fits", () => {
  const counts = { read: 0, refused: 0 };
  fc.assert(
    fc.property(fc.oneof(anyCommand(), anyCommand(), fc.jsonValue()), (command) => {
      const given = command as Readonly<Record<string, unknown>>;
      const isRefused = fits(command) && (isForOthers(given) || isNoTimeOfAStream(given));
      expect(isRead(command)).toBe(fits(command) && !isRefused);
      counts[isRead(command) ? "read" : "refused"] += 1;
    }),
    { numRuns: 5000 },
  );
  expect(Math.min(counts.read, counts.refused)).toBeGreaterThan(100);
});

test("every property says what it is for", () => {
  for (const { description } of Object.values(schema.properties))
    expect(description).toMatch(/\.$/);
});
