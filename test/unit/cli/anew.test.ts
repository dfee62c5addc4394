import { describe, expect, test } from "vitest";
import { anew, type AnewOptions, redriveId } from "../../../cli/redrive/anew.ts";
import type { DeadLetter, Headers } from "../../../cli/redrive/dead-letter.ts";
import { parseHeaders } from "../../../functions/bridge/source/headers.ts";
import { headers, utf8 } from "../../support/messages.ts";

const letter: DeadLetter = {
  id: "ORDERS/42/1700000000000000000",
  origin: "ORDERS",
  streamSequence: 42,
  timestampNanos: 1_700_000_000_000_000_000n,
  subject: "orders.eu.7",
  reason: "",
  tries: 3,
  bytes: 5,
};

const DEFAULT: AnewOptions = { sameId: false, stream: undefined };

function published(given: Headers, options: Partial<AnewOptions> = {}) {
  const message = anew(letter, { data: utf8("hello"), headers: given }, { ...DEFAULT, ...options });
  if ("refused" in message) throw new Error(message.refused);
  const block = message.headerBlock;
  return { ...message, headers: block && parseHeaders(block).headers };
}

describe("the id", () => {
  test("is a new one, derived from the old one and the try, in place of the publisher's", () => {
    expect(redriveId(letter)).toBe("redrive/ORDERS/42/1700000000000000000/3");
    const message = published(headers({ "Nats-Msg-Id": "own", a: "1" }));
    expect(message.messageId).toBe(redriveId(letter));
    expect(message.headers).toEqual(headers({ "Nats-Msg-Id": redriveId(letter), a: "1" }));
  });

  test("is the publisher's own by choice, where there is one", () => {
    const message = published(headers({ "Nats-Msg-Id": "own" }), { sameId: true });
    expect(message.messageId).toBe("own");
    expect(published(headers({}), { sameId: true })).toMatchObject({
      messageId: undefined,
      headerBlock: undefined,
    });
  });
});

describe("headers", () => {
  test("come back in their order, with all values, of any name", () => {
    const given = headers({
      k: ["1", "2", "1"],
      K: "3",
      "with space": "",
      ümlaut: "grüße",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    });
    expect(published(given, { sameId: true }).headers).toEqual(given);
  });

  test("that would make the server act or refuse are left out, and named", () => {
    const names = [
      "Nats-Expected-Stream",
      "Nats-Expected-Last-Sequence",
      "Nats-Rollup",
      "nats-rollup",
      "Nats-TTL",
      "Nats-Schedule",
      "Nats-Schedule-Target",
      "Nats-Scheduler",
      "Nats-Batch-Id",
      "Nats-Incr",
    ];
    const given = headers({ ...Object.fromEntries(names.map((name) => [name, "x"])), kept: "1" });
    const message = published(given, { sameId: true });
    expect(message.headers).toEqual(headers({ kept: "1" }));
    expect(message.leftOut).toEqual(names);
  });

  test("say which stream is expected only when it was named", () => {
    const given = headers({ "Nats-Expected-Stream": "OLD" });
    expect(published(given, { sameId: true, stream: "ORDERS" }).headers).toEqual(
      headers({ "Nats-Expected-Stream": "ORDERS" }),
    );
  });

  test.each(["a:b", "a\r\nb", ""])("with the name %j are refused", (name) => {
    const content = { data: utf8(""), headers: headers({ [name]: "x" }) };
    expect(anew(letter, content, DEFAULT)).toHaveProperty("refused");
  });

  test("cannot be slipped in through a value", () => {
    const content = { data: utf8(""), headers: headers({ a: "x\r\nNats-Rollup: all" }) };
    expect(anew(letter, content, DEFAULT)).toHaveProperty("refused");
  });
});

test.each(["", "a.*", "a.>", ">", "a..b", "a b", "$JS.API.STREAM.DELETE.ORDERS", "$JS.hub.API.X"])(
  "nothing is published to %j",
  (subject) => {
    const content = { data: utf8(""), headers: headers({}) };
    expect(anew({ ...letter, subject }, content, DEFAULT)).toHaveProperty("refused");
  },
);

test.each(["$KV.bucket.key", "$JS.EVENT.ADVISORY.API", "a.b>c", "grüße"])(
  "a stream may hold %j",
  (subject) => {
    const content = { data: utf8(""), headers: headers({}) };
    expect(anew({ ...letter, subject }, content, DEFAULT)).toMatchObject({ subject });
  },
);
