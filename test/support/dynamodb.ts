// A local DynamoDB on loopback, in this process.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import dynalite from "dynalite";
import { serveHttp } from "./local-http.ts";

/** An item as DynamoDB writes it: `{ total: { N: "12" } }`. */
type Item = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface LocalDynamodb extends AsyncDisposable {
  /** What a client needs to find it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The names of the calls, in the order in which they came: `PutItem`. */
  readonly calls: readonly string[];
  /** Makes a table whose partition key is this attribute, a string. */
  createTable(name: string, key: string): Promise<void>;
  items(table: string): Promise<readonly Item[]>;
}

export async function startDynamodb(): Promise<LocalDynamodb> {
  const store: Server = dynalite({ createTableMs: 0 });
  const calls: string[] = [];
  const http = await serveHttp(async (request: IncomingMessage, response: ServerResponse) => {
    calls.push(actionOf(request));
    store.emit("request", request, response);
  });
  const call = (action: string, body: object): Promise<unknown> => ask(http.endpoint, action, body);
  return {
    environment: {
      AWS_ENDPOINT_URL_DYNAMODB: http.endpoint,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: "us-east-1",
    },
    calls,
    async createTable(name, key) {
      await call("CreateTable", {
        TableName: name,
        AttributeDefinitions: [{ AttributeName: key, AttributeType: "S" }],
        KeySchema: [{ AttributeName: key, KeyType: "HASH" }],
        BillingMode: "PAY_PER_REQUEST",
      });
    },
    async items(table) {
      const { Items } = (await call("Scan", { TableName: table })) as { Items: readonly Item[] };
      return Items;
    },
    [Symbol.asyncDispose]: () => http.stop(),
  };
}

function actionOf({ headers }: IncomingMessage): string {
  return String(headers["x-amz-target"]).split(".").at(-1) ?? "";
}

/** Without the SDK: what the tests read must not depend on the client that the handler writes with. */
async function ask(endpoint: string, action: string, body: object): Promise<unknown> {
  const scope = "test/20260101/us-east-1/dynamodb/aws4_request";
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `DynamoDB_20120810.${action}`,
      "x-amz-date": "20260101T000000Z",
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=test`,
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${action}: ${response.status} ${text}`);
  return JSON.parse(text);
}
