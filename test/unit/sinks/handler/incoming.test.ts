import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  incoming,
  type JetStreamMessage,
  withJson,
} from "../../../../functions/bridge/sinks/handler/incoming.ts";
import { Rejection } from "../../../../functions/bridge/sinks/handler/thrown.ts";
import { headers, message, utf8 } from "../../../support/messages.ts";

const withData = (data: Uint8Array | string): JetStreamMessage =>
  incoming(message({ data: typeof data === "string" ? utf8(data) : data }), "ORDERS");

test("a handler sees all of a message but how it was delivered", () => {
  const given = message({
    subject: "orders.eu.7",
    streamSequence: 42,
    deliveryCount: 3,
    timestampNanos: 1_700_000_000_123_999_999n,
    headers: headers({ "X-Tenant": "a", many: ["1", "2"] }),
  });
  expect(incoming(given, "HUB")).toMatchObject({
    id: "HUB/42/1700000000123999999",
    subject: "orders.eu.7",
    data: utf8("hello"),
    headers: given.headers,
    streamSequence: 42,
    deliveryCount: 3,
    timestamp: new Date(1_700_000_000_123),
  });
});

test("its id is the same however often and through whichever consumer it is delivered", () => {
  const first = message();
  const again = message({ consumer: "other", consumerSequence: 99, deliveryCount: 5 });
  expect(incoming(again, "ORDERS").id).toBe(incoming(first, "ORDERS").id);
});

describe("data", () => {
  const memory = Buffer.from("before hello after");
  const arrived = (): JetStreamMessage => withData(memory.subarray(7, 12));

  test("is a copy: no other class than Uint8Array, and no memory but its own", () => {
    const { data } = arrived();
    expect(Object.getPrototypeOf(data)).toBe(Uint8Array.prototype);
    expect(data).toEqual(utf8("hello"));
    expect(data.buffer.byteLength).toBe(5);
  });

  test("is the same bytes whenever it is asked for, and changes nothing but itself", () => {
    const one = arrived();
    one.data.fill(0);
    expect(one.data).toEqual(new Uint8Array(5));
    expect(one.text()).toBe("hello");
    expect(memory.toString()).toBe("before hello after");
    expect(arrived().text()).toBe("hello");
  });

  test("is not copied for other JSON, and is there all the same", () => {
    const one = arrived();
    const other = withJson(one, 7);
    expect(other.json()).toBe(7);
    expect(Object.getOwnPropertyDescriptor(other, "data")).toHaveProperty("get");
    expect(other).toMatchObject({ id: one.id, subject: one.subject, data: utf8("hello") });
  });
});

describe("text", () => {
  test("is the payload, a byte order mark included", () => {
    expect(withData("\u{FEFF}äöü\u0000").text()).toBe("\u{FEFF}äöü\u0000");
    expect(withData("").text()).toBe("");
  });

  test("that is not UTF-8 rejects the message", () => {
    const broken = withData(Uint8Array.of(0x61, 0xff));
    expect(() => broken.text()).toThrow(new Rejection(broken.id, "the payload is not UTF-8 text"));
  });
});

describe("JSON", () => {
  test("is what JSON.parse makes of the payload", () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(withData(json).json()).toEqual(JSON.parse(json));
      }),
    );
  });

  test("that is not UTF-8 rejects the message", () => {
    const broken = withData(Uint8Array.of(0x22, 0xff, 0x22));
    expect(() => broken.json()).toThrow(new Rejection(broken.id, "the payload is not UTF-8 text"));
  });

  test.each([
    ["", "0 characters"],
    ["hello", "5 characters"],
    ['{"a":1', "6 characters, wrong at position 6"],
    ['{"password":"hunter2" "x"}', "26 characters, wrong at position 22"],
  ])("%j rejects the message, with its length and the place", (text, told) => {
    const rejection = new Rejection(withData(text).id, `the payload is not JSON (${told})`);
    expect(() => withData(text).json()).toThrow(rejection);
  });

  test("nothing of a payload is told", () => {
    const isTold = /^the payload is not JSON \(\d+ characters(, wrong at position \d+)?\)$/;
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((json) => json.slice(1)),
        ),
        (text) => {
          try {
            withData(text).json();
          } catch (error) {
            expect(error).toBeInstanceOf(Rejection);
            expect((error as Rejection).message).toMatch(isTold);
          }
        },
      ),
    );
  });
});
