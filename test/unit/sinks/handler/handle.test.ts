import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import type {
  BatchHandler,
  HandlerDefinition,
  MessageHandler,
} from "../../../../functions/bridge/sinks/handler/definition.ts";
import { handle } from "../../../../functions/bridge/sinks/handler/handle.ts";
import type { JetStreamMessage } from "../../../../functions/bridge/sinks/handler/incoming.ts";
import type { PublishTo } from "../../../../functions/bridge/sinks/handler/publishing.ts";
import { reject, retry, type Verdict } from "../../../../functions/bridge/sinks/handler/verdict.ts";
import { anyReturned, anyThrown, delivered, services } from "../../../support/handled.ts";

const ACCEPTED = { kind: "accepted" };
const KINDS = ["accepted", "retry", "rejected", "failed"];
const order = v.object({ id: v.string() });

const one = (run: MessageHandler, options = {}): HandlerDefinition => ({
  kind: "one",
  handle: run,
  options,
});
const batch = (run: BatchHandler, options = {}): HandlerDefinition => ({
  kind: "batch",
  handle: run,
  options,
});
const messages = (...texts: readonly string[]): readonly JetStreamMessage[] =>
  texts.map((text, at) => delivered(text, at + 1));
const failedWith = (reason: string): Verdict => ({ kind: "failed", reason });

const NOT_STORED: PublishTo = async (subject) => {
  throw new Error(`no stream takes ${subject}`);
};

describe("a handler of single messages", () => {
  test.each<[string, MessageHandler, object]>([
    ["returns nothing", () => undefined, ACCEPTED],
    ["resolves with nothing", async () => undefined, ACCEPTED],
    ["wants it later", () => retry({ after: "1s" }), retry({ after: "1s" })],
    ["rejects it", async () => reject("no total"), reject("no total")],
    [
      "throws",
      () => {
        throw new Error("boom");
      },
      failedWith("Error: boom"),
    ],
    ["rejects its promise", () => Promise.reject(new Error("boom")), failedWith("Error: boom")],
    ["reads JSON that is none", (message) => void message.json(), { kind: "rejected" }],
  ])("that %s gives one verdict", async (_what, run, verdict) => {
    expect(await handle(one(run), messages("{"), services())).toMatchObject([verdict]);
  });

  test("gets each message on its own, with signal, log and publish", async () => {
    const { signal } = new AbortController();
    const seen: unknown[] = [];
    const given = services({
      signal,
      log: (about) => {
        seen.push(about.map(({ id }) => id));
        return services().log(about);
      },
    });
    const run: MessageHandler = (message, context) => {
      expect(context.signal).toBe(signal);
      seen.push(message.text());
    };
    expect(await handle(one(run), messages("a", "b"), given)).toEqual([ACCEPTED, ACCEPTED]);
    expect(seen).toEqual([["ORDERS/1/5"], "a", ["ORDERS/2/5"], "b"]);
  });

  test("gets what the schema makes of a payload, and nothing that does not fit", async () => {
    const seen: unknown[] = [];
    const verdicts = await handle(
      one((message) => void seen.push(message.json()), { schema: order }),
      messages('{"id":"a","more":1}', "{}", "no"),
      services(),
    );
    expect(verdicts.map(({ kind }) => kind)).toEqual(["accepted", "rejected", "rejected"]);
    expect(seen).toEqual([{ id: "a" }]);
  });

  test("is not done before what it has published is stored, even when it does not wait", async () => {
    const stored = Promise.withResolvers<never>();
    const run: MessageHandler = (_message, { publish }) => {
      publish("a", "x").catch(() => undefined);
    };
    const handled = handle(one(run), messages("x"), services({ publishTo: () => stored.promise }));
    expect(await Promise.race([handled, soon()])).toBe("not yet");
    stored.reject(new Error("no stream takes a"));
    expect(await handled).toEqual([failedWith("publishing to a: no stream takes a")]);
  });

  test("has its own word on a message whose publishing failed, unless that was an ack", async () => {
    const saying = (said: Verdict): MessageHandler => {
      return async (_message, { publish }) => publish("a", "x").then(undefined, () => said);
    };
    const verdictOf = async (said: Verdict): Promise<readonly Verdict[]> =>
      handle(one(saying(said)), messages("x"), services({ publishTo: NOT_STORED }));
    expect(await verdictOf(reject("no"))).toEqual([reject("no")]);
    expect(await verdictOf(retry())).toEqual([retry()]);
    expect(await verdictOf({ kind: "accepted" })).toMatchObject([{ kind: "failed" }]);
  });
});

describe("a handler of batches", () => {
  test.each<[string, BatchHandler, readonly object[]]>([
    ["returns nothing", () => undefined, [ACCEPTED, ACCEPTED]],
    ["returns a verdict for each", async () => [reject("no"), undefined], [reject("no"), ACCEPTED]],
    // oxlint-disable-next-line unicorn/no-new-array -- two places, and nothing in them
    ["returns places without a verdict", () => new Array<undefined>(2), [ACCEPTED, ACCEPTED]],
    [
      "throws",
      () => {
        throw new Error("boom");
      },
      [failedWith("Error: boom"), failedWith("Error: boom")],
    ],
    [
      "returns one verdict too few",
      () => [undefined],
      Array(2).fill(
        failedWith(
          "the handler returned 1 verdicts, expected nothing (ack), or 2 verdicts, one for each message",
        ),
      ),
    ],
    [
      "returns one verdict for all",
      () => retry() as never,
      Array(2).fill(
        failedWith(
          "the handler returned object, expected nothing (ack), or 2 verdicts, one for each message",
        ),
      ),
    ],
    [
      "returns something else in one place",
      () => [undefined, "ack" as never],
      [
        ACCEPTED,
        failedWith('the handler returned "ack", expected nothing (ack), retry(…) or reject(…)'),
      ],
    ],
  ])("that %s gives one verdict for each", async (_what, run, verdicts) => {
    expect(await handle(batch(run), messages("a", "b"), services())).toEqual(verdicts);
  });

  test("gets the messages that fit, and its verdicts find their way back to them", async () => {
    const seen: unknown[] = [];
    const run: BatchHandler = (given) => {
      seen.push(given.map((message) => message.json()));
      return [retry(), undefined];
    };
    const given = messages("no", '{"id":"a"}', "{}", '{"id":"b"}');
    const verdicts = await handle(batch(run, { schema: order }), given, services());
    expect(verdicts.map(({ kind }) => kind)).toEqual(["rejected", "retry", "rejected", "accepted"]);
    expect(seen).toEqual([[{ id: "a" }, { id: "b" }]]);
  });

  test("is not called when no message fits", async () => {
    let calls = 0;
    const run: BatchHandler = () => void (calls += 1);
    const verdicts = await handle(batch(run, { schema: order }), messages("{}"), services());
    expect(verdicts).toMatchObject([{ kind: "rejected" }]);
    expect(calls).toBe(0);
  });

  test("publishes for one of its messages, under that one's id", async () => {
    const ids: string[] = [];
    const publishTo: PublishTo = async (_subject, _data, id) => {
      ids.push(id);
      return { stream: "S", sequence: 1, duplicate: false };
    };
    const run: BatchHandler = async (given, { publish }) => {
      for (const message of given) await publish(message, "a", message.data);
    };
    await handle(batch(run), messages("x", "y"), services({ publishTo }));
    expect(ids).toEqual(["ORDERS/1/5/a/1", "ORDERS/2/5/a/1"]);
  });

  test("acks none of its messages when something of the batch was not stored", async () => {
    const run: BatchHandler = async ([first], { publish }) => {
      publish(first!, "a", "x").catch(() => undefined);
      return [undefined, reject("no"), undefined];
    };
    const given = services({ publishTo: NOT_STORED });
    const verdicts = await handle(batch(run), messages("a", "b", "c"), given);
    expect(verdicts.map(({ kind }) => kind)).toEqual(["failed", "rejected", "failed"]);
  });
});

describe("whatever a handler does", () => {
  const anyOptions = fc.constantFrom({}, { schema: order });
  const anyTexts = fc.array(fc.constantFrom('{"id":"a"}', "{}", "no"), {
    minLength: 1,
    maxLength: 4,
  });
  const anyDeed = fc.oneof(
    anyReturned().map((returned) => () => returned),
    anyThrown().map((error) => () => {
      throw error;
    }),
    anyThrown().map((error) => async () => {
      throw error;
    }),
    fc.array(anyReturned(), { maxLength: 4 }).map((returned) => async () => returned),
  );

  test.each<[string, (deed: () => unknown, options: object) => HandlerDefinition]>([
    ["single messages", (deed, options) => one(deed as MessageHandler, options)],
    ["batches", (deed, options) => batch(deed as BatchHandler, options)],
  ])(
    "with %s, each gets one verdict, in order, and what does not fit its own",
    async (_what, definitionOf) => {
      await fc.assert(
        fc.asyncProperty(anyDeed, anyOptions, anyTexts, async (deed, options, texts) => {
          const given = messages(...texts);
          const verdicts = await handle(definitionOf(deed, options), given, services());
          expect(verdicts).toHaveLength(texts.length);
          for (const [at, { kind }] of verdicts.entries()) {
            expect(KINDS).toContain(kind);
            const fits = !("schema" in options) || texts[at] === '{"id":"a"}';
            if (!fits) expect(kind).toBe("rejected");
          }
        }),
        { numRuns: 500 },
      );
    },
  );
});

/** After all that can go on has gone on. */
function soon(): Promise<string> {
  return new Promise((resolve) => setImmediate(() => resolve("not yet")));
}
