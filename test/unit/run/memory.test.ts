import { expect, test } from "vitest";
import type { Message } from "../../../functions/bridge/core/ports.ts";
import { Memory } from "../../../functions/bridge/run/memory.ts";
import { message } from "../../support/messages.ts";

const m = (streamSequence: number, timestampNanos = 1n): Message =>
  message({ streamSequence, timestampNanos });

const tries = { tries: 3, failures: 2, evidence: 1, maybeTaken: true };
const nothing = { tries: 0, failures: 0, evidence: 0, maybeTaken: false };
const MOST = 50_000;

test("of a message that it has not seen, the memory knows nothing", () => {
  expect(new Memory().of(m(1))).toEqual(nothing);
});

test("what is kept is remembered until it is forgotten", () => {
  const memory = new Memory();
  memory.keep(m(1), tries);
  expect(memory.of(m(1))).toEqual(tries);
  expect(memory.of(m(2))).toEqual(nothing);
  memory.forget(m(1));
  expect(memory.of(m(1))).toEqual(nothing);
});

test("the last that was kept is what counts", () => {
  const memory = new Memory();
  memory.keep(m(1), tries);
  memory.keep(m(1), { ...tries, tries: 4 });
  expect(memory.of(m(1)).tries).toBe(4);
});

test("of another stream nothing is remembered", () => {
  const memory = new Memory();
  memory.keep(m(1), tries);
  memory.clear();
  expect(memory.of(m(1))).toEqual(nothing);
});

test("beyond fifty thousand messages the one not kept for the longest time is forgotten", () => {
  const memory = new Memory();
  for (let sequence = 1; sequence <= MOST; sequence += 1) memory.keep(m(sequence), tries);
  memory.keep(m(1), tries);
  memory.keep(m(MOST + 1), tries);
  expect(memory.of(m(1))).toEqual(tries);
  expect(memory.of(m(2))).toEqual(nothing);
  expect(memory.of(m(3))).toEqual(tries);
});

test("a memory that is full does not forget anybody when a known message is kept again", () => {
  const memory = new Memory();
  for (let sequence = 1; sequence <= MOST; sequence += 1) memory.keep(m(sequence), tries);
  memory.keep(m(MOST), { ...tries, tries: 9 });
  expect(memory.of(m(1))).toEqual(tries);
  expect(memory.of(m(MOST)).tries).toBe(9);
});

test("a sequence that was given out again is another message", () => {
  const memory = new Memory();
  memory.keep(m(1, 5n), tries);
  expect(memory.of(m(1, 6n))).toEqual(nothing);
  expect(memory.of(m(1, 5n))).toEqual(tries);
});
