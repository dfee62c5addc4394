// Lambda's Invoke on loopback, in this process: functions that run in processes of their own, and what became of each
// invocation.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { type FunctionHost, type Ran, startHost } from "./function-host.ts";
import { serveHttp } from "./local-http.ts";

export interface InvokedRecord {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<Record<string, { readonly stringValue: string }>>;
}

interface Invocation {
  /** From 0. */
  readonly number: number;
  readonly name: string;
  readonly records: readonly InvokedRecord[];
  /** Undefined while it runs, and when it was refused. */
  ran: Ran | undefined;
}

/** A call that is refused before the function runs. */
interface InvokeFault {
  readonly status: number;
  readonly code: string;
}

type Script = (invocation: Invocation) => InvokeFault | undefined;

export interface LocalFunctions extends AsyncDisposable {
  readonly endpoint: string;
  /** What a client needs to find it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly invocations: readonly Invocation[];
  /** What the functions have printed. */
  readonly printed: readonly string[];
  /** `file` is one of test/support/handlers; answers with the function's ARN. */
  deploy(name: string, file: string): string;
  script(script: Script | undefined): void;
  /** Whether invoking is forbidden from now on, dry runs included. */
  forbid(isForbidden: boolean): void;
  stop(): Promise<void>;
}

/** Most bytes of a request, "Lambda quotas". */
const MOST_BYTES = 6 * 1024 * 1024;

export async function startFunctions(): Promise<LocalFunctions> {
  const files = new Map<string, string>();
  const idle = new Map<string, FunctionHost[]>();
  const hosts = new Set<FunctionHost>();
  const invocations: Invocation[] = [];
  const printed: string[] = [];
  let play: Script | undefined;
  let isForbidden = false;

  function hostFor(name: string, file: string): FunctionHost {
    const waiting = idle.get(name)?.pop();
    if (waiting && !waiting.hasEnded) return waiting;
    const host = startHost(file, (line) => printed.push(line));
    hosts.add(host);
    return host;
  }

  async function invoke(response: ServerResponse, name: string, event: string): Promise<void> {
    const { Records: records } = JSON.parse(event) as { Records: readonly InvokedRecord[] };
    const invocation: Invocation = { number: invocations.length, name, records, ran: undefined };
    invocations.push(invocation);
    const fault = play?.(invocation);
    if (fault) return refuse(response, fault.status, fault.code);
    const host = hostFor(name, files.get(name) ?? "");
    const ran = await host.run(event);
    invocation.ran = ran;
    idle.set(name, [...(idle.get(name) ?? []), host]);
    if ("returned" in ran) give(response, 200, JSON.stringify(ran.returned));
    else give(response, 200, JSON.stringify(ran.thrown), { "x-amz-function-error": "Unhandled" });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const event = await text(request);
    const [, path = ""] = /functions\/([^/]+)\/invocations/.exec(request.url ?? "") ?? [];
    const name = decodeURIComponent(path).split(":").at(-1) ?? "";
    if (!files.has(name)) return refuse(response, 404, "ResourceNotFoundException");
    if (isForbidden) return refuse(response, 403, "AccessDeniedException");
    if (request.headers["x-amz-invocation-type"] === "DryRun") return give(response, 204, "");
    if (Buffer.byteLength(event) >= MOST_BYTES) {
      return refuse(response, 413, "RequestTooLargeException");
    }
    return invoke(response, name, event);
  }

  const server = await serveHttp(handle);
  const { endpoint } = server;
  const stop = async (): Promise<void> => {
    for (const host of hosts) host.kill();
    await server.stop();
  };
  return {
    endpoint,
    environment: {
      AWS_ENDPOINT_URL_LAMBDA: endpoint,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: "us-east-1",
    },
    invocations,
    printed,
    deploy(name, file) {
      files.set(name, file);
      return `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
    },
    script(script) {
      play = script;
    },
    forbid(value) {
      isForbidden = value;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function refuse(response: ServerResponse, status: number, code: string): void {
  const body = JSON.stringify({ Type: "User", message: "made up by a test" });
  give(response, status, body, { "x-amzn-errortype": code });
}

function give(
  response: ServerResponse,
  status: number,
  body: string,
  more: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...more });
  response.end(body);
}
