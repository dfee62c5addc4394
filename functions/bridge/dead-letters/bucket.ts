/**
 * Dead letters in an S3 bucket: one object for each message, its body the payload as it was, its metadata all that is
 * needed to send it again, and why it is here.
 */
import type { Delivery, Outcome } from "../core/outcome.ts";
import type { DeadLetters, Letter, Message } from "../core/ports.ts";
import { messageId } from "../map/message-id.ts";
import { rfc3339 } from "../map/time.ts";
import { codeOf, type Codes, reasonOf, unavailable } from "../sinks/failed-call.ts";

export interface DeadObject {
  /** `<origin>/<date>/<sequence>-<nanoseconds>`: the same message always has the same key. */
  readonly key: string;
  readonly body: Uint8Array;
  /** Percent-encoded where it is not printable ASCII. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Headers that do not fit into the metadata: a JSON object beside it, named `<key>.headers.json`. */
  readonly headers?: string;
  /** A subject that does not fit into the metadata: beside it, named `<key>.subject.txt`. */
  readonly subject?: string;
}

/** What is needed of S3. */
export interface Bucket {
  readonly name: string;
  put(
    key: string,
    body: Uint8Array | string,
    metadata: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void>;
}

/** Most bytes of an object's metadata, names and values together. S3 User Guide, "Working with object metadata". */
const METADATA_BYTES = 2048;

/** What stands before each name on the wire, and may count. */
const NAME_PREFIX = "x-amz-meta-";

/** Of a reason or of evidence, encoded, so that the metadata has room for the rest. */
const TEXT_BYTES = 256;

/** Objects on their way at once. */
export const AT_ONCE = 10;

const CONFIGURATION =
  /^(AccessDenied|AllAccessDisabled|InvalidAccessKeyId|NoSuchBucket|PermanentRedirect|SignatureDoesNotMatch|KMS\..*(Disabled|NotFound|Invalid).*|InvalidBucketName)/;
const PERMANENT = /^(EntityTooLarge|InvalidArgument|KeyTooLong|MetadataTooLarge)/;
const NOT_TAKEN = /slowdown|throttl|toomanyrequests|expiredtoken|credentials/i;

const S3_CODES: Codes = {
  isPermanent: (code) => PERMANENT.test(code),
  isConfiguration: (code) => CONFIGURATION.test(code),
  isNotTaken: (code) => NOT_TAKEN.test(code),
};

type Unavailable = Extract<Delivery, { readonly kind: "unavailable" }>;

export function deadLetterBucket(bucket: Bucket, origin: string): DeadLetters<DeadObject> {
  async function store(
    object: DeadObject,
    signal: AbortSignal,
    isOver: () => boolean,
  ): Promise<Outcome | Unavailable> {
    try {
      // The object itself comes last: where it is, everything is.
      if (object.headers !== undefined) {
        await bucket.put(`${object.key}.headers.json`, object.headers, {}, signal);
      }
      if (object.subject !== undefined) {
        await bucket.put(`${object.key}.subject.txt`, object.subject, {}, signal);
      }
      if (isOver()) return { kind: "unknown", reason: "not stored: out of time" };
      await bucket.put(object.key, object.body, object.metadata, signal);
      return { kind: "accepted", receipt: `s3://${bucket.name}/${object.key}` };
    } catch (error) {
      if (S3_CODES.isPermanent(codeOf(error))) {
        return { kind: "rejected", reason: reasonOf(error) };
      }
      return unavailable(error, `s3://${bucket.name}`, S3_CODES) as Unavailable;
    }
  }

  return {
    limits: { entries: AT_ONCE, bytes: Number.POSITIVE_INFINITY, concurrency: 1 },
    prepare: (message, letter) => deadObject(message, origin, letter),
    size: (object) => object.body.length,
    async deliver(batch, signal, isOver = () => signal.aborted) {
      const results = await Promise.all(batch.map((object) => store(object, signal, isOver)));
      const failed = results.filter((result) => result.kind === "unavailable");
      const worst = failed.find(({ stop }) => stop) ?? failed[0];
      // All of them: then it is about the bucket.
      if (worst && failed.length === results.length) return worst;
      const outcomes = results.map((result): Outcome =>
        result.kind === "unavailable" ? { kind: "unknown", reason: result.reason } : result,
      );
      return { kind: "answered", outcomes, ...(worst?.stop && { stop: worst.reason }) };
    },
  };
}

function deadObject(message: Message, origin: string, letter: Letter): DeadObject {
  const { data, headers, stream, streamSequence, subject, timestampNanos } = message;
  const date = rfc3339(timestampNanos).slice(0, 10);
  const own = {
    "nats-id": encoded(messageId(origin, message)),
    "nats-stream": encoded(stream),
    "dead-letter-reason": encoded(letter.reason, TEXT_BYTES),
    "dead-letter-evidence": encoded(letter.evidence, TEXT_BYTES),
    "dead-letter-tries": String(letter.tries),
  };
  const besides = { "nats-headers-in": "headers.json" };
  const subjectHere = { ...own, "nats-subject": encoded(subject) };
  const subjectFits = fits({ ...subjectHere, ...besides });
  const withSubject = subjectFits ? subjectHere : { ...own, "nats-subject-in": "subject.txt" };
  const members = [...headers].map(
    ([name, values]) => `${JSON.stringify(name)}:${JSON.stringify(values)}`,
  );
  const text = `{${members.join(",")}}`;
  const headersHere =
    headers.size === 0 ? withSubject : { ...withSubject, "nats-headers": encoded(text) };
  const headersFit = fits(headersHere);
  return {
    key: `${encodeURIComponent(origin)}/${date}/${streamSequence}-${timestampNanos}`,
    body: data,
    metadata: headersFit ? headersHere : { ...withSubject, ...besides },
    ...(!headersFit && { headers: text }),
    ...(!subjectFits && { subject }),
  };
}

function fits(metadata: Readonly<Record<string, string>>): boolean {
  const sizes = Object.entries(metadata).map(
    ([name, value]) => NAME_PREFIX.length + name.length + value.length,
  );
  return sizes.reduce((sum, size) => sum + size, 0) <= METADATA_BYTES;
}

/**
 * Printable ASCII without `%` stands for itself; everything else as `decodeURIComponent` reads it. What would be longer
 * than `most` is cut between two characters.
 */
function encoded(text: string, most: number = Number.POSITIVE_INFINITY): string {
  let result = "";
  for (const character of text.toWellFormed()) {
    const next = /[^ -$&-~]/.test(character) ? encodeURIComponent(character) : character;
    if (result.length + next.length > most) break;
    result += next;
  }
  return result.replaceAll(/^ | $/g, "%20");
}
