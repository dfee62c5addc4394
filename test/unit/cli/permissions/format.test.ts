import { expect, test } from "vitest";
import { nscText, serverText } from "../../../../cli/permissions/format.ts";

const allowed = (subject: string, reason: string = "why") => ({ subject, reason, optional: false });

const SOME = {
  publish: [allowed("$JS.API.X", "to pull"), allowed("$JS.ACK.S.C.>", "to settle")],
  subscribe: [allowed("_INBOX_bridge.>", "answers")],
};

test("a block of the server's configuration, each subject with its reason", () => {
  expect(serverText(SOME)).toBe(
    [
      "permissions: {",
      "  publish: [",
      `    "$JS.API.X"      # to pull`,
      `    "$JS.ACK.S.C.>"  # to settle`,
      "  ]",
      "  subscribe: [",
      `    "_INBOX_bridge.>"  # answers`,
      "  ]",
      "}",
    ].join("\n"),
  );
});

test("one nsc command, with nothing in it that a shell would read", () => {
  expect(nscText(SOME, { user: "bridge", verb: "add" })).toBe(
    [
      `nsc add user --name 'bridge' \\`,
      `  --allow-pub '$JS.API.X' \\`,
      `  --allow-pub '$JS.ACK.S.C.>' \\`,
      `  --allow-sub '_INBOX_bridge.>'`,
    ].join("\n"),
  );
  expect(nscText(SOME, { user: "bridge", verb: "edit" })).toMatch(/^nsc edit user /);
});

test("quotes and commas in a subject mean themselves", () => {
  const odd = { publish: [allowed(`a.it's`), allowed(`b.1,2"3`)], subscribe: [] };
  expect(nscText(odd, { user: "x", verb: "add" }).split(" \\\n  ").slice(1)).toEqual([
    String.raw`--allow-pub 'a.it'\''s'`,
    `--allow-pub '"b.1,2""3"'`,
  ]);
  expect(serverText(odd)).toContain(String.raw`"b.1,2\"3"`);
});
