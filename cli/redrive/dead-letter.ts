/** A dead letter as `redrive` sees it, whether it lies in a queue or in a bucket. */

export interface DeadLetter {
  /** `<origin>/<stream sequence>/<timestamp in ns>`, from which the next three are read. */
  readonly id: string;
  readonly origin: string;
  readonly streamSequence: number;
  readonly timestampNanos: bigint;
  /** Only a bucket tells it. */
  readonly stream?: string;
  readonly subject: string;
  readonly reason: string;
  readonly tries: number;
  /** Of the payload. */
  readonly bytes: number;
}

/** What was published: all that is needed to publish it again. */
export interface Content {
  readonly data: Uint8Array;
  readonly headers: Headers;
}

export type Headers = ReadonlyMap<string, readonly string[]>;

/** Something that is no dead letter of a bridge, and why. */
export interface Unreadable {
  readonly unreadable: string;
}

/** Values as they stand beside a message: attributes of a queue's, metadata of an object. */
export type Values = Readonly<Record<string, string | undefined>>;

const ID = /^(.+)\/(\d{1,16})\/(\d{1,20})$/s;

export function deadLetterOf(values: Values, bytes: number): DeadLetter | Unreadable {
  const { "nats-id": id, "nats-stream": stream, "nats-subject": subject } = values;
  if (id === undefined || subject === undefined) {
    return { unreadable: `${id === undefined ? "nats-id" : "nats-subject"} is missing` };
  }
  const reason = values["dead-letter-reason"];
  if (reason === undefined) {
    // Of the target queue itself, or given up by its receiver: the bridge had delivered it.
    return { unreadable: "dead-letter-reason is missing: no bridge has put it here" };
  }
  const [, origin, sequence, nanos] = ID.exec(id) ?? [];
  if (origin === undefined) {
    return { unreadable: `nats-id is ${JSON.stringify(id)}, which is no origin/sequence/time` };
  }
  return {
    id,
    origin,
    streamSequence: Number(sequence),
    timestampNanos: BigInt(nanos ?? 0),
    ...(stream !== undefined && { stream }),
    subject,
    reason,
    tries: Number(/^\d{1,9}$/.exec(values["dead-letter-tries"] ?? "")?.[0] ?? 0),
    bytes,
  };
}

/** A JSON object, name → array of values. */
export function headersOf(json: string): Headers | Unreadable {
  const unreadable = { unreadable: "its headers are no JSON object of arrays of texts" };
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return unreadable;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return unreadable;
  const entries = Object.entries(parsed as Readonly<Record<string, unknown>>);
  const isWhole = entries.every(([, values]) => isTexts(values));
  return isWhole ? new Map(entries as [string, string[]][]) : unreadable;
}

function isTexts(values: unknown): boolean {
  return Array.isArray(values) && values.every((value) => typeof value === "string");
}

export function isUnreadable(found: object): found is Unreadable {
  return "unreadable" in found;
}
