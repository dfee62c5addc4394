import { expect, test } from "vitest";
import type { ConsumerAnswer, StreamAnswer } from "../../../functions/bridge/source/api.ts";
import {
  compareIncarnations,
  type Incarnation,
  incarnationOf,
  isBefore210,
} from "../../../functions/bridge/source/incarnation.ts";

const before: Incarnation = { consumer: "10:00", stream: "09:00" };
const connected = { serverVersion: "2.12.1", reconnected: false };
const reconnected = { serverVersion: "2.12.1", reconnected: true };
const old = { serverVersion: "2.9.10", reconnected: true };

test("an incarnation is when consumer and stream were made", () => {
  const consumer = { created: "10:00" } as ConsumerAnswer;
  expect(incarnationOf(consumer, { created: "09:00" } as StreamAnswer)).toEqual(before);
  expect(incarnationOf(consumer, undefined)).toEqual({ consumer: "10:00", stream: undefined });
});

test.each<[string, Incarnation, Incarnation, typeof connected, string]>([
  ["nothing changed", before, before, connected, "same"],
  ["nothing changed over a reconnect", before, before, reconnected, "same"],
  ["the consumer was made anew", before, { ...before, consumer: "11:00" }, connected, "other"],
  [
    "it was made anew over a reconnect",
    before,
    { ...before, consumer: "11:00" },
    reconnected,
    "other",
  ],
  ["the stream was made anew", before, { ...before, stream: "11:00" }, connected, "other"],
  [
    "the stream was made anew on an old server",
    before,
    { ...before, stream: "11:00" },
    old,
    "other",
  ],
  ["an old server has started anew", before, { ...before, consumer: "11:00" }, old, "unclear"],
  [
    "the consumer was made anew on an old server that runs",
    before,
    { ...before, consumer: "11:00" },
    { ...old, reconnected: false },
    "other",
  ],
  [
    "the stream may not be looked at any more",
    before,
    { ...before, stream: undefined },
    connected,
    "same",
  ],
  [
    "the stream could not be looked at before",
    { ...before, stream: undefined },
    before,
    connected,
    "same",
  ],
])("when %s", (_what, was, is, context, expected) => {
  expect(compareIncarnations(was, is, context)).toBe(expected);
});

test.each([
  ["2.9.10", true],
  ["2.9.0-beta.1", true],
  ["1.4.1", true],
  ["2.10.0", false],
  ["2.10.0-preview.3", false],
  ["2.15.2", false],
  ["3.0.0", false],
])("server %s is from before 2.10: %s", (version, isOld) => {
  expect(isBefore210(version)).toBe(isOld);
});
