/**
 * Dead letters in an S3 bucket: one object for each message, its body the payload as it was, its metadata all that is
 * needed to send it again, and why it is here.
 */
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { Delivery, Outcome } from "../core/outcome.ts";
import type { DeadLetters, Letter, Message } from "../core/ports.ts";
import { messageId } from "../map/message-id.ts";
import { rfc3339 } from "../map/time.ts";
import {
  answered,
  codeOf,
  type Codes,
  outcomeOfCode,
  reasonOf,
  unavailable,
} from "../sinks/failed-call.ts";
import { requestHandler } from "../sinks/request-handler.ts";

export interface DeadObject {
  /** `<origin>/<date>/<sequence>-<nanoseconds>`: the same message always has the same key. */
  readonly key: string;
  readonly body: Uint8Array;
  /** Percent-encoded where it is not printable ASCII. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Headers that do not fit into the metadata: a JSON object beside it, named `<key>.headers.json`. */
  readonly headers?: string;
}

/** The one narrow seam to S3. */
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

/** Of a reason or of evidence, so that the metadata has room for the rest. */
const TEXT_CHARACTERS = 256;

const AT_ONCE = 10;

const CONFIGURATION =
  /^(AccessDenied|AllAccessDisabled|InvalidAccessKeyId|NoSuchBucket|PermanentRedirect|SignatureDoesNotMatch|KMS\..*(Disabled|NotFound|Invalid).*|InvalidBucketName)/;
const PERMANENT = /^(EntityTooLarge|InvalidArgument|KeyTooLong|MetadataTooLarge)/;
const NOT_TAKEN = /slowdown|throttl|toomanyrequests|expiredtoken|credentials/i;

const S3_CODES: Codes = {
  isPermanent: (code) => PERMANENT.test(code),
  isConfiguration: (code) => CONFIGURATION.test(code),
  isNotTaken: (code) => NOT_TAKEN.test(code),
};

export function s3Bucket(name: string, timeoutMs: number, forcePathStyle: boolean): Bucket {
  const client = new S3Client({
    maxAttempts: 1,
    forcePathStyle,
    requestHandler: requestHandler({ timeoutMs, concurrency: AT_ONCE }),
  });
  return {
    name,
    async put(Key, Body, metadata, signal) {
      const command = new PutObjectCommand({ Bucket: name, Key, Body, Metadata: { ...metadata } });
      await client.send(command, { abortSignal: signal });
    },
  };
}

export function deadLetterBucket(bucket: Bucket, origin: string): DeadLetters<DeadObject> {
  async function store(object: DeadObject, signal: AbortSignal): Promise<Outcome | Delivery> {
    try {
      // The object itself comes last: where it is, everything is.
      if (object.headers !== undefined) {
        await bucket.put(`${object.key}.headers.json`, object.headers, {}, signal);
      }
      await bucket.put(object.key, object.body, object.metadata, signal);
      return { kind: "accepted", receipt: `s3://${bucket.name}/${object.key}` };
    } catch (error) {
      const code = codeOf(error);
      const isOwn = S3_CODES.isPermanent(code);
      return isOwn
        ? outcomeOfCode(code, reasonOf(error), S3_CODES)
        : unavailable(error, `s3://${bucket.name}`, S3_CODES);
    }
  }

  return {
    limits: { entries: AT_ONCE, bytes: Number.POSITIVE_INFINITY, concurrency: 1 },
    prepare: (message, letter) => deadObject(message, origin, letter),
    size: (object) => object.body.length,
    async deliver(batch, signal) {
      const results = await Promise.all(batch.map((object) => store(object, signal)));
      const first = results.find((result) => result.kind === "unavailable");
      // All of them, or not one of them: then it is about the bucket.
      if (first && results.every((result) => result.kind === "unavailable")) return first;
      return answered(results.map(outcomeOfResult), S3_CODES);
    },
  };
}

function outcomeOfResult(result: Outcome | Delivery): Outcome {
  switch (result.kind) {
    case "unavailable":
      return { kind: "unknown", reason: result.reason };
    case "answered":
      return result.outcomes[0] ?? { kind: "unknown", reason: "no outcome" };
    case "accepted":
    case "failed":
    case "rejected":
    case "unknown":
      return result;
  }
}

function deadObject(message: Message, origin: string, letter: Letter): DeadObject {
  const { data, headers, stream, streamSequence, subject, timestampNanos } = message;
  const date = rfc3339(timestampNanos).slice(0, 10);
  const own = {
    "nats-id": encoded(messageId(origin, message)),
    "nats-stream": encoded(stream),
    "nats-subject": encoded(subject),
    "dead-letter-reason": encoded(letter.reason.slice(0, TEXT_CHARACTERS)),
    "dead-letter-evidence": encoded(letter.evidence.slice(0, TEXT_CHARACTERS)),
    "dead-letter-tries": String(letter.tries),
  };
  const members = [...headers].map(
    ([name, values]) => `${JSON.stringify(name)}:${JSON.stringify(values)}`,
  );
  const text = `{${members.join(",")}}`;
  const withHeaders = headers.size === 0 ? own : { ...own, "nats-headers": encoded(text) };
  const fits = sizeOf(withHeaders) <= METADATA_BYTES;
  return {
    key: `${encodeURIComponent(origin)}/${date}/${streamSequence}-${timestampNanos}`,
    body: data,
    metadata: fits ? withHeaders : { ...own, "nats-headers-in": "headers.json" },
    ...(!fits && { headers: text }),
  };
}

function sizeOf(metadata: Readonly<Record<string, string>>): number {
  return Object.entries(metadata).reduce(
    (sum, [name, value]) => sum + name.length + value.length,
    0,
  );
}

/** Printable ASCII without `%` stands for itself; everything else as `decodeURIComponent` reads it. */
function encoded(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^ -$&-~]+/g, encodeURIComponent)
    .replaceAll(/^ | $/g, "%20");
}
