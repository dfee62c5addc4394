import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type PublishedMessage,
  Publishing,
  type PublishingServices,
  type PublishTo,
} from "../../../../functions/bridge/sinks/handler/publishing.ts";
import { SourceError } from "../../../../functions/bridge/source/source-error.ts";
import { delivered } from "../../../support/handled.ts";

const STORED: PublishedMessage = { stream: "S", sequence: 1, duplicate: false };
const first = delivered("{}", 1);
const second = delivered("{}", 2);
const INPUTS = [first, second, delivered("{}", 3)].map(({ id }) => id);

interface Sent {
  readonly subject: string;
  readonly text: string;
  readonly id: string;
}

function publishingTo(publishTo: PublishTo, more: Partial<PublishingServices> = {}): Publishing {
  return new Publishing({
    publishTo,
    consumer: "c",
    inputs: INPUTS,
    tell: () => undefined,
    ...more,
  });
}

function recording(): { readonly sent: readonly Sent[]; readonly publishing: Publishing } {
  const sent: Sent[] = [];
  const publishing = publishingTo(async (subject, data, id) => {
    sent.push({ subject, text: new TextDecoder().decode(data), id });
    return STORED;
  });
  return { sent, publishing };
}

test("an id says from which message and through which consumer it came, to which subject, and the how manieth there", async () => {
  const { publishing, sent } = recording();
  for (const [from, subject] of [
    [first, "a"],
    [first, "b"],
    [second, "a"],
    [first, "a"],
  ] as const) {
    expect(await publishing.publish(from, subject, "x")).toEqual(STORED);
  }
  expect(sent.map(({ id }) => id)).toEqual([
    "ORDERS/1/5/c/a/1",
    "ORDERS/1/5/c/b/1",
    "ORDERS/2/5/c/a/1",
    "ORDERS/1/5/c/a/2",
  ]);
});

test("what two consumers publish for one message has two ids", async () => {
  const ids: string[] = [];
  for (const consumer of ["one", "two"]) {
    const publishing = publishingTo(
      async (_subject, _data, id) => {
        ids.push(id);
        return STORED;
      },
      { consumer },
    );
    await publishing.publish(first, "a", "x");
  }
  expect(ids).toEqual(["ORDERS/1/5/one/a/1", "ORDERS/1/5/two/a/1"]);
});

test("the same work gives the same ids again, and different work never one id twice", async () => {
  const works = fc.array(
    fc.tuple(fc.constantFrom(first, second), fc.constantFrom("a", "b", "a.1")),
  );
  await fc.assert(
    fc.asyncProperty(works, async (work) => {
      const [once, again] = [recording(), recording()];
      for (const { publishing } of [once, again]) {
        await Promise.all(work.map(([from, subject]) => publishing.publish(from, subject, "x")));
      }
      expect(again.sent).toEqual(once.sent);
      expect(new Set(once.sent.map(({ id }) => id)).size).toBe(work.length);
    }),
  );
});

test("what cannot be said in bytes is the input's own fault", async () => {
  const { publishing, sent } = recording();
  const problem = "publish: data: given a promise, expected its result: await it";
  const forgotten = Promise.resolve("x") as never;
  await expect(publishing.publish(first, "a", forgotten)).rejects.toThrow(problem);
  const reason = `publishing to a: ${problem}`;
  expect(await publishing.problem(first.id)).toEqual({ reason, isOwn: true });
  expect(sent).toEqual([]);
});

test("all is confirmed when all is stored, not before", async () => {
  const stored = Promise.withResolvers<PublishedMessage>();
  const publishing = publishingTo(() => stored.promise);
  void publishing.publish(first, "a", "x");
  let isConfirmed = false;
  const confirmed = publishing.problem(first.id).then((problem) => {
    isConfirmed = true;
    return problem;
  });
  await Promise.resolve();
  expect(isConfirmed).toBe(false);
  stored.resolve(STORED);
  expect(await confirmed).toBeUndefined();
});

test("once the handler has returned nothing is published any more, which is said", async () => {
  const sent: string[] = [];
  const told: unknown[] = [];
  const publishing = publishingTo(
    async (subject) => {
      sent.push(subject);
      return STORED;
    },
    { tell: ({ id }, problem) => told.push([id, problem]) },
  );
  await publishing.publish(first, "a", "x");
  publishing.end();
  const problem =
    "publish: b: given after the handler has returned, expected before: await it, or its message is acknowledged without";
  await expect(publishing.publish(second, "b", "x")).rejects.toThrow(new Error(problem));
  expect(sent).toEqual(["a"]);
  expect(told).toEqual([[second.id, problem]]);
  expect(await publishing.problem(second.id)).toBeUndefined();
  // Where nobody looks, it is no reason for the process to end.
  void publishing.publish(first, "c", "x");
  await new Promise((resolve) => setImmediate(resolve));
});

test("with nothing published, all is confirmed", async () => {
  expect(await recording().publishing.problem(first.id)).toBeUndefined();
});

test("a key stands in place of the how manieth, and counts nothing", async () => {
  const { publishing, sent } = recording();
  await publishing.publish(first, "a", "x", { key: "line-7" });
  await publishing.publish(first, "a", "x");
  await publishing.publish(second, "a", "x", { key: "line-7" });
  await publishing.publish(first, "b", "x", { key: "" });
  await publishing.publish(first, "a", "x", {});
  expect(sent.map(({ id }) => id)).toEqual([
    "ORDERS/1/5/c/a/key:line-7",
    "ORDERS/1/5/c/a/1",
    "ORDERS/2/5/c/a/key:line-7",
    "ORDERS/1/5/c/b/key:",
    "ORDERS/1/5/c/a/2",
  ]);
});

test("with keys the same work gives the same ids in whatever order it comes", async () => {
  const keys = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1 });
  const orders = keys.chain((all) =>
    fc.tuple(
      fc.constant(all),
      fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
    ),
  );
  await fc.assert(
    fc.asyncProperty(orders, async (given) => {
      const [ids, others] = await Promise.all(
        given.map(async (order) => {
          const { publishing, sent } = recording();
          for (const key of order) await publishing.publish(first, "a", key, { key });
          return sent.map(({ id, text }) => `${text} ${id}`).toSorted();
        }),
      );
      expect(others).toEqual(ids);
      expect(new Set(ids).size).toBe(given[0].length);
    }),
  );
});

test("one that was not stored is told, whether the handler has looked or not", async () => {
  const publishTo: PublishTo = async (subject) => {
    if (subject !== "a") throw new SourceError("broken", `no stream takes ${subject}`);
    return STORED;
  };
  const publishing = publishingTo(publishTo);
  const ignored = [publishing.publish(first, "a", "x"), publishing.publish(first, "b", "x")];
  await expect(publishing.publish(first, "c", "x")).rejects.toThrow("no stream takes c");
  expect(ignored).toHaveLength(2);
  const reason = "publishing to b: no stream takes b";
  expect(await publishing.problem(first.id)).toEqual({ reason, isOwn: false });
});

test("an input answers for what was published for it, and for nothing else", async () => {
  const never = Promise.withResolvers<PublishedMessage>();
  const publishing = publishingTo(async (subject) => {
    if (subject === "slow") return never.promise;
    throw new SourceError("broken", "no stream takes it");
  });
  publishing.publish(first, "a", "x").catch(() => undefined);
  void publishing.publish(second, "slow", "x");
  expect(await publishing.problem(first.id)).toMatchObject({ isOwn: false });
  const third = delivered("{}", 3);
  expect(await publishing.problem(third.id)).toBeUndefined();
  never.resolve(STORED);
  expect(await publishing.problem(second.id)).toBeUndefined();
});

test.each<[string, unknown, boolean]>([
  ["a connection that broke", new SourceError("broken", "no"), false],
  ["a stream that is gone", new SourceError("gone", "no"), false],
  ["a stream that is full", new SourceError("refused", "no", { code: 10_077 }), false],
  ["a user without the right", new SourceError("refused", "no"), false],
  ["data too large for the stream", new SourceError("refused", "no", { code: 10_054 }), true],
  ["data too large for the client", new RangeError("no"), true],
  ["data that is none", new TypeError("no"), true],
])("%s is the input's own fault or not: %o, %s", async (_what, error, isOwn) => {
  const publishing = publishingTo(() => Promise.reject(error));
  await expect(publishing.publish(first, "a", "x")).rejects.toBe(error);
  expect(await publishing.problem(first.id)).toEqual({ reason: "publishing to a: no", isOwn });
});

test.each([
  ["first", ["own", "other"]],
  ["last", ["other", "own"]],
])(
  "where not all is its own fault, nothing is: what is its own comes %s",
  async (_at, subjects) => {
    const publishing = publishingTo(async (subject) => {
      throw subject === "own" ? new TypeError("no") : new SourceError("broken", "away");
    });
    for (const subject of subjects) publishing.publish(first, subject, "x").catch(() => undefined);
    const reason = "publishing to other: away";
    expect(await publishing.problem(first.id)).toEqual({ reason, isOwn: false });
  },
);

test.each(["orders.*", "orders.>", "a b", "", "a..b", ".a"])(
  "'%s' is no subject to publish to",
  async (subject) => {
    const { publishing, sent } = recording();
    const problem = `publish: subject: given ${JSON.stringify(subject)}, expected tokens with dots`;
    await expect(publishing.publish(first, subject, "x")).rejects.toThrow(problem);
    expect(await publishing.problem(first.id)).toMatchObject({ isOwn: true });
    expect(sent).toEqual([]);
  },
);
