// The detail of an event: always a JSON object, and the payload in it as it was, to the character.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Message } from "../../../../functions/bridge/core/ports.ts";
import { parseTemplate } from "../../../../functions/bridge/map/template.ts";
import {
  eventEntry,
  type EventEntry,
} from "../../../../functions/bridge/sinks/eventbridge/entry.ts";
import { anyHeaders, anyMessage, headers, message, utf8 } from "../../../support/messages.ts";
import { readDetail } from "../../../support/read-detail.ts";

function detailOf(given: Partial<Message>): string {
  const source = parseTemplate("nats.{stream}");
  const mapping = { origin: "ORIGIN", source, detailType: parseTemplate("orders") };
  return (eventEntry(message(given), mapping) as EventEntry).detail;
}

/** As every message has it, but for its payload. */
const NATS = `"nats":{"id":"ORIGIN/42/1700000000123456789","stream":"ORDERS","sequence":42,"subject":"orders.eu.7","timestamp":"2023-11-14T22:13:20.123456789Z","headers":{}}`;

test.each([
  ["an object", `{"a":1}`, `{"a":1,${NATS}}`],
  ["an empty object", `{}`, `{${NATS}}`],
  ["an empty object with a blank", `{ }`, `{ ${NATS}}`],
  ["white space around and inside", ` {\n "a" : 1 }\r\n`, ` {\n "a" : 1 ,${NATS}}\r\n`],
  [
    "numbers beyond 2^53",
    `{"id":9223372036854775807,"x":1.0}`,
    `{"id":9223372036854775807,"x":1.0,${NATS}}`,
  ],
  ["keys that look like numbers", `{"b":1,"2":2,"1":3}`, `{"b":1,"2":2,"1":3,${NATS}}`],
  ["the same key twice", `{"a":1,"a":2}`, `{"a":1,"a":2,${NATS}}`],
  [
    "escapes",
    String.raw`{"\u0061":"\/\ud83e\udd80"}`,
    `${String.raw`{"\u0061":"\/\ud83e\udd80"`},${NATS}}`,
  ],
  ["a brace in the last value", `{"a":"}"}`, `{"a":"}",${NATS}}`],
  ["nats further down", `{"a":{"nats":1}}`, `{"a":{"nats":1},${NATS}}`],
  ["nats in other letters", `{"NATS":1}`, `{"NATS":1,${NATS}}`],
  ["__proto__ as a key", `{"__proto__":{"nats":1}}`, `{"__proto__":{"nats":1},${NATS}}`],
])("a payload with %s stays what it is, with nats behind it", (_what, payload, detail) => {
  expect(detailOf({ data: utf8(payload) })).toBe(detail);
});

test.each([
  ["an object that has nats", `{"nats":{"a":12345678901234567890}}`],
  ["an object that has nats in escapes", String.raw`{"n\u0061ts":1}`],
  ["an array", `[{"a":1}, 2]`],
  ["a number", `12345678901234567890`],
  ["true", `true`],
  ["null", `null`],
  ["white space around", ` [1] \n`],
])("%s is wrapped as it is", (_what, payload) => {
  expect(detailOf({ data: utf8(payload) })).toBe(`{${NATS},"data":${payload}}`);
});

test.each([
  ["text", "hello"],
  ["nothing", ""],
  ["a JSON string, quotes included", `"hello"`],
  ["JSON that breaks off", `{"a":1`],
  ["two objects, one a line", `{"a":1}\n{"a":2}`],
  ["an object behind a byte order mark", `\uFEFF{"a":1}`],
  ["control characters, quotes, wide characters", `\u0000"\\\n🦀\u2028`],
])("%s is wrapped as text", (_what, payload) => {
  expect(detailOf({ data: utf8(payload) })).toBe(`{${NATS},"data":${JSON.stringify(payload)}}`);
});

test("what is no text is wrapped as base64", () => {
  const data = Uint8Array.from([0xff, 0x00, 0x7b]);
  expect(detailOf({ data })).toBe(`{${NATS},"data_base64":"/wB7"}`);
});

test("headers keep all their values and their odd names", () => {
  const given = headers({ A: ["1", "2"], "with space": `"quoted"`, ["__proto__"]: "x" });
  const odd = new Map([...given, ["__proto__", ["x"]] as const]);
  expect(detailOf({ headers: odd })).toContain(
    String.raw`"headers":{"A":["1","2"],"with space":["\"quoted\""],"__proto__":["x"]}`,
  );
});

test("whatever the payload is, the detail is an object that tells where it is from, and gives it back byte for byte", () => {
  const objects = fc
    .dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true })
    .map((value) => JSON.stringify(value, null, 1));
  const messages = fc.oneof(
    anyMessage(),
    fc
      .tuple(objects, fc.constantFrom("", " ", "\n\t"), anyHeaders())
      .map(([text, blank, more]) => message({ data: utf8(blank + text + blank), headers: more })),
  );
  fc.assert(
    fc.property(messages, (one) => {
      const detail = detailOf(one);
      const value = JSON.parse(detail) as { nats: Record<string, unknown> };
      expect(Array.isArray(value)).toBe(false);
      expect(value.nats).toMatchObject({
        id: "ORIGIN/42/1700000000123456789",
        stream: one.stream,
        sequence: 42,
        subject: one.subject,
      });
      expect(new Map(Object.entries(value.nats["headers"] as object))).toEqual(one.headers);
      const read = readDetail(detail);
      expect(Buffer.from(read.data).toString("hex")).toBe(Buffer.from(one.data).toString("hex"));
    }),
  );
});
