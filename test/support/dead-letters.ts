// Dead letters as the bridge stores them, in a local queue and a local bucket, and a stream read byte for byte.
import {
  CreateBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { NatsConnection } from "@nats-io/transport-node";
import {
  type DeadLetters,
  isRejected,
  type Letter,
  type Message,
} from "../../functions/bridge/core/ports.ts";
import { deadLetterBucket } from "../../functions/bridge/dead-letters/bucket.ts";
import { deadLetterQueue } from "../../functions/bridge/dead-letters/queue.ts";
import { sqsQueue } from "../../functions/bridge/sinks/sqs/call.ts";
import { parseHeaders } from "../../functions/bridge/source/headers.ts";
import type { LocalSqs } from "./sqs.ts";

export interface Burial {
  readonly message: Message;
  readonly letter?: Partial<Letter>;
}

export interface LocalStore {
  /** What `redrive` is told. */
  readonly args: readonly string[];
  bury(burials: readonly Burial[]): Promise<void>;
  /** Letters in it; of a queue, those in flight included. */
  count(): Promise<number>;
}

const LETTER: Letter = { reason: "too large", evidence: "rejected: too large", tries: 1 };

/** The SDK's clients look for the endpoint in our own environment. */
export async function localQueue(sqs: LocalSqs, name: string, origin: string): Promise<LocalStore> {
  Object.assign(process.env, sqs.environment);
  const url = await sqs.createQueue(name);
  const queue = sqsQueue({ url, timeoutMs: 5000, concurrency: 1, hasOwnEndpoint: true });
  return {
    args: ["--queue", url],
    bury: (burials) =>
      bury(
        deadLetterQueue(queue, origin, () => {}),
        burials,
      ),
    count: () => sqs.count(url),
  };
}

export async function localBucket(
  sqs: LocalSqs,
  name: string,
  origin: string,
): Promise<LocalStore & { put(key: string, text: string): Promise<void> }> {
  Object.assign(process.env, sqs.environment);
  const client = new S3Client({ forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: name }));
  const store = deadLetterBucket(
    {
      name,
      async put(Key, Body, metadata) {
        const command = new PutObjectCommand({
          Bucket: name,
          Key,
          Body,
          Metadata: { ...metadata },
        });
        await client.send(command);
      },
    },
    origin,
  );
  return {
    args: ["--bucket", name],
    bury: (burials) => bury(store, burials),
    async count() {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: name }));
      return Contents.length;
    },
    async put(Key, Body) {
      await client.send(new PutObjectCommand({ Bucket: name, Key, Body }));
    },
  };
}

async function bury<P>(store: DeadLetters<P>, burials: readonly Burial[]): Promise<void> {
  for (const { letter, message } of burials) {
    const prepared = store.prepare(message, { ...LETTER, ...letter });
    if (isRejected(prepared)) throw new Error(prepared.rejected);
    const delivery = await store.deliver([prepared], AbortSignal.timeout(10_000));
    const isStored = delivery.kind === "answered" && delivery.outcomes[0]?.kind === "accepted";
    if (!isStored) throw new Error(`not buried: ${JSON.stringify(delivery)}`);
  }
}

export interface Stored {
  readonly subject: string;
  readonly data: Buffer;
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

/** What a stream has stored, past everything a client would do with it. */
export async function storedIn(nc: NatsConnection, stream: string): Promise<readonly Stored[]> {
  const ask = async (what: string, body: object): Promise<Answer> =>
    (await nc.request(`$JS.API.STREAM.${what}.${stream}`, JSON.stringify(body))).json<Answer>();
  const { state } = await ask("INFO", {});
  const stored: Stored[] = [];
  for (let seq = state?.first_seq ?? 1; seq <= (state?.last_seq ?? 0); seq += 1) {
    const { message } = await ask("MSG.GET", { seq });
    if (!message) continue;
    const block = Buffer.from(message.hdrs ?? "", "base64");
    const data = Buffer.from(message.data ?? "", "base64");
    stored.push({ subject: message.subject, data, headers: parseHeaders(block).headers });
  }
  return stored;
}

interface Answer {
  readonly state?: { readonly first_seq: number; readonly last_seq: number };
  readonly message?: { readonly subject: string; readonly hdrs?: string; readonly data?: string };
}
