/** The text of a secret → as whom to connect. Nothing of the text ever gets into a message; names of keys do. */
import type { Config } from "../config.ts";
import { SecretError } from "./secret-error.ts";

/** What a secret says. Certificates and keys are PEM texts, as in NATS_CA, NATS_CERT and NATS_KEY. */
export interface SecretContents {
  readonly credentials: Config["nats"]["credentials"];
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const EXPECTED =
  "the text of a .creds file, a user's nkey seed, or JSON with creds, nkey, user and password, or token";

const PEM_KEYS = ["ca", "cert", "key"] as const;

/** Each way to say who the bridge is; `username` is how Secrets Manager's own templates write it. */
const KEYS = ["creds", "nkey", "user", "username", "password", "token", ...PEM_KEYS] as const;

type Key = (typeof KEYS)[number];
type Values = Readonly<Partial<Record<Key, string>>>;

/** Whether the credentials themselves can be read is not looked at here. Throws a `SecretError`. */
export function readContents(text: string): SecretContents {
  const plain = text.trim();
  if (plain === "") throw fault("nothing", EXPECTED);
  if (plain.startsWith("{")) return ofValues(valuesIn(plain));
  if (plain.includes("-----BEGIN")) return { credentials: { creds: plain } };
  if (/^S[A-Z2-7]{57}$/.test(plain)) return { credentials: { nkey: plain } };
  throw fault("text that is none of what it may be", EXPECTED);
}

function valuesIn(json: string): Values {
  const parsed = parseObject(json);
  const unknown = Object.keys(parsed).filter((name) => !KEYS.some((key) => key === name));
  if (unknown.length > 0) {
    throw fault(
      `JSON with ${unknown.map(printed).join(", ")}`,
      `no other keys than ${KEYS.join(", ")}`,
    );
  }
  const isText = (value: unknown): boolean => typeof value === "string" && value.trim() !== "";
  const wrong = Object.keys(parsed).filter((name) => !isText(parsed[name]));
  if (wrong.length > 0)
    throw fault(`JSON whose ${wrong.join(", ")} is no text`, "texts that are not empty");
  return parsed;
}

/** What JSON.parse says has a part of the text in it. */
function parseObject(json: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(json) as Readonly<Record<string, unknown>>;
  } catch {
    throw fault("text that begins like a JSON object and is none", EXPECTED);
  }
}

/** A key that is no name may be a part of a secret that was put in the wrong place. */
function printed(name: string): string {
  return /^[a-z][\w.-]{0,23}$/i.test(name) ? name : "a key that is no name";
}

function ofValues(values: Values): SecretContents {
  return { credentials: credentialsOf(values), ...pemsOf(values) };
}

function credentialsOf(values: Values): SecretContents["credentials"] {
  const { creds, nkey, password, token } = values;
  const user = values.user ?? values.username;
  const names = (["creds", "nkey", "user", "username", "token"] as const).filter(
    (name) => values[name] !== undefined,
  );
  if (names.length > 1) throw fault(`JSON with ${names.join(" and ")}`, "only one of them");
  if ((user === undefined) !== (password === undefined)) {
    const given = user === undefined ? "a password without a user" : "a user without a password";
    throw fault(`JSON with ${given}`, "both user and password");
  }
  if (names.length === 0) throw fault("JSON without credentials", EXPECTED);
  return {
    ...(creds !== undefined && { creds }),
    ...(nkey !== undefined && { nkey: nkey.trim() }),
    ...(user !== undefined && password !== undefined && { user, password }),
    ...(token !== undefined && { token }),
  };
}

function pemsOf(values: Values): Partial<Record<(typeof PEM_KEYS)[number], string>> {
  const given = PEM_KEYS.flatMap((name) => {
    const pem = values[name]?.replaceAll("\\n", "\n");
    if (pem === undefined) return [];
    if (!/-----BEGIN [A-Z ]+-----/.test(pem)) {
      throw fault(`JSON whose ${name} has no PEM block`, "the text of a PEM");
    }
    return [[name, pem] as const];
  });
  return Object.fromEntries(given);
}

function fault(given: string, expected: string): SecretError {
  return new SecretError(`given ${given}, expected ${expected}`);
}

/** What must never be printed of a secret, whatever it is: all of it, its values, and the lines of those. */
export function textsIn(text: string): readonly string[] {
  const values = [text.trim(), ...valuesOf(text)];
  const lines = values.flatMap((value) => value.split(/\s|\\[nr]|["']/));
  return [...new Set([...values, ...lines.filter((line) => /^[\w.+/=-]{20,}$/.test(line))])];
}

/** The name of a user is none: it may be a word like any other. */
function valuesOf(text: string): readonly string[] {
  try {
    const entries = Object.entries(JSON.parse(text) as object);
    return entries.flatMap(([name, value]) =>
      typeof value === "string" && name !== "user" && name !== "username" ? [value] : [],
    );
  } catch {
    return [];
  }
}
