import { expect, test } from "vitest";
import { withHeaders } from "../../../functions/bridge/map/attributes.ts";
import { type Headers, headers } from "../../support/messages.ts";

/** As every message has them. */
const own = new Map([
  ["nats-id", "ORDERS/42/1"],
  ["nats-subject", "orders.eu.7"],
]);

function attributesOf(
  given: Headers,
  ours: ReadonlyMap<string, string> = own,
): Map<string, string> {
  return new Map([...withHeaders(ours, given)].filter(([name]) => !ours.has(name)));
}

function many(count: number): Headers {
  return new Map(Array.from({ length: count }, (_, at) => [`h${at}`, [`v${at}`]]));
}

test("without headers there are only our own attributes", () => {
  expect(withHeaders(own, new Map())).toEqual(own);
});

test("a header becomes an attribute of its own name", () => {
  const given = headers({ "Nats-Msg-Id": "1", "x.y-z_0": "ü \u{1F980}" });
  expect(attributesOf(given)).toEqual(
    new Map([
      ["Nats-Msg-Id", "1"],
      ["x.y-z_0", "ü \u{1F980}"],
    ]),
  );
});

test("names that differ in case are two attributes", () => {
  expect([...attributesOf(headers({ Foo: "1", foo: "2" })).keys()]).toEqual(["Foo", "foo"]);
});

test.each([
  ["a space in the name", "a b", "v"],
  ["a name that is not ASCII", "ü", "v"],
  ["a name with other punctuation", "a/b", "v"],
  ["a name of 257 characters", "n".repeat(257), "v"],
  ["a name that AWS keeps for itself", "AWS.x", "v"],
  ["the same in small letters", "aws.x", "v"],
  ["a name that Amazon keeps for itself", "Amazon.x", "v"],
  ["the same in capitals", "AMAZON.X", "v"],
  ["a dot at the start", ".a", "v"],
  ["a dot at the end", "a.", "v"],
  ["nothing but a dot", ".", "v"],
  ["two dots in a row", "a..b", "v"],
  ["an empty value", "a", ""],
  ["NUL in the value", "a", "x\0y"],
  ["a control character in the value", "a", "\u0007"],
  ["U+FFFF in the value", "a", "\uFFFF"],
  ["half a surrogate pair in the value", "a", "\uD83E"],
  ["the name of our id", "nats-id", "v"],
  ["the name of our subject, with capitals", "Nats-Subject", "v"],
  ["the name of our encoding", "nats-encoding", "base64"],
  ["the name of our headers", "nats-headers", "{}"],
  ["a name of the dead letters", "dead-letter-reason", "v"],
  ["another name of the dead letters", "Dead-Letter-Whatever", "v"],
  ["a name that JavaScript keeps for itself", "__proto__", "v"],
])("%s: the header goes into nats-headers", (_what, name, value) => {
  const attributes = attributesOf(new Map([[name, [value]]]));
  expect([...attributes.keys()]).toEqual(["nats-headers"]);
  const members = Object.entries(JSON.parse(attributes.get("nats-headers") ?? ""));
  expect(members).toEqual([[name, [value]]]);
});

test.each([
  ["a name of 256 characters", "n".repeat(256)],
  ["a name of one character", "a"],
  ["a name that only starts like AWS", "AWSome"],
  ["a name that only starts like Amazon", "amazonite.x"],
  ["a name that only starts like ours", "nats-id-of-mine"],
  ["digits and signs", "0_-.9"],
  ["the name of something that every object has", "constructor"],
])("%s is a name like any other", (_what, name) => {
  expect(attributesOf(new Map([[name, ["v"]]]))).toEqual(new Map([[name, "v"]]));
});

test("all values of a repeated header are kept, in their order", () => {
  const attributes = attributesOf(headers({ a: ["2", "1", "2", ""], b: "x" }));
  expect(attributes).toEqual(
    new Map([
      ["b", "x"],
      ["nats-headers", '{"a":["2","1","2",""]}'],
    ]),
  );
});

test("nats-headers is written with the characters that SQS takes, and is JSON all the same", () => {
  const json = attributesOf(headers({ a: "\0\u001F\uFFFE\uFFFF\uD800" })).get("nats-headers") ?? "";
  expect(json).toBe('{"a":["\\u0000\\u001f\\ufffe\\uffff\\ud800"]}');
  expect(JSON.parse(json)).toEqual({ a: ["\0\u001F\uFFFE\uFFFF\uD800"] });
});

test("the name __proto__ is a member like any other in nats-headers", () => {
  const given = new Map([
    ["__proto__", ["1", "2"]],
    ["a b", ["3"]],
  ]);
  expect(attributesOf(given).get("nats-headers")).toBe('{"__proto__":["1","2"],"a b":["3"]}');
});

test("eight headers find a place beside id and subject", () => {
  expect(attributesOf(many(8))).toEqual(new Map([...many(8)].map(([name, [v]]) => [name, v])));
});

test("the ninth takes a place for nats-headers, so that two go there", () => {
  const attributes = attributesOf(many(9));
  expect([...attributes.keys()]).toEqual([
    "h0",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "nats-headers",
  ]);
  expect(JSON.parse(attributes.get("nats-headers") ?? "")).toEqual({ h7: ["v7"], h8: ["v8"] });
});

test("of twelve headers seven are attributes and five are in nats-headers", () => {
  const attributes = attributesOf(many(12));
  expect(attributes.size).toBe(8);
  expect(Object.keys(JSON.parse(attributes.get("nats-headers") ?? ""))).toHaveLength(5);
});

test("a header that needs nats-headers takes the place of one that would have fitted", () => {
  const attributes = attributesOf(new Map([["a b", ["v"]], ...many(8)]));
  expect(attributes.size).toBe(8);
  expect(JSON.parse(attributes.get("nats-headers") ?? "")).toEqual({ "a b": ["v"], h7: ["v7"] });
});

test("with an encoding there are seven places", () => {
  const three = new Map([...own, ["nats-encoding", "base64"]]);
  expect([...attributesOf(many(7), three).keys()]).not.toContain("nats-headers");
  const attributes = attributesOf(many(8), three);
  expect(attributes.size).toBe(7);
  expect(JSON.parse(attributes.get("nats-headers") ?? "")).toEqual({ h6: ["v6"], h7: ["v7"] });
});

test("our own attributes win over headers of the same name, which are kept in nats-headers", () => {
  const attributes = withHeaders(own, headers({ "nats-id": "forged", "nats-headers": "forged" }));
  expect(attributes.get("nats-id")).toBe("ORDERS/42/1");
  expect(JSON.parse(attributes.get("nats-headers") ?? "")).toEqual({
    "nats-id": ["forged"],
    "nats-headers": ["forged"],
  });
});
