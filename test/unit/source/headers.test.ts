import fc from "fast-check";
import { expect, test } from "vitest";
import { parseHeaders } from "../../../functions/bridge/source/headers.ts";
import { anyText, utf8 } from "../../support/messages.ts";

const BOM = "\uFEFF";

function headersOf(...lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  return parseHeaders(utf8(["NATS/1.0", ...lines, "", ""].join("\r\n"))).headers;
}

test.each([
  ["NATS/1.0 404 No Messages", 404, "No Messages"],
  ["NATS/1.0 408 Request Timeout", 408, "Request Timeout"],
  ["NATS/1.0 409 Message Size Exceeds MaxBytes", 409, "Message Size Exceeds MaxBytes"],
  ["NATS/1.0 503", 503, ""],
  ["NATS/1.0   100   Idle Heartbeat  ", 100, "Idle Heartbeat"],
  ["NATS/1.0", 0, ""],
  ["NATS/1.0 ", 0, ""],
  ["NATS/1.0 4040", 404, "0"],
])("'%s' is status %i", (line, status, description) => {
  expect(parseHeaders(utf8(`${line}\r\n\r\n`))).toEqual({
    status,
    description,
    headers: new Map(),
  });
});

test("a status may come with headers", () => {
  const block = "NATS/1.0 409 Message Size Exceeds MaxBytes\r\nNats-Pending-Messages: 1\r\n\r\n";
  expect(parseHeaders(utf8(block)).headers).toEqual(new Map([["Nats-Pending-Messages", ["1"]]]));
});

test.each([
  ["a header", "Name: value", "Name", "value"],
  ["one without a blank", "Name:value", "Name", "value"],
  ["one with blanks and tabs around", "Name: \t value \t", "Name", "value"],
  ["one with colons in its value", "Time: 12:30:00", "Time", "12:30:00"],
  ["one with an empty value", "Name:", "Name", ""],
  ["one with nothing but blanks", "Name:   ", "Name", ""],
  ["one with a space in its name", "Full Name: value", "Full Name", "value"],
  ["one whose name is not ASCII", "Größe: 1", "Größe", "1"],
  ["one with an emoji", "Crab: \u{1F980}", "Crab", "\u{1F980}"],
  ["one that is named like a part of every object", "__proto__: x", "__proto__", "x"],
  ["one with a control character", "Name: a\u0001b", "Name", "a\u0001b"],
])("%s is read as it is", (_what, line, name, value) => {
  expect(headersOf(line)).toEqual(new Map([[name, [value]]]));
});

test("white space that is no blank or tab is kept", () => {
  const value = `\u00A0\u2003${BOM}x\u000B\u00A0`;
  expect(headersOf(`Name: ${value} `)).toEqual(new Map([["Name", [value]]]));
});

test("all values of a repeated header are kept, in their order", () => {
  expect(headersOf("A: 2", "B: x", "A: 1", "A:", "A: 2")).toEqual(
    new Map([
      ["A", ["2", "1", "", "2"]],
      ["B", ["x"]],
    ]),
  );
});

test("names that differ in case are different headers, as NATS has it", () => {
  expect([...headersOf("Name: 1", "name: 2").keys()]).toEqual(["Name", "name"]);
});

test("lines that are no headers are left out", () => {
  expect(headersOf("no colon", ": no name", "A: 1", "")).toEqual(new Map([["A", ["1"]]]));
});

test("a header that is no UTF-8 is read as Latin-1, byte by byte, and its neighbours as they are", () => {
  const latin = Buffer.from("NATS/1.0\r\nLatin: gr\u00FC\u00DFe\u00A0\r\n", "latin1");
  const block = Buffer.concat([latin, utf8("Utf8: grüße\r\n\r\n")]);
  expect(parseHeaders(block).headers).toEqual(
    new Map([
      ["Latin", ["gr\u00FC\u00DFe\u00A0"]],
      ["Utf8", ["grüße"]],
    ]),
  );
});

test("a block within a larger buffer is read alone", () => {
  const buffer = utf8("xxNATS/1.0\r\nA: 1\r\n\r\nyy");
  expect(parseHeaders(buffer.subarray(2, -2)).headers).toEqual(new Map([["A", ["1"]]]));
});

test("whatever a publisher writes into headers comes back, but for blanks around", () => {
  const name = anyText().map((text) => text.replace(/[:\r\n]/g, "") || "x");
  const value = anyText().map((text) =>
    text.replace(/[\r\n]/g, "").replace(/^[ \t]+|[ \t]+$/g, ""),
  );
  const anyEntries = fc.uniqueArray(
    fc.tuple(name, fc.array(value, { minLength: 1, maxLength: 3 })),
    {
      maxLength: 6,
      selector: ([one]) => one,
    },
  );
  fc.assert(
    fc.property(anyEntries, (entries) => {
      const lines = entries.flatMap(([one, values]) => values.map((text) => `${one}: ${text}`));
      expect(headersOf(...lines)).toEqual(new Map(entries));
    }),
  );
});

test("any bytes at all are read without an error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (block) => {
      expect(parseHeaders(block).status).toBeGreaterThanOrEqual(0);
    }),
  );
});
