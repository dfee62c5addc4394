import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOf, type Payload } from "../../../../functions/bridge/sinks/handler/payload.ts";

const textOf = (data: Payload): string => new TextDecoder().decode(bytesOf(data));
const refusal = (given: string, expected: string): TypeError =>
  new TypeError(`publish: data: given ${given}, expected ${expected}`);

const SAYABLE = "text, bytes, or something that JSON can say";
const BYTES = Uint8Array.of(0x2d, 0x61, 0x62, 0x2d);

interface Parcel {
  readonly parcel: string;
}

class Order {
  readonly id = "o-7";
}

class Sealed {
  readonly #id = "o-7";

  get id(): string {
    return this.#id;
  }
}

const PARCEL: Parcel = { parcel: "p-1" };
const fetched = async (): Promise<{ readonly id: string }> => ({ id: "o-7" });

describe("published as it is", () => {
  test.each<[string, Payload, string]>([
    ["text", "hällo", "hällo"],
    ["empty text", "", ""],
    ["bytes", BYTES, "-ab-"],
    ["a part of more bytes", BYTES.subarray(1, 3), "ab"],
    ["a Buffer", Buffer.from("-ab-").subarray(1, 3), "ab"],
    ["an ArrayBuffer", BYTES.buffer, "-ab-"],
    ["a view of another kind", new DataView(BYTES.buffer, 1, 2), "ab"],
    ["numbers of two bytes", Uint16Array.of(0x6261), "ab"],
  ])("%s", (_what, data, text) => {
    expect(textOf(data)).toBe(text);
  });
});

describe("published as JSON", () => {
  test.each<[string, Payload, string]>([
    ["an object", { a: [1, null] }, '{"a":[1,null]}'],
    ["an empty object", { a: {} }, '{"a":{}}'],
    ["one without a prototype", Object.create(null) as object, "{}"],
    ["null", null, "null"],
    ["a number", 0, "0"],
    [
      "a Date, and whatever has a toJSON()",
      { at: new Date(0) },
      '{"at":"1970-01-01T00:00:00.000Z"}',
    ],
    ["an error with a toJSON()", Object.assign(new Error("no"), { toJSON: () => 7 }), "7"],
    ["an object of a class", new Order(), '{"id":"o-7"}'],
    ["an object of an interface", PARCEL, '{"parcel":"p-1"}'],
    ["a number in a box", Object(7) as object, "7"],
    ["what is undefined: left out", { a: undefined, b: () => 1 }, "{}"],
  ])("%s", (_what, data, text) => {
    expect(textOf(data)).toBe(text);
  });

  test("whatever JSON can say, to the letter", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = typeof value === "string" ? value : JSON.stringify(value);
        expect(textOf(value)).toBe(text);
      }),
    );
  });
});

describe("refused, with what would be right", () => {
  const self: Record<string, unknown> = {};
  self["self"] = self;

  test.each<[string, unknown, string, string]>([
    ["nothing", undefined, "nothing", SAYABLE],
    ["a function", () => 1, "a function", SAYABLE],
    ["a symbol", Symbol("x"), "a symbol", SAYABLE],
    ["a bigint", 1n, "something else (Do not know how to serialize a BigInt)", SAYABLE],
    ["a circle", self, "something else (Converting circular structure to JSON)", SAYABLE],
    ["a promise", Promise.resolve(1), "a promise", "its result: await it"],
    [
      "a promise within",
      { parcel: Promise.resolve(1) },
      'a promise as "parcel"',
      "its result: await it",
    ],
    // oxlint-disable-next-line unicorn/no-thenable -- what is refused
    ["a thenable", { then: () => 1 }, "a promise", "its result: await it"],
    ["a Map", new Map([["a", 1]]), "a Map", "Object.fromEntries(map), or [...map]"],
    ["a Set within", [new Set([1])], 'a Set as "0"', "[...set]"],
    ["a Blob", new Blob(["x"]), "a Blob", "its bytes: await blob.bytes()"],
    ["a stream", Readable.from(["x"]), "a stream", "what is in it, as text or bytes"],
    ["a web stream", new Blob(["x"]).stream(), "a stream", "what is in it, as text or bytes"],
    [
      "an Error",
      Object.assign(new Error("no"), { code: "ENOENT" }),
      "an Error",
      "its message, or what else of it is meant",
    ],
    [
      "bytes within",
      { data: Buffer.from("x") },
      'bytes within JSON as "data"',
      "bytes alone, or text in their place, like base64",
    ],
    ["NaN", { total: Number.NaN }, 'NaN as "total"', "a number that JSON knows, or null"],
    ["a regular expression", /x/, "an object of class RegExp, of which JSON says {}", SAYABLE],
    [
      "headers",
      new Headers({ a: "1" }),
      "an object of class Headers, of which JSON says {}",
      SAYABLE,
    ],
    [
      "what a class hides",
      new Sealed(),
      "an object of class Sealed, of which JSON says {}",
      SAYABLE,
    ],
  ])("%s", (_what, data, given, expected) => {
    expect(() => bytesOf(data as Payload)).toThrow(refusal(given, expected));
  });

  test("what a toJSON() throws is the cause", () => {
    const cause = new RangeError("no text");
    const data = {
      toJSON() {
        throw cause;
      },
    };
    const refused = refusal("something else (no text)", SAYABLE);
    expect(() => bytesOf(data)).toThrow(refused);
    expect(() => bytesOf(data)).toThrow(expect.objectContaining({ cause }));
  });

  test("a forgotten await, by the types alone", () => {
    // @ts-expect-error -- a promise is no payload
    expect(() => bytesOf(Promise.resolve("x"))).toThrow(TypeError);
    // @ts-expect-error -- nor is one of an object
    expect(() => bytesOf(fetched())).toThrow(TypeError);
    // @ts-expect-error -- nor is nothing
    expect(() => bytesOf()).toThrow(TypeError);
  });
});
