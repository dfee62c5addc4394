import { describe, expect, test } from "vitest";
import { onMessage, onMessages, reject, retry } from "../../functions/bridge/handler.ts";
import { deliver, deliverAll, type GivenMessage, message } from "../../functions/bridge/testing.ts";

describe("a message", () => {
  test("of which nothing is given is one that a stream could have", () => {
    const before = Date.now();
    const made = message();
    expect(made).toMatchObject({ subject: "test", streamSequence: 1, deliveryCount: 1 });
    expect(made.text()).toBe("");
    expect(made.headers.size).toBe(0);
    expect(made.timestamp.getTime()).toBeGreaterThanOrEqual(before);
    expect(made.id).toBe(`ORDERS/1/${made.timestamp.getTime()}000000`);
  });

  test("has what is given", () => {
    const given = {
      subject: "orders.eu",
      streamSequence: 42,
      timestamp: new Date(1234),
      deliveryCount: 3,
      headers: { one: "1", many: ["2", "3"] },
    };
    expect(message(given)).toMatchObject({
      id: "ORDERS/42/1234000000",
      subject: "orders.eu",
      deliveryCount: 3,
      headers: new Map([
        ["one", ["1"]],
        ["many", ["2", "3"]],
      ]),
    });
  });

  test.each<[string, GivenMessage["headers"]]>([
    [
      "a Map",
      new Map<string, string | readonly string[]>([
        ["one", "1"],
        ["many", ["2", "3"]],
      ]),
    ],
    [
      "pairs",
      [
        ["one", "1"],
        ["many", ["2", "3"]],
      ],
    ],
  ])("has headers given as %s", (_what, headers) => {
    const expected = new Map([
      ["one", ["1"]],
      ["many", ["2", "3"]],
    ]);
    expect(message({ ...(headers && { headers }) }).headers).toEqual(expected);
  });

  test("has headers as fetch has them", () => {
    const { headers } = message({ headers: new Headers({ one: "1" }) });
    expect(headers).toEqual(new Map([["one", ["1"]]]));
  });

  test.each<[GivenMessage, string]>([
    [{ json: { id: "ä" } }, '{"id":"ä"}'],
    [{ json: null }, "null"],
    [{ text: "{" }, "{"],
    [{ data: Uint8Array.of(0x61) }, "a"],
  ])("has the payload of %o", (given, text) => {
    expect(message(given).text()).toBe(text);
  });
});

test("the bytes of a message are what a handler of the bridge gets: a plain copy", async () => {
  const data = Buffer.from("hello");
  for (const given of [{ data }, { text: "hello" }, { json: 7 }]) {
    expect(Object.getPrototypeOf(message(given).data)).toBe(Uint8Array.prototype);
  }
  await deliver(
    onMessage((one) => void one.data.fill(0)),
    { data },
  );
  expect(data.toString()).toBe("hello");
});

describe("deliver", () => {
  test("answers with the verdict that the bridge would have", async () => {
    const handler = onMessage((one) => {
      switch (one.text()) {
        case "later":
          return retry({ after: "30s" });
        case "never":
          return reject("no total");
        case "throws":
          throw new Error("boom");
        default:
          return undefined;
      }
    });
    expect(await deliver(handler, {})).toEqual({ kind: "accepted" });
    expect(await deliver(handler, { text: "later" })).toEqual({ kind: "retry", after: "30s" });
    expect(await deliver(handler, { text: "never" })).toEqual({
      kind: "rejected",
      reason: "no total",
    });
    expect(await deliver(handler, { text: "throws" })).toEqual({
      kind: "failed",
      reason: "Error: boom",
    });
  });

  test("tells what is published, under the id that a stream would see, and answers as one", async () => {
    const handler = onMessage(async (one, { publish }) => {
      const stored = [await publish("a", one.text()), await publish("b", { n: 1 })];
      expect(stored).toEqual([
        { stream: "TEST", sequence: 1, duplicate: false },
        { stream: "TEST", sequence: 2, duplicate: false },
      ]);
    });
    const published: unknown[] = [];
    const given = { text: "x", timestamp: new Date(5) };
    const verdict = await deliver(handler, given, {
      publish: ({ data, id, subject }) => {
        published.push([subject, new TextDecoder().decode(data), id]);
      },
    });
    expect(verdict).toEqual({ kind: "accepted" });
    expect(published).toEqual([
      ["a", "x", "ORDERS/1/5000000/test/a/1"],
      ["b", '{"n":1}', "ORDERS/1/5000000/test/b/1"],
    ]);
  });

  test("lets publishing fail where the test wants it", async () => {
    const handler = onMessage((_one, { publish }) => {
      publish("a", "x").catch(() => undefined);
    });
    const publish = async (): Promise<void> => {
      throw new Error("no stream takes a");
    };
    expect(await deliver(handler, {}, { publish })).toEqual({
      kind: "failed",
      reason: "publishing to a: no stream takes a",
    });
  });

  test("has a failure, too, where the bridge would not blame the message", async () => {
    const handler = onMessage(async (_one, { publish }) => void (await publish("a", "x")));
    const publish = async (): Promise<void> => {
      throw Object.assign(new Error("away"), { end: "broken" });
    };
    expect(await deliver(handler, {}, { publish })).toStrictEqual({
      kind: "failed",
      reason: "publishing to a: away",
    });
  });

  test("tells what is logged, at its level", async () => {
    const handler = onMessage((_one, { log }) => {
      log.debug("one");
      log.info("two", { a: 1 });
      log.warn("three");
      log.error("four");
    });
    const logged: unknown[] = [];
    await deliver(handler, {}, { log: (...line) => logged.push(line) });
    expect(logged).toEqual([
      ["debug", "one", undefined],
      ["info", "two", { a: 1 }],
      ["warn", "three", undefined],
      ["error", "four", undefined],
    ]);
    await expect(deliver(handler, {})).resolves.toEqual({ kind: "accepted" });
  });

  test("gives up a handler that does not end with its signal, as the bridge does", async () => {
    const handler = onMessage(() => new Promise<never>(() => undefined));
    const aborted = new AbortController();
    const verdict = deliver(handler, {}, { signal: aborted.signal });
    aborted.abort();
    expect(await verdict).toEqual({
      kind: "failed",
      reason: expect.stringMatching(/^the handler had not ended after \d+\.\d s, when its time/),
    });
    const late = await deliver(handler, {}, { signal: AbortSignal.abort() });
    expect(late).toMatchObject({ kind: "failed" });
  });

  test("takes what message() has made, with all that it was given", async () => {
    const seen: unknown[] = [];
    const handler = onMessage((one) => {
      const { data, deliveryCount, headers, id, subject } = one;
      seen.push({ id, subject, deliveryCount, data, headers });
    });
    const given = {
      subject: "orders.eu",
      json: { id: "o-7" },
      streamSequence: 42,
      timestamp: new Date(1234),
      deliveryCount: 3,
      headers: { one: "1", many: ["2", "3"] },
    };
    await deliver(handler, given);
    await deliver(handler, message(given));
    expect(seen[1]).toEqual(seen[0]);
  });

  test("hands over the signal, or one that is never aborted", async () => {
    const signals: AbortSignal[] = [];
    const handler = onMessage((_one, { signal }) => void signals.push(signal));
    const given = AbortSignal.abort();
    await deliver(handler, {}, { signal: given });
    await deliver(handler, {});
    expect(signals[0]).toBe(given);
    expect(signals[1]?.aborted).toBe(false);
  });
});

describe("deliverAll", () => {
  const given = [{ text: "a" }, { text: "b" }, { text: "c", streamSequence: 9 }];

  test("gives a handler of batches one batch, with sequences that go on", async () => {
    const batches: unknown[] = [];
    const handler = onMessages((all) => {
      batches.push(all.map((one) => [one.streamSequence, one.text()]));
      return [undefined, reject("no"), retry()];
    });
    const verdicts = await deliverAll(handler, given);
    expect(verdicts.map(({ kind }) => kind)).toEqual(["accepted", "rejected", "retry"]);
    expect(batches).toEqual([
      [
        [1, "a"],
        [2, "b"],
        [9, "c"],
      ],
    ]);
  });

  test("gives a handler of single messages each of them", async () => {
    const seen: string[] = [];
    const handler = onMessage((one) => void seen.push(one.text()));
    const verdicts = await deliverAll(handler, given);
    expect(verdicts).toHaveLength(3);
    expect(seen).toEqual(["a", "b", "c"]);
  });
});

test("what is no handler is refused in words", async () => {
  await expect(deliver((() => undefined) as never, {})).rejects.toThrow(
    "deliver: given something else, expected what onMessage or onMessages gave",
  );
});
