// Buckets of the local S3, which listens where the local SQS does, read without the SDK: what the tests read must not
// depend on the client that the product sends with.

export interface S3Object {
  readonly key: string;
  readonly body: Buffer;
  /** Without `x-amz-meta-`, as it stands on the wire. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface LocalBucket {
  readonly name: string;
  /** All objects, by key. */
  objects(): Promise<readonly S3Object[]>;
}

const SCOPE = "test/20260101/us-east-1/s3/aws4_request";
const authorization = `AWS4-HMAC-SHA256 Credential=${SCOPE}, SignedHeaders=host, Signature=test`;

/** Makes a bucket. */
export async function localBucket(endpoint: string, name: string): Promise<LocalBucket> {
  const call = async (path: string, method = "GET"): Promise<Response> => {
    const response = await fetch(`${endpoint}/${name}${path}`, {
      method,
      headers: { authorization },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  await call("", "PUT");
  const read = async (key: string): Promise<S3Object> => {
    const response = await call(`/${key.split("/").map(encodeURIComponent).join("/")}`);
    const metadata = [...response.headers]
      .filter(([header]) => header.startsWith("x-amz-meta-"))
      .map(([header, value]) => [header.slice("x-amz-meta-".length), value] as const);
    const body = Buffer.from(await response.arrayBuffer());
    return { key, body, metadata: Object.fromEntries(metadata) };
  };
  return {
    name,
    async objects() {
      const list = await (await call("?list-type=2&max-keys=1000")).text();
      const keys = [...list.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => key);
      return Promise.all(keys.toSorted().map(read));
    },
  };
}
