import { expect, test } from "vitest";
import { expiryOf } from "../../../functions/bridge/source/expiry.ts";
import { makeAccount } from "../../support/nats-accounts.ts";

const account = makeAccount();

test("a JWT says until when it is good", () => {
  const before = Math.floor(Date.now() / 1000) + 60;
  const expiresAt = expiryOf({ creds: account.userFor(60).creds }) ?? 0;
  expect(expiresAt / 1000 - before).toBeLessThanOrEqual(1);
  expect(expiresAt / 1000 - before).toBeGreaterThanOrEqual(0);
});

test.each<[string, Parameters<typeof expiryOf>[0]]>([
  ["a JWT without an end", { creds: account.creds }],
  ["credentials that cannot be read", { creds: "-----BEGIN" }],
  ["a JWT that is none", { creds: account.creds.replace(account.jwt, "a.b.c") }],
  ["a password", { user: "u", password: "p" }],
  ["a seed", { nkey: account.seed }],
])("%s does not expire", (_what, credentials) => {
  expect(expiryOf(credentials)).toBeUndefined();
});
