// The documents promise what is there: options, links, the reader, and every test that they name.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join, relative } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sqsEntry } from "../../functions/bridge/sinks/sqs/entry.ts";
import { anyMessage } from "../support/messages.ts";
import { partOf, permissionsBlock, TABLES } from "../support/readme.ts";

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");

const documents = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CHANGELOG.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((name) =>
    join("docs", name),
  ),
].filter((name) => name.endsWith(".md"));

function linksIn(document: string): readonly string[] {
  const text = readFileSync(join(root, document), "utf8").replaceAll(/```.*?```/gs, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
}

test.each(TABLES)("the table of $name is made from what it tells of", ({ name, rows }) => {
  const cells = partOf(readme, name)
    .trim()
    .split("\n")
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  expect(cells.slice(2), "npm run readme").toEqual(rows());
});

test("the permissions of the NATS user are those that the bridge knows of", () => {
  const block = `\`\`\`text\n${permissionsBlock()}\n\`\`\``;
  expect(partOf(readme, "permissions").trim(), "npm run readme").toBe(block);
});

test.each(documents)("every link of %s leads somewhere", (document) => {
  const broken = linksIn(document)
    .filter((target) => !/^(https?:|mailto:|#)/.test(target))
    .filter((target) => !existsSync(join(root, dirname(document), target.split("#", 1)[0] ?? "")));
  expect(broken).toEqual([]);
});

test("every test that is named has tests, and all of them are switched on", () => {
  const named = new Set(
    documents.flatMap((document) =>
      linksIn(document)
        .filter((target) => target.endsWith(".test.ts"))
        .map((target) => relative(root, join(root, dirname(document), target))),
    ),
  );
  expect(named.size).toBeGreaterThan(20);
  const off = /\b(test|it|describe)(\.\w+)*\.(skip|todo|only|fails)\b/;
  const wanting = [...named].filter((file) => {
    const text = readFileSync(join(root, file), "utf8");
    return !/\b(test|it)\b/.test(text) || off.test(text);
  });
  expect(wanting).toEqual([]);
});

test("every document of decisions is in their list, and every npm script that is named exists", () => {
  const list = linksIn("docs/decisions/README.md");
  const records = readdirSync(join(root, "docs/decisions")).filter((name) => /^\d/.test(name));
  expect(list.toSorted()).toEqual(records.toSorted());
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const named = documents.flatMap((document) =>
    [...readFileSync(join(root, document), "utf8").matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(
      ([, name = ""]) => name,
    ),
  );
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

type Reader = (message: object) => {
  id: string;
  subject: string;
  data: Buffer;
  headers: ReadonlyMap<string, readonly string[]>;
};

test("the reader of the README gives back what was published", async () => {
  const [, code = ""] = /<!-- reader -->\s+```ts\n(.*?)```/s.exec(readme) ?? [];
  expect(code.trim().split("\n").length).toBeLessThanOrEqual(12);
  const url = `data:text/javascript,${encodeURIComponent(stripTypeScriptTypes(code))}`;
  const { read } = (await import(/* @vite-ignore */ url)) as { read: Reader };
  fc.assert(
    fc.property(anyMessage(), (message) => {
      const entry = sqsEntry(message, { origin: "ORDERS" });
      if ("rejected" in entry) throw new Error(entry.rejected);
      const MessageAttributes = Object.fromEntries(
        [...entry.attributes].map(([name, StringValue]) => [name, { StringValue }]),
      );
      const got = read({ Body: entry.body, MessageAttributes });
      expect(got.data.equals(message.data)).toBe(true);
      const sorted = (headers: ReadonlyMap<string, readonly string[]>): unknown =>
        [...headers].toSorted(([a], [b]) => (a < b ? -1 : 1));
      expect(sorted(got.headers)).toEqual(sorted(message.headers));
      expect(got.id).toMatch(/^ORDERS\/42\/\d+$/);
    }),
  );
});
