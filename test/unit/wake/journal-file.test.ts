import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { Journal, Noted } from "../../../functions/bridge/run/journal.ts";
import {
  journalFile,
  type JournalFileOptions,
} from "../../../functions/bridge/wake/journal-file.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { removeFolder, temporaryFolder } from "../../support/leave-nothing.ts";

const folders: string[] = [];
let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
  folders.push(folder);
});

afterAll(() => folders.forEach(removeFolder));

/** A process: its clock starts anywhere, and the wall clock goes on. */
function journal(wallMs: number, more: Partial<JournalFileOptions> = {}): Journal {
  const clock = new FakeClock();
  return journalFile({
    folder,
    stream: "ORDERS",
    consumer: "ship-order",
    clock,
    now: () => wallMs + clock.now(),
    ...more,
  });
}

const NOTED: readonly Noted[] = [
  {
    sequence: 7,
    timestampNanos: 1_700_000_000_123_456_789n,
    tries: { tries: 3, failures: 2, evidence: 1, maybeTaken: true, trialsLost: 1 },
    isOnTrial: true,
  },
  { sequence: 9, timestampNanos: 0n, delayedUntil: 61_000 },
];

function file(): string {
  const [name, ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  return join(folder, name!);
}

test("a first process finds nothing", () => {
  expect(journal(0).read()).toEqual([]);
});

test("what one process wrote last the next one reads, times moved to its own clock", () => {
  const first = journal(1_000_000);
  first.write([]);
  first.write(NOTED);
  // 20 s later by the wall clock; the clock of the process starts at the same number again.
  expect(journal(1_020_000).read()).toEqual([NOTED[0], { ...NOTED[1], delayedUntil: 41_000 }]);
});

test("what is over by then is read as over", () => {
  journal(0).write(NOTED);
  expect(journal(3_600_000).read()[1]?.delayedUntil).toBeLessThan(0);
});

test("each write takes the place of all before", () => {
  const one = journal(0);
  one.write(NOTED);
  one.write(NOTED.slice(1));
  expect(journal(0).read()).toEqual(NOTED.slice(1));
  one.write([]);
  expect(journal(0).read()).toEqual([]);
});

test("where there is nothing, and nothing to say, the disk is left alone after the first time", () => {
  journal(0).write(NOTED);
  const path = file();
  const one = journal(0);
  one.write([]);
  expect(existsSync(path)).toBe(false);
  writeFileSync(path, "touched by nobody else");
  one.write([]);
  expect(readFileSync(path, "utf8")).toBe("touched by nobody else");
});

test("what is over leaves no file behind: each replay has one", () => {
  const one = journal(0);
  one.write(NOTED);
  one.write([]);
  one.write(NOTED);
  one.write([]);
  journal(0, { consumer: "another" }).write([]);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  { stream: "OTHER" },
  { consumer: "other" },
  { stream: "ORDERS ship-order", consumer: "" },
])("another bridge has another file: %j", (other) => {
  journal(0).write(NOTED);
  expect(journal(0, other).read()).toEqual([]);
});

describe("a file that cannot be read", () => {
  test.each([
    ["is empty", ""],
    ["was cut short", '[{"sequence":7,"timest'],
    ["is no list", "{}"],
    ["has something else in it", "[null]"],
    ["has a time that is none", '[{"sequence":7,"timestampNanos":"today"}]'],
  ])("because it %s, is nothing known", (_why, text) => {
    journal(0).write(NOTED);
    writeFileSync(file(), text);
    expect(journal(0).read()).toEqual([]);
    journal(0).write(NOTED);
    expect(journal(0).read()).toEqual(NOTED);
  });
});

test("a folder that cannot be written is no reason to stop", () => {
  const nowhere = journal(0, { folder: join(folder, "missing") });
  expect(() => nowhere.write(NOTED)).not.toThrow();
  expect(() => nowhere.write([])).not.toThrow();
  expect(nowhere.read()).toEqual([]);
});

test("a write that comes to nothing leaves what was there before", () => {
  const one = journal(0);
  one.write(NOTED);
  mkdirSync(`${file()}.new`);
  expect(() => one.write(NOTED.slice(1))).not.toThrow();
  expect(journal(0).read()).toEqual(NOTED);
});
