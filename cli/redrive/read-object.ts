/** The metadata of a dead letter in a bucket → the letter, and what of it is in objects beside it. */
import {
  type DeadLetter,
  deadLetterOf,
  type Headers,
  headersOf,
  isUnreadable,
  type Unreadable,
  type Values,
} from "./dead-letter.ts";

export interface ReadObject {
  readonly letter: DeadLetter;
  readonly headers: Headers;
}

/** What does not fit into the metadata; there, `<name>-in` says where it is: `<key>.<ending>`. */
const BESIDE = { "nats-headers": "headers.json", "nats-subject": "subject.txt" } as const;

type Name = keyof typeof BESIDE;

const NAMES = Object.keys(BESIDE) as readonly Name[];

/** Which parts are beside the object `key`, and where. */
export function besideOf(key: string, metadata: Values): ReadonlyMap<Name, string> {
  const moved = NAMES.filter((name) => metadata[`${name}-in`] === BESIDE[name]);
  return new Map(moved.map((name) => [name, `${key}.${BESIDE[name]}`]));
}

/** A part of a letter, and no letter of its own. */
export function isBeside(key: string): boolean {
  return Object.values(BESIDE).some((ending) => key.endsWith(`.${ending}`));
}

/** `beside`: the texts of those parts. */
export function readObject(
  metadata: Values,
  bytes: number,
  beside: Readonly<Partial<Record<Name, string>>> = {},
): ReadObject | Unreadable {
  const own = decoded(metadata);
  if (!own) return { unreadable: "its metadata is not percent-encoded as the bridge writes it" };
  const values: Values = { ...own, ...beside };
  const letter = deadLetterOf(values, bytes);
  if (isUnreadable(letter)) return letter;
  const headers = headersOf(values["nats-headers"] ?? "{}");
  return isUnreadable(headers) ? headers : { letter, headers };
}

function decoded(metadata: Values): Values | undefined {
  try {
    return Object.fromEntries(
      Object.entries(metadata).map(([name, value = ""]) => [name, decodeURIComponent(value)]),
    );
  } catch {
    return undefined;
  }
}
