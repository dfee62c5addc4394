import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type PublishedMessage,
  Publishing,
  type PublishTo,
} from "../../../../functions/bridge/sinks/handler/publishing.ts";
import { delivered } from "../../../support/handled.ts";

const STORED: PublishedMessage = { stream: "S", sequence: 1, duplicate: false };
const first = delivered("{}", 1);
const second = delivered("{}", 2);

interface Sent {
  readonly subject: string;
  readonly text: string;
  readonly id: string;
}

function recording(): { readonly sent: readonly Sent[]; readonly publishing: Publishing } {
  const sent: Sent[] = [];
  const publishing = new Publishing(async (subject, data, id) => {
    sent.push({ subject, text: new TextDecoder().decode(data), id });
    return STORED;
  });
  return { sent, publishing };
}

test("an id says from which message it came, to which subject, and the how manieth there", async () => {
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
    "ORDERS/1/5/a/1",
    "ORDERS/1/5/b/1",
    "ORDERS/2/5/a/1",
    "ORDERS/1/5/a/2",
  ]);
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

test.each<[string, unknown, string]>([
  ["text", "hällo", "hällo"],
  ["empty text", "", ""],
  ["bytes", Uint8Array.of(0x61, 0x62), "ab"],
  ["an object", { a: [1, null] }, '{"a":[1,null]}'],
  ["null", null, "null"],
  ["a number", 0, "0"],
])("%s is published as it is, or as JSON", async (_what, data, text) => {
  const { publishing, sent } = recording();
  await publishing.publish(first, "a", data);
  expect(sent).toMatchObject([{ subject: "a", text }]);
});

test.each([undefined, () => 1, Symbol("x")])("%o is nothing to publish", async (data) => {
  const { publishing, sent } = recording();
  const problem = `publish: data: given ${typeof data}, expected text, bytes, or something that JSON can say`;
  await expect(publishing.publish(first, "a", data)).rejects.toThrow(problem);
  expect(await publishing.confirmed()).toBe(`publishing to a: ${problem}`);
  expect(sent).toEqual([]);
});

test("all is confirmed when all is stored, not before", async () => {
  const stored = Promise.withResolvers<PublishedMessage>();
  const publishing = new Publishing(() => stored.promise);
  void publishing.publish(first, "a", "x");
  let isConfirmed = false;
  const confirmed = publishing.confirmed().then((problem) => {
    isConfirmed = true;
    return problem;
  });
  await Promise.resolve();
  expect(isConfirmed).toBe(false);
  stored.resolve(STORED);
  expect(await confirmed).toBeUndefined();
});

test("with nothing published, all is confirmed", async () => {
  expect(await recording().publishing.confirmed()).toBeUndefined();
});

test("one that was not stored is told, whether the handler has looked or not", async () => {
  const publishTo: PublishTo = async (subject) => {
    if (subject !== "a") throw new Error(`no stream takes ${subject}`);
    return STORED;
  };
  const publishing = new Publishing(publishTo);
  const ignored = [publishing.publish(first, "a", "x"), publishing.publish(first, "b", "x")];
  await expect(publishing.publish(first, "c", "x")).rejects.toThrow("no stream takes c");
  expect(ignored).toHaveLength(2);
  expect(await publishing.confirmed()).toBe("publishing to b: no stream takes b");
});
