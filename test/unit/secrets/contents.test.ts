import fc from "fast-check";
import { expect, test } from "vitest";
import { readContents, textsIn } from "../../../functions/bridge/secrets/contents.ts";

const SEED = `SU${"A".repeat(56)}`;
const CREDS = `-----BEGIN NATS USER JWT-----\nabc\n------END NATS USER JWT------\n${SEED}\n`;
const PEM = "-----BEGIN CERTIFICATE-----\nMIIB+x/y==\n-----END CERTIFICATE-----\n";

test.each<[string, string, object]>([
  ["the text of a .creds file", `\uFEFF ${CREDS}`, { creds: CREDS.trim() }],
  ["a seed", `${SEED}\r\n`, { nkey: SEED }],
  ["creds", JSON.stringify({ creds: CREDS }), { creds: CREDS }],
  ["nkey", JSON.stringify({ nkey: ` ${SEED}\n` }), { nkey: SEED }],
  ["user", ' {"user":"u","password":" p "} ', { user: "u", password: " p " }],
  ["username", '{"username":"u","password":"p"}', { user: "u", password: "p" }],
  ["token", '{"token":"t"}', { token: "t" }],
])("%s is read", (_what, text, credentials) => {
  expect(readContents(text)).toEqual({ credentials });
});

test("certificates and their key may stand beside, also with escaped newlines", () => {
  const text = JSON.stringify({
    token: "t",
    ca: PEM,
    cert: PEM.replaceAll("\n", "\\n"),
    key: PEM,
  });
  expect(readContents(text)).toEqual({ credentials: { token: "t" }, ca: PEM, cert: PEM, key: PEM });
});

const FORMS =
  "the text of a .creds file, a user's nkey seed, or JSON with creds, nkey, user and password, or token";

test.each<[string, string]>([
  ["", `given nothing, expected ${FORMS}`],
  ["hunter2", `given text that is none of what it may be, expected ${FORMS}`],
  ['["hunter2"]', `given text that is none of what it may be, expected ${FORMS}`],
  [`${SEED} and more`, `given text that is none of what it may be, expected ${FORMS}`],
  [
    '{"token":"hunter2"',
    `given text that begins like a JSON object and is none, expected ${FORMS}`,
  ],
  ["{}", `given JSON without credentials, expected ${FORMS}`],
  [JSON.stringify({ ca: PEM }), `given JSON without credentials, expected ${FORMS}`],
  [
    '{"user":"u","pass":"hunter2","host":"h"}',
    "given JSON with pass, host, expected no other keys than creds, nkey, user, username, password, token, ca, cert, key",
  ],
  [
    `{"${SEED}":"hunter2"}`,
    "given JSON with a key that is no name, expected no other keys than creds, nkey, user, username, password, token, ca, cert, key",
  ],
  [
    '{"token":"hunter2","nkey":7}',
    "given JSON whose nkey is no text, expected texts that are not empty",
  ],
  ['{"token":" "}', "given JSON whose token is no text, expected texts that are not empty"],
  ['{"token":null}', "given JSON whose token is no text, expected texts that are not empty"],
  [
    '{"token":"hunter2","user":"u","password":"p"}',
    "given JSON with user and token, expected only one of them",
  ],
  [
    '{"user":"u","username":"u","password":"hunter2"}',
    "given JSON with user and username, expected only one of them",
  ],
  ['{"user":"u"}', "given JSON with a user without a password, expected both user and password"],
  [
    '{"password":"hunter2"}',
    "given JSON with a password without a user, expected both user and password",
  ],
  [
    '{"token":"hunter2","password":"hunter2"}',
    "given JSON with a password without a user, expected both user and password",
  ],
  [
    '{"token":"t","ca":"hunter2"}',
    "given JSON whose ca has no PEM block, expected the text of a PEM",
  ],
])("%s is refused in words that carry nothing of it", (text, message) => {
  expect(() => readContents(text)).toThrow(message);
});

/** Long enough to be there by chance only once in a lifetime. */
const hidden = fc.stringMatching(/^[A-Za-z0-9+/=._-]{24,60}$/);

test("whatever stands in a secret, its faults have nothing of it", () => {
  const wrongs = hidden.chain((text) =>
    fc
      .constantFrom(
        text,
        `{${text}`,
        `{"${text}":1}`,
        JSON.stringify({ password: text }),
        JSON.stringify({ creds: text, token: text }),
        JSON.stringify({ user: { deep: text } }),
        JSON.stringify({ token: "t", key: text }),
      )
      .map((whole) => [text, whole] as const),
  );
  fc.assert(
    fc.property(wrongs, ([text, whole]) => {
      let said = "";
      try {
        readContents(whole);
      } catch (error) {
        said = `${String(error)} ${String((error as Error).cause)} ${(error as Error).stack}`;
      }
      expect(said).not.toContain(text);
    }),
  );
});

test.each<[string, string, readonly string[]]>([
  ["a .creds file", CREDS, [CREDS.trim(), SEED]],
  ["JSON", JSON.stringify({ user: "orders", password: "p w" }), ["p w"]],
  ["JSON with creds", JSON.stringify({ creds: CREDS }), [CREDS, SEED]],
  ["JSON with unknown keys", '{"pass":"hunter2"}', ["hunter2"]],
  ["JSON that is none", `{"nkey":"${SEED}"`, [SEED]],
  [
    "a key",
    JSON.stringify({ token: "t", key: PEM.replace("MIIB", "M".repeat(60)) }),
    [`${"M".repeat(60)}+x/y==`],
  ],
])("of %s all that is secret is known to be", (_what, text, secrets) => {
  expect(textsIn(text)).toEqual(expect.arrayContaining([...secrets]));
});

test("the name of a user is no secret: it may be the consumer's, too", () => {
  expect(textsIn('{"user":"orders","password":"p w"}')).not.toContain("orders");
});
