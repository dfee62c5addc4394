/** Credentials as people and secret stores hold them → an authenticator. Signed with node:crypto, 20 times as fast. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import type { Authenticator } from "@nats-io/transport-node";

export interface Credentials {
  /** Text of a `.creds` file. */
  readonly creds?: string;
  /** A user's seed, `SU…`. */
  readonly nkey?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
}

/** Thrown for credentials that cannot be read. Never carries any part of them. */
export class CredentialsError extends Error {
  override readonly name = "CredentialsError";

  constructor(given: string, expected: string) {
    super(`given ${given}, expected ${expected}`);
  }
}

/** Which setting cannot be read, and why: `NATS_CREDS: given …, expected …`. Undefined: all can. */
export function credentialsFault(credentials: Credentials): string | undefined {
  const problem = credentialsProblem(credentials);
  if (problem === undefined) return undefined;
  return `${credentials.creds === undefined ? "NATS_NKEY" : "NATS_CREDS"}: ${problem}`;
}

/** Why they cannot be read, `given …, expected …`, wherever they come from. Undefined: they can. */
export function credentialsProblem(credentials: Credentials): string | undefined {
  try {
    authenticator(credentials);
    return undefined;
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    return error.message;
  }
}

/** Undefined: none given. Throws a `CredentialsError`. */
export function authenticator(credentials: Credentials): Authenticator | undefined {
  const { creds, nkey, user, password, token } = credentials;
  if (creds !== undefined) {
    const { jwt, seed } = parseCreds(creds);
    const key = userKey(seed);
    return (nonce) => ({ jwt, nkey: "", sig: signature(key.key, nonce) });
  }
  if (nkey !== undefined) {
    const key = userKey(nkey);
    return (nonce) => ({ nkey: key.publicKey, sig: signature(key.key, nonce) });
  }
  if (token !== undefined) return () => ({ auth_token: token });
  if (user !== undefined) return () => ({ user, pass: password ?? "" });
  return undefined;
}

/**
 * JWT and seed out of a `.creds` file: with CRLF, escaped newlines, newlines turned into spaces, blanks around, or the
 * last newline trimmed, as secret stores and environment variables make of it.
 */
export function parseCreds(text: string): { readonly jwt: string; readonly seed: string } {
  const plain = text.replace(/\\r|\\n/g, "\n");
  const between = (label: string): string | undefined =>
    new RegExp(
      `-{3,}BEGIN ${label}-{3,}\\s*([A-Za-z0-9][A-Za-z0-9._=-]*?)\\s*-{3,}END ${label}-{3,}`,
    ).exec(plain)?.[1];
  const jwt = between("NATS USER JWT");
  const seed = between("USER NKEY SEED");
  if (jwt && seed) return { jwt, seed };
  const missing = jwt ? "USER NKEY SEED" : "NATS USER JWT";
  throw new CredentialsError(
    `credentials without a block "-----BEGIN ${missing}-----"`,
    "the text of a .creds file as `nsc generate creds` prints it",
  );
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SEED = 18 << 3;
const USER = 20 << 3;
/** PKCS #8 around a bare Ed25519 seed, RFC 8410. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

function userKey(text: string): { readonly key: KeyObject; readonly publicKey: string } {
  const raw = base32(text.trim());
  const isSeed =
    raw.length === 36 &&
    ((raw[0] ?? 0) & 0xf8) === SEED &&
    crc16(raw.subarray(0, 34)) === raw.readUInt16LE(34);
  const kind = (((raw[0] ?? 0) & 7) << 5) | ((raw[1] ?? 0) >> 3);
  if (!isSeed || kind !== USER) {
    throw new CredentialsError(
      "an nkey that is no user's seed",
      "58 letters and digits that start with SU",
    );
  }
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8, raw.subarray(2, 34)]),
    format: "der",
    type: "pkcs8",
  });
  const point = Buffer.from(createPublicKey(key).export({ format: "jwk" }).x ?? "", "base64url");
  return { key, publicKey: encodeBase32(withCrc(Buffer.concat([Buffer.from([USER]), point]))) };
}

function signature(key: KeyObject, nonce: string | undefined): string {
  return nonce ? sign(null, Buffer.from(nonce), key).toString("base64url") : "";
}

function base32(text: string): Buffer {
  let bits = "";
  for (const letter of text)
    bits += Math.max(0, ALPHABET.indexOf(letter)).toString(2).padStart(5, "0");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

function encodeBase32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => ALPHABET[Number.parseInt(five.padEnd(5, "0"), 2)])
    .join("");
}

function withCrc(bytes: Buffer): Buffer {
  const crc = Buffer.alloc(2);
  crc.writeUInt16LE(crc16(bytes));
  return Buffer.concat([bytes, crc]);
}

/** CRC-16/XMODEM, as in github.com/nats-io/nkeys. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80_00 ? (crc << 1) ^ 0x10_21 : crc << 1;
    crc &= 0xff_ff;
  }
  return crc;
}
