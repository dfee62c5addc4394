import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import {
  type BatchHandler,
  type HandlerDefinition,
  handlerLog,
  type MessageHandler,
} from "../../../../functions/bridge/sinks/handler/definition.ts";
import { handle } from "../../../../functions/bridge/sinks/handler/handle.ts";
import type { JetStreamMessage } from "../../../../functions/bridge/sinks/handler/incoming.ts";
import type {
  PublishedMessage,
  PublishTo,
} from "../../../../functions/bridge/sinks/handler/publishing.ts";
import {
  type Handled,
  reject,
  retry,
  type Verdict,
} from "../../../../functions/bridge/sinks/handler/verdict.ts";
import { SourceError } from "../../../../functions/bridge/source/source-error.ts";
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

const THROWN_VERDICT =
  "the handler threw what retry(…) or reject(…) gives, expected it returned: return reject(…)";

/** Nobody's fault. */
const NOT_STORED: PublishTo = async (subject) => {
  throw new SourceError("broken", `no stream takes ${subject}`);
};
const UNCLEAR: Handled = { kind: "unclear", reason: "publishing to a: no stream takes a" };

/** The fault of what is published. */
const TOO_LARGE: PublishTo = async () => {
  throw new SourceError("refused", "too large", { code: 10_054 });
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
    stored.reject(new SourceError("broken", "no stream takes a"));
    expect(await handled).toEqual([UNCLEAR]);
  });

  test.each<[string, Verdict, PublishTo, Handled]>([
    ["a rejection does not, and nobody knows", reject("no"), NOT_STORED, UNCLEAR],
    ["a rejection stands", reject("no"), TOO_LARGE, reject("no")],
    ["what is put off stands", retry(), NOT_STORED, retry()],
    ["what is put off stands", retry(), TOO_LARGE, retry()],
    ["an ack does not, and nobody knows", { kind: "accepted" }, NOT_STORED, UNCLEAR],
    ["a failure is none, and nobody knows", failedWith("mine"), NOT_STORED, UNCLEAR],
    [
      "an ack does not, and that is its own failure",
      { kind: "accepted" },
      TOO_LARGE,
      failedWith("publishing to a: too large"),
    ],
    ["a failure stands", failedWith("mine"), TOO_LARGE, failedWith("mine")],
  ])("whose publishing failed: %s (%o)", async (_what, said, publishTo, verdict) => {
    const run: MessageHandler = async (_message, { publish }) =>
      publish("a", "x").then(undefined, () => said);
    expect(await handle(one(run), messages("x"), services({ publishTo }))).toEqual([verdict]);
  });

  test.each<[string, (cause: unknown) => unknown]>([
    ["as it is", (cause) => cause],
    ["wrapped in another", (cause) => new Error("could not ship", { cause })],
    ["and another in its place", () => new TypeError("boom")],
  ])("that throws what publishing has thrown, %s, is not to blame", async (_how, thrownFor) => {
    const run: MessageHandler = async (_message, { publish }) => {
      await publish("a", "x").catch((error: unknown) => {
        throw thrownFor(error);
      });
    };
    const verdicts = (publishTo: PublishTo): Promise<readonly Handled[]> =>
      handle(one(run), messages("x"), services({ publishTo }));
    expect(await verdicts(NOT_STORED)).toEqual([UNCLEAR]);
    expect(await verdicts(TOO_LARGE)).toMatchObject([{ kind: "failed" }]);
  });

  test("that throws although all is stored has failed", async () => {
    const run: MessageHandler = async (_message, { publish }) => {
      await publish("a", "x");
      throw new Error("boom");
    };
    expect(await handle(one(run), messages("x"), services())).toEqual([failedWith("Error: boom")]);
  });

  test("publishes under a key where it gives one", async () => {
    const ids: string[] = [];
    const publishTo: PublishTo = async (_subject, _data, id) => {
      ids.push(id);
      return { stream: "S", sequence: 1, duplicate: false };
    };
    const run: MessageHandler = async (_message, { publish }) =>
      void (await publish("a", "x", { key: "k" }));
    await handle(one(run), messages("x"), services({ publishTo }));
    expect(ids).toEqual(["ORDERS/1/5/c/a/key:k"]);
  });

  test.each<[string, Verdict | undefined]>([
    ["acknowledged", undefined],
    ["rejected", reject("no")],
    ["put off", retry()],
  ])(
    "has its message %s once it is known whether what it did not wait for is stored",
    async (_what, said) => {
      const stored = Promise.withResolvers<PublishedMessage>();
      const run: MessageHandler = (_message, { publish }) => {
        void publish("a", "x");
        return said;
      };
      const given = services({ publishTo: () => stored.promise });
      const handled = handle(one(run), messages("x"), given);
      expect(await Promise.race([handled, soon()])).toBe("not yet");
      stored.resolve({ stream: "S", sequence: 1, duplicate: false });
      expect(await handled).toEqual([said ?? ACCEPTED]);
    },
  );

  test("publishes nothing more once it has returned, and that is in its log", async () => {
    const logged: unknown[] = [];
    const sent: string[] = [];
    const returned = Promise.withResolvers<void>();
    const late = Promise.withResolvers<unknown>();
    const run: MessageHandler = (_message, { publish }) => {
      void returned.promise.then(() => publish("a", "x")).catch(late.resolve);
    };
    const given = services({
      log: (about) => handlerLog((level, text) => logged.push([about[0]?.id, level, text])),
      publishTo: async (subject) => {
        sent.push(subject);
        return { stream: "S", sequence: 1, duplicate: false };
      },
    });
    expect(await handle(one(run), messages("x"), given)).toEqual([ACCEPTED]);
    returned.resolve();
    const problem = expect.stringMatching(/^publish: a: given after the handler has returned/);
    expect(await late.promise).toMatchObject({ message: problem });
    expect(logged).toEqual([["ORDERS/1/5", "error", problem]]);
    expect(sent).toEqual([]);
  });

  test("does not pay for what another has published", async () => {
    const run: MessageHandler = async (message, { publish }) => {
      if (message.text() === "a") await publish("a", "x");
    };
    const given = services({ publishTo: NOT_STORED });
    expect(await handle(one(run), messages("a", "b"), given)).toEqual([UNCLEAR, ACCEPTED]);
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
          "the handler returned 1 verdicts, expected nothing (undefined: an ack for all), or an array of 2 verdicts, one for each message",
        ),
      ),
    ],
    [
      "returns one verdict for all",
      () => retry() as never,
      Array(2).fill(
        failedWith(
          "the handler returned one verdict, expected nothing (undefined: an ack for all), or an array of 2 verdicts, one for each message",
        ),
      ),
    ],
    [
      "returns null in one place",
      () => [undefined, null as never],
      [
        ACCEPTED,
        failedWith(
          "the handler returned null, expected nothing (undefined: an ack), retry(…) or reject(…)",
        ),
      ],
    ],
    [
      "throws a verdict",
      () => {
        throw reject("no");
      },
      Array(2).fill(failedWith(THROWN_VERDICT)),
    ],
    [
      "returns something else in one place",
      () => [undefined, "ack" as never],
      [
        ACCEPTED,
        failedWith(
          "the handler returned a string, expected nothing (undefined: an ack), retry(…) or reject(…)",
        ),
      ],
    ],
  ])("that %s gives one verdict for each", async (_what, run, verdicts) => {
    expect(await handle(batch(run), messages("a", "b"), services())).toEqual(verdicts);
  });

  const interrupted = (id: string): Handled => ({
    kind: "unclear",
    reason: `interrupted: the handler ended with the rejection of ${id}`,
  });

  test.each<[string, BatchHandler]>([
    ["in a loop", (given) => given.forEach((message) => message.json())],
    [
      "all at once",
      async (given) => void (await Promise.all(given.map(async (message) => message.json()))),
    ],
  ])("that reads JSON that is none, %s, is told of that message alone", async (_how, run) => {
    const given = messages("1", "oops", "oops", "1");
    const verdicts = await handle(batch(run), given, services());
    expect(verdicts).toEqual([
      interrupted("ORDERS/2/5"),
      reject("the payload is not JSON (4 characters)"),
      interrupted("ORDERS/2/5"),
      interrupted("ORDERS/2/5"),
    ]);
  });

  test("that catches what a message has thrown decides itself", async () => {
    const run: BatchHandler = (given) =>
      given.map((message) => {
        try {
          return void message.json();
        } catch {
          return retry();
        }
      });
    expect(await handle(batch(run), messages("1", "oops"), services())).toEqual([
      ACCEPTED,
      retry(),
    ]);
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
      await publish(given[1]!, "a", "more", { key: "k" });
    };
    await handle(batch(run), messages("x", "y"), services({ publishTo }));
    expect(ids).toEqual(["ORDERS/1/5/c/a/1", "ORDERS/2/5/c/a/1", "ORDERS/2/5/c/a/key:k"]);
  });

  test.each<[string, PublishTo, Handled]>([
    ["unclear", NOT_STORED, UNCLEAR],
    ["failed", TOO_LARGE, failedWith("publishing to a: too large")],
  ])(
    "whose publishing failed pays with the one it was for, as %s",
    async (_kind, publishTo, paid) => {
      const run: BatchHandler = async ([first, second], { publish }) => {
        for (const from of [first!, second!]) publish(from, "a", "x").catch(() => undefined);
        return [undefined, reject("no"), undefined, retry()];
      };
      const given = messages("a", "b", "c", "d");
      const verdicts = await handle(batch(run), given, services({ publishTo }));
      const second = publishTo === NOT_STORED ? UNCLEAR : reject("no");
      expect(verdicts).toEqual([paid, second, ACCEPTED, retry()]);
    },
  );

  test.each<[unknown, string]>([
    ["a", "a string"],
    [undefined, "undefined"],
    [delivered("of an earlier batch", 9), "another message"],
  ])("that publishes for %o has failed for all of them", async (from, given) => {
    const run: BatchHandler = (_messages, { publish }) => {
      publish(from as JetStreamMessage, "a", "x").catch(() => undefined);
    };
    const reason = `publishing to a: publish: from: given ${given}, expected the one of this batch for which it is published`;
    expect(await handle(batch(run), messages("a", "b"), services())).toEqual(
      Array(2).fill(failedWith(reason)),
    );
  });

  test("that throws because of one that is not stored has failed for the others", async () => {
    const run: BatchHandler = async ([, second], { publish }) => {
      await publish(second!, "a", "x").catch((cause: unknown) => {
        throw new Error("could not ship", { cause });
      });
    };
    const given = services({ publishTo: NOT_STORED });
    const failed = failedWith("Error: could not ship (SourceError: no stream takes a)");
    expect(await handle(batch(run), messages("a", "b", "c"), given)).toEqual([
      failed,
      UNCLEAR,
      failed,
    ]);
  });

  test("is not done before what it has published is stored, even when it does not wait", async () => {
    const stored = Promise.withResolvers<never>();
    const run: BatchHandler = ([first], { publish }) => {
      publish(first!, "a", "x").catch(() => undefined);
    };
    const given = services({ publishTo: () => stored.promise });
    const handled = handle(batch(run), messages("x", "y"), given);
    expect(await Promise.race([handled, soon()])).toBe("not yet");
    stored.reject(new SourceError("broken", "no stream takes a"));
    expect(await handled).toEqual([UNCLEAR, ACCEPTED]);
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
