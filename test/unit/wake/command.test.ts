import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readBody, readCommand } from "../../../functions/bridge/wake/command.ts";
import { anyCommand, READ_AT, SERVED } from "../../support/doorbell.ts";

const EXPECTED =
  '{"version":1,"kind":"ring"} or {"version":1,"kind":"replay","startSequence":1}, see docs/doorbell.schema.json';

const read = (command: object): unknown => readBody(JSON.stringify(command), SERVED, READ_AT);

describe("a ring", () => {
  test.each(["", " ", "\n\t "])("is a body without a word: %j", (body) => {
    expect(readBody(body, SERVED, READ_AT)).toEqual({ kind: "ring" });
  });

  test.each([
    { version: 1, kind: "ring" },
    { version: 1, kind: "ring", stream: "ORDERS" },
    { version: 1, kind: "ring", stream: "ORDERS", consumer: "ship-order" },
  ])("%j", (command) => {
    expect(read(command)).toEqual({ kind: "ring" });
    expect(readCommand(command, SERVED, READ_AT)).toEqual({ kind: "ring" });
  });

  test.each([{ startSequence: 1 }, { startTime: "2026-11-21T13:00:00Z" }])(
    "has no start: %j",
    (start) => {
      expect(read({ version: 1, kind: "ring", ...start })).toEqual({
        refused:
          'given a start in a ring, expected it only with kind "replay": a ring goes on where the consumer stands',
      });
    },
  );
});

describe("a replay", () => {
  test.each([1, 42, Number.MAX_SAFE_INTEGER])("starts at sequence %d", (startSequence) => {
    const command = { version: 1, kind: "replay", startSequence, stream: "ORDERS" };
    expect(read(command)).toEqual({ kind: "replay", startSequence });
  });

  test.each([
    "2026-11-21T13:00:00Z",
    "2026-11-21T13:00:00.123456789Z",
    "2024-02-29T23:59:59.5+23:59",
    "1970-01-01T00:00:00-00:00",
    "2026-11-21T14:00:00Z",
    "2026-11-22T00:59:59.999+11:00",
  ])("starts at %s", (startTime) => {
    expect(read({ version: 1, kind: "replay", startTime })).toEqual({ kind: "replay", startTime });
  });

  test.each([0, -1, 1.5, 2 ** 53, "1", null, [1], true])(
    "does not start at sequence %j",
    (startSequence) => {
      expect(read({ version: 1, kind: "replay", startSequence })).toEqual({
        refused: `given startSequence ${JSON.stringify(startSequence)}, expected a stream sequence, 1 or more`,
      });
    },
  );

  test.each([
    "yesterday",
    "2026-11-21",
    "2026-11-21 13:00:00Z",
    "2026-11-21T13:00:00",
    "2026-11-21t13:00:00z",
    "2026-13-21T13:00:00Z",
    "2026-11-32T13:00:00Z",
    "2026-02-30T13:00:00Z",
    "2026-04-31T13:00:00Z",
    "2025-02-29T13:00:00Z",
    "1969-12-31T23:59:59Z",
    "1500-01-01T00:00:00Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21T25:00:00Z",
    "2026-11-21T13:60:00Z",
    "2026-11-21T13:00:60Z",
    "2026-11-21T13:00:00+24:00",
    "2026-11-21T13:00:00.Z",
    "2026-11-21T13:00:00.1234567890Z",
    1_700_000_000,
    null,
  ])("does not start at %j", (startTime) => {
    expect(read({ version: 1, kind: "replay", startTime })).toEqual({
      refused: `given startTime ${JSON.stringify(startTime)}, expected a time like 2026-11-21T13:00:00Z, on a day that exists, from 1970 on`,
    });
  });

  test.each(["2026-11-21T14:00:00.001Z", "2026-11-21T13:59:59-00:01", "2262-04-12T00:00:00Z"])(
    "does not start in the future: %s",
    (startTime) => {
      expect(read({ version: 1, kind: "replay", startTime })).toEqual({
        refused: `given startTime "${startTime}", expected one that is not in the future: it is 2026-11-21T14:00:00.000Z`,
      });
    },
  );

  test("has one start", () => {
    const start = { startSequence: 1, startTime: "2026-11-21T13:00:00Z" };
    const expected = "expected one of startSequence and startTime";
    expect(read({ version: 1, kind: "replay" })).toEqual({
      refused: `given no start, ${expected}`,
    });
    expect(read({ version: 1, kind: "replay", ...start })).toEqual({
      refused: `given two starts, ${expected}`,
    });
  });
});

test.each<[unknown, string]>([
  [null, `given null, expected ${EXPECTED}`],
  [[], `given [], expected ${EXPECTED}`],
  ["ring", `given "ring", expected ${EXPECTED}`],
  [7, `given 7, expected ${EXPECTED}`],
  [{}, "given version nothing, expected version 1"],
  [{ kind: "ring" }, "given version nothing, expected version 1"],
  [{ version: "1", kind: "ring" }, 'given version "1", expected version 1'],
  [{ version: 2, kind: "ring" }, "given version 2, expected version 1"],
  [{ version: 1 }, 'given kind nothing, expected "ring" or "replay"'],
  [{ version: 1, kind: "pause" }, 'given kind "pause", expected "ring" or "replay"'],
  [{ version: 1, kind: "ring", force: true }, `given "force" in it, expected ${EXPECTED}`],
  [
    { version: 1, kind: "ring", stream: "OTHER" },
    'given stream "OTHER", expected "ORDERS": this bridge serves no other',
  ],
  [
    { version: 1, kind: "replay", startSequence: 1, consumer: "other" },
    'given consumer "other", expected "ship-order": this bridge serves no other',
  ],
  [
    { version: 1, kind: "ring", stream: null },
    'given stream null, expected "ORDERS": this bridge serves no other',
  ],
])("%j is refused", (value, refused) => {
  expect(readCommand(value, SERVED, READ_AT)).toEqual({ refused });
  expect(readBody(JSON.stringify(value), SERVED, READ_AT)).toEqual({ refused });
});

test("a name that every object has is no key of a command", () => {
  expect(readBody('{"version":1,"kind":"ring","__proto__":{}}', SERVED, READ_AT)).toEqual({
    refused: `given "__proto__" in it, expected ${EXPECTED}`,
  });
  expect(readBody('{"version":1,"kind":"constructor"}', SERVED, READ_AT)).toEqual({
    refused: 'given kind "constructor", expected "ring" or "replay"',
  });
});

test("a body that is not JSON is quoted, and not the whole of it", () => {
  expect(readBody("{", SERVED, READ_AT)).toEqual({
    refused: `given "{", which is not JSON, expected nothing, or ${EXPECTED}`,
  });
  expect(readBody("x".repeat(200), SERVED, READ_AT)).toEqual({
    refused: `given "${"x".repeat(79)}…, which is not JSON, expected nothing, or ${EXPECTED}`,
  });
});

test("a body has at most 4096 characters", () => {
  const ring = '{"version":1,"kind":"ring"}';
  expect(readBody(ring.padEnd(4096), SERVED, READ_AT)).toEqual({ kind: "ring" });
  expect(readBody(ring.padEnd(4097), SERVED, READ_AT)).toEqual({
    refused: `given 4097 characters, expected at most 4096: ${EXPECTED}`,
  });
});

test("whatever a body says, it is refused in words, or a command that this bridge serves", () => {
  const anyBody = fc.oneof(
    fc.string(),
    fc.json(),
    anyCommand().map((command) => JSON.stringify(command)),
  );
  let commands = 0;
  fc.assert(
    fc.property(anyBody, (body) => {
      const command = readBody(body, SERVED, READ_AT);
      if ("refused" in command) {
        expect(command.refused).toMatch(/^given .+, expected .+$/s);
        return;
      }
      commands += 1;
      const given = (body.trim() === "" ? {} : JSON.parse(body)) as Record<string, unknown>;
      expect([undefined, "ORDERS"]).toContain(given["stream"]);
      expect([undefined, "ship-order"]).toContain(given["consumer"]);
      const { startSequence, startTime } = given;
      expect(command).toEqual(
        given["kind"] === "replay"
          ? { kind: "replay", ...(startTime === undefined ? { startSequence } : { startTime }) }
          : { kind: "ring" },
      );
    }),
    { numRuns: 2000 },
  );
  expect(commands).toBeGreaterThan(20);
});
