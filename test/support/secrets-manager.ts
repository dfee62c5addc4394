// A Secrets Manager on loopback, in this process: GetSecretValue, and whatever goes wrong with it.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { serveHttp } from "./local-http.ts";

export type SecretFault =
  /** The call is refused with this code. */
  | { readonly status: number; readonly code: string }
  /** No answer at all. */
  | "silence"
  /** The connection is reset. */
  | "reset";

type SecretValue = string | Uint8Array;

/** One call, as it came. */
interface SecretCall {
  /** `GetSecretValue`, if all is well. */
  readonly action: string;
  readonly secretId: string;
  /** For which its signature is. */
  readonly region: string;
}

export interface LocalSecrets extends AsyncDisposable {
  readonly endpoint: string;
  /** What a client needs to find it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly calls: readonly SecretCall[];
  /** Stores a value as the current one of a secret, or what makes it for each call. Answers with its complete ARN. */
  put(name: string, value: SecretValue | (() => SecretValue)): string;
  remove(name: string): void;
  /** Every call from now on; undefined: none. */
  fail(fault: SecretFault | undefined): void;
  stop(): Promise<void>;
}

const REGION = "eu-central-1";
const PREFIX = `arn:aws:secretsmanager:${REGION}:123456789012:secret:`;
const SUFFIX = "-Ab12Cd";

export async function startSecrets(): Promise<LocalSecrets> {
  const values = new Map<string, SecretValue | (() => SecretValue)>();
  const calls: SecretCall[] = [];
  let fault: SecretFault | undefined;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { SecretId } = JSON.parse(await text(request)) as { readonly SecretId: string };
    const action = String(request.headers["x-amz-target"]).replace("secretsmanager.", "");
    const region = request.headers.authorization?.split("/")[2] ?? "";
    calls.push({ action, secretId: SecretId, region });
    if (fault === "silence") return;
    if (fault === "reset") return request.socket.resetAndDestroy() && undefined;
    if (fault) return give(response, fault.status, refusal(fault.code, "made up by a test"));
    const name = nameOf(SecretId);
    const stored = values.get(name);
    const value = typeof stored === "function" ? stored() : stored;
    if (action !== "GetSecretValue") return give(response, 400, refusal("InvalidAction", action));
    if (value === undefined) {
      const said = "Secrets Manager can't find the specified secret.";
      return give(response, 400, refusal("ResourceNotFoundException", said));
    }
    const content =
      typeof value === "string"
        ? { SecretString: value }
        : { SecretBinary: Buffer.from(value).toString("base64") };
    give(response, 200, { ARN: PREFIX + name + SUFFIX, Name: name, ...content });
  }

  const { endpoint, stop } = await serveHttp(handle);
  return {
    endpoint,
    environment: {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: "us-east-1",
    },
    calls,
    put(name, value) {
      values.set(name, value);
      return PREFIX + name + SUFFIX;
    },
    remove: (name) => void values.delete(name),
    fail(next) {
      fault = next;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** As AWS does it: complete, or without the suffix. */
function nameOf(arn: string): string {
  const name = arn.startsWith(PREFIX) ? arn.slice(PREFIX.length) : "";
  return name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : name;
}

function refusal(code: string, message: string): object {
  return { __type: code, message };
}

function give(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.1" });
  response.end(JSON.stringify(body));
}
