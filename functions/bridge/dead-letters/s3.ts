/** The one narrow seam to S3. */
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { clientSettings } from "../sinks/client-settings.ts";
import { AT_ONCE, type Bucket } from "./bucket.ts";

export interface S3BucketOptions {
  readonly name: string;
  /** Overall time of one call, milliseconds. */
  readonly timeoutMs: number;
  /** An endpoint of its own: the bucket is then no part of the host name. */
  readonly hasOwnEndpoint: boolean;
}

export function s3Bucket({ hasOwnEndpoint, name, timeoutMs }: S3BucketOptions): Bucket {
  const client = new S3Client({
    ...clientSettings(undefined, { timeoutMs, concurrency: AT_ONCE }),
    forcePathStyle: hasOwnEndpoint,
  });
  return {
    name,
    async put(Key, Body, metadata, signal) {
      const command = new PutObjectCommand({ Bucket: name, Key, Body, Metadata: { ...metadata } });
      await client.send(command, { abortSignal: signal });
    },
  };
}
