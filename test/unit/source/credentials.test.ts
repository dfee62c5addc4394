import { generateKeyPairSync } from "node:crypto";
import { credsAuthenticator, nkeyAuthenticator, nkeys } from "@nats-io/transport-node";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  authenticator,
  CredentialsError,
  credentialsFault,
  parseCreds,
} from "../../../functions/bridge/source/credentials.ts";

const NONCE = "PXoWU7zWAMt75FY";
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function userSeed(): string {
  return text(nkeys.createUser().getSeed());
}

/** As `nsc generate creds` writes it; the JWT is made up, but for its form. */
function credsOf(seed: string): string {
  return [
    "-----BEGIN NATS USER JWT-----",
    JWT,
    "------END NATS USER JWT------",
    "",
    "************************* IMPORTANT *************************",
    "NKEY Seed printed below can be used to sign and prove identity.",
    "NKEYs are sensitive and should be treated as secrets.",
    "",
    "-----BEGIN USER NKEY SEED-----",
    seed,
    "------END USER NKEY SEED------",
    "",
    "*************************************************************",
    "",
  ].join("\n");
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
const JWT = `${encode({ typ: "JWT", alg: "ed25519-nkey" })}.${encode({ jti: "X", sub: "U" })}.${"s-_9".repeat(21)}Ag`;
const SEED = userSeed();
const CREDS = credsOf(SEED);

/** What NATS's own library answers, with its base64 in our spelling. */
function signatureOf(auth: unknown): Buffer {
  return Buffer.from((auth as { sig: string }).sig, "base64");
}

test.each([
  ["as it is", CREDS],
  ["with CRLF", CREDS.replaceAll("\n", "\r\n")],
  ["with blanks around", `\n  ${CREDS}  \n\t`],
  ["with blanks at the end of each line", CREDS.replaceAll("\n", "  \n")],
  ["with escaped newlines", CREDS.replaceAll("\n", "\\n")],
  ["with escaped CRLF", CREDS.replaceAll("\n", "\\r\\n")],
  ["with newlines turned into spaces", CREDS.replaceAll("\n", " ")],
  ["with its last newlines trimmed", CREDS.trimEnd()],
  ["with a byte order mark", `\uFEFF${CREDS}`],
  ["with nothing but the blocks", CREDS.replace(/\n\*+ IMPORTANT[^]*secrets\.\n/, "")],
])("a .creds file %s gives JWT and seed", (_how, creds) => {
  expect(parseCreds(creds)).toEqual({ jwt: JWT, seed: SEED });
});

test("with a .creds file the answer to a nonce is the one of NATS's own library", () => {
  const ours = authenticator({ creds: CREDS })?.(NONCE);
  const theirs = credsAuthenticator(new TextEncoder().encode(CREDS))(NONCE);
  expect(ours).toMatchObject({ jwt: JWT });
  expect(signatureOf(ours)).toEqual(signatureOf(theirs));
});

test("with any seed, key and signature are those of NATS's own library", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (nonce) => {
      const seed = userSeed();
      const ours = authenticator({ nkey: ` ${seed}\n` })?.(nonce);
      const theirs = nkeyAuthenticator(new TextEncoder().encode(seed))(nonce);
      expect(ours).toMatchObject({ nkey: (theirs as { nkey: string }).nkey });
      expect(signatureOf(ours)).toEqual(signatureOf(theirs));
    }),
    { numRuns: 20 },
  );
});

test("where the server sends no nonce, nothing is signed", () => {
  expect(authenticator({ nkey: SEED })?.()).toMatchObject({ sig: "" });
});

test("user and password, token, or nothing are passed on", () => {
  expect(authenticator({ user: "u", password: "p" })?.()).toEqual({ user: "u", pass: "p" });
  expect(authenticator({ user: "u" })?.()).toEqual({ user: "u", pass: "" });
  expect(authenticator({ token: "t" })?.()).toEqual({ auth_token: "t" });
  expect(authenticator({})).toBeUndefined();
});

const typo = `${SEED.slice(0, 20)}${SEED[20] === "A" ? "B" : "A"}${SEED.slice(21)}`;
const { privateKey } = generateKeyPairSync("ed25519");
const broken: readonly (readonly [string, string])[] = [
  ["an account's seed", text(nkeys.createAccount().getSeed())],
  ["an operator's seed", text(nkeys.createOperator().getSeed())],
  ["a public key", nkeys.createUser().getPublicKey()],
  ["a seed with a typing error", typo],
  ["a seed in small letters", SEED.toLowerCase()],
  ["a seed that was cut off", SEED.slice(0, -1)],
  ["two seeds", SEED + userSeed()],
  ["a key of another kind", privateKey.export({ format: "pem", type: "pkcs8" }).toString()],
  ["other text", "SUPERSECRETPASSWORD"],
  ["nothing", ""],
];

test.each(broken)("%s is refused, without a word of it", (_what, nkey) => {
  expect(() => authenticator({ nkey })).toThrow(CredentialsError);
  const fault = credentialsFault({ nkey }) ?? "";
  expect(fault).toBe(
    "NATS_NKEY: given an nkey that is no user's seed, expected 58 letters and digits that start with SU",
  );
});

test.each([
  ["the JWT is missing", CREDS.replace(JWT, ""), "NATS USER JWT"],
  ["the seed is missing", CREDS.replace(SEED, ""), "USER NKEY SEED"],
  ["the end is missing", CREDS.slice(0, CREDS.indexOf(SEED) + 58), "USER NKEY SEED"],
  ["it is only a JWT", JWT, "NATS USER JWT"],
  ["it is empty", "", "NATS USER JWT"],
])("when %s, the error names the block and nothing else", (_what, creds, block) => {
  const fault = credentialsFault({ creds }) ?? "";
  expect(fault).toContain(
    `NATS_CREDS: given credentials without a block "-----BEGIN ${block}-----"`,
  );
  expect(fault).not.toContain(JWT.slice(0, 10));
  expect(fault).not.toContain(SEED.slice(0, 10));
});

test("a .creds file with the wrong seed is refused as well", () => {
  expect(credentialsFault({ creds: credsOf(typo) })).toMatch(/^NATS_CREDS: given an nkey/);
});

test("credentials that can be read have no fault", () => {
  for (const good of [{ creds: CREDS }, { nkey: SEED }, { user: "u", password: "p" }, {}]) {
    expect(credentialsFault(good)).toBeUndefined();
  }
});
