/** Dead letters in an S3 bucket: looked at by their metadata, read whole only when they are sent. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from "@aws-sdk/client-s3";
import { reasonOf } from "../../functions/bridge/sinks/failed-call.ts";
import { requestHandler } from "../../functions/bridge/sinks/client-settings.ts";
import { isUnreadable, type Unreadable, type Values } from "./dead-letter.ts";
import type { Found, Store } from "./ports.ts";
import { besideOf, isBeside, type ReadObject, readObject } from "./read-object.ts";

const AT_ONCE = 10;
const TIMEOUT_MS = 30_000;

export interface BucketPlace {
  readonly name: string;
  readonly prefix: string;
}

export function bucketStore({ name, prefix }: BucketPlace, hasOwnEndpoint: boolean): Store {
  const client = new S3Client({
    forcePathStyle: hasOwnEndpoint,
    requestHandler: requestHandler({ timeoutMs: TIMEOUT_MS, concurrency: AT_ONCE }),
  });
  const Bucket = name;
  /** Objects beside an object, which go with it. */
  const besides = new Map<string, readonly string[]>();

  async function read(
    key: string,
    metadata: Values,
    bytes: number,
  ): Promise<ReadObject | Unreadable> {
    const beside = besideOf(key, metadata);
    if (beside.size > 0) besides.set(key, [...beside.values()]);
    const texts = await Promise.all(
      [...beside].map(async ([part, Key]) => {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
        return [part, await Body?.transformToString()] as const;
      }),
    );
    return readObject(metadata, bytes, Object.fromEntries(texts));
  }

  /** Undefined when it is gone by now. */
  async function look(key: string): Promise<Found | undefined> {
    try {
      const head = await client.send(new HeadObjectCommand({ Bucket, Key: key }));
      const found = await read(key, head.Metadata ?? {}, head.ContentLength ?? 0);
      return { key, letter: isUnreadable(found) ? found : found.letter };
    } catch (error) {
      const { name: code } = error as Error;
      if (code === "NoSuchKey") return { key, letter: { unreadable: "a part beside it is gone" } };
      if (code === "NotFound") return undefined;
      throw error;
    }
  }

  async function remove(key: string): Promise<undefined> {
    // What is beside an object comes after it: without the object it is nothing, the other way round a part is missing.
    for (const Key of [key, ...(besides.get(key) ?? [])]) {
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    }
  }

  return {
    name: `s3://${name}`,
    isFull: false,
    async *batches(isOver) {
      let ContinuationToken: string | undefined;
      do {
        const token = ContinuationToken === undefined ? {} : { ContinuationToken };
        const page = await client.send(
          new ListObjectsV2Command({ Bucket, Prefix: prefix, ...token }),
        );
        const keys = (page.Contents ?? []).flatMap(({ Key = "" }) => (isBeside(Key) ? [] : Key));
        for (let at = 0; at < keys.length && !isOver(); at += AT_ONCE) {
          const found = await Promise.all(keys.slice(at, at + AT_ONCE).map(look));
          yield found.filter((one) => one !== undefined);
        }
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined && !isOver());
    },
    async content({ key }) {
      const object = await client.send(new GetObjectCommand({ Bucket, Key: key }));
      const data = (await object.Body?.transformToByteArray()) ?? new Uint8Array();
      const whole = await read(key, object.Metadata ?? {}, data.length);
      return isUnreadable(whole) ? whole : { data, headers: whole.headers };
    },
    remove: (found) => Promise.all(found.map(({ key }) => remove(key).catch(reasonOf))),
    close() {
      client.destroy();
      return Promise.resolve();
    },
  };
}
