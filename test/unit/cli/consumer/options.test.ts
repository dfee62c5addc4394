import { expect, test } from "vitest";
import { parse } from "../../../../cli/consumer/options.ts";

test("an action and its options", () => {
  const none = { force: false, dryRun: false, yes: false, json: false };
  expect(parse(["show", "--json"])).toEqual({
    kind: "run",
    options: { action: "show", ...none, json: true },
  });
  expect(parse(["update", "--dry-run", "--force"])).toEqual({
    kind: "run",
    options: { action: "update", ...none, dryRun: true, force: true },
  });
  expect(parse(["--yes", "delete"])).toEqual({
    kind: "run",
    options: { action: "delete", ...none, yes: true },
  });
  expect(parse(["show", "--help"])).toEqual({ kind: "help" });
});

test.each<[readonly string[], readonly RegExp[]]>([
  [[], [/^consumer: given nothing, expected one of: show, update, delete$/]],
  [["edit"], [/^consumer: given "edit", expected one of/]],
  [["show", "orders"], [/^consumer: given "orders" besides, expected nothing/]],
  [["show", "--force"], [/^--force: given it with show, expected it only with update, delete$/]],
  [["delete", "--dry-run"], [/^--dry-run: given it with delete/]],
  [
    ["update", "x", "--yes"],
    [/^consumer: given "x" besides/, /^--yes: given it with update, expected it only with delete$/],
  ],
  [["show", "--quiet"], [/^Unknown option '--quiet'/]],
])("%j is refused, with what would be right", (args, expected) => {
  const parsed = parse(args);
  const problems = parsed.kind === "wrong" ? parsed.problems : [];
  expect(problems).toHaveLength(expected.length);
  expected.forEach((words, at) => expect(problems[at]).toMatch(words));
});
