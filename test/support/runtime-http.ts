// Lambda's Runtime API (2018-06-01), on loopback, as one process of a function sees it.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { type LocalHttp, serveHttp } from "./local-http.ts";

export interface Invocation {
  readonly id: string;
  /** JSON. */
  readonly event: string;
  /** Since the epoch. */
  readonly deadlineMs: number;
  readonly functionArn: string;
}

interface Thrown {
  readonly kind: "threw";
  readonly errorType: string;
  readonly errorMessage: string;
}

export type Answer = { readonly kind: "returned"; readonly value: unknown } | Thrown;

/** What the process calls. */
export interface RuntimeCalls {
  /** It is ready for an invocation, now or later: whenever `give` is called. */
  asks(give: (invocation: Invocation) => void): void;
  answers(id: string, answer: Answer): void;
  failsToStart(error: Thrown): void;
}

const PREFIX = "/2018-06-01/runtime/";

export function serveRuntimeApi(calls: RuntimeCalls): Promise<LocalHttp> {
  return serveHttp(async (request, response) => {
    // A process that was stopped for a while would write to a connection that we have closed in the meantime.
    response.setHeader("connection", "close");
    const path = request.url?.startsWith(PREFIX) ? request.url.slice(PREFIX.length) : "";
    if (request.method === "GET" && path === "invocation/next") {
      calls.asks((invocation) => give(response, invocation));
      return;
    }
    const isKnown = request.method === "POST" && (await take(calls, path, request));
    response.writeHead(isKnown ? 202 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify({ status: isKnown ? "OK" : `there is no ${request.url}` }));
  });
}

function give(response: ServerResponse, invocation: Invocation): void {
  response.writeHead(200, {
    "content-type": "application/json",
    "lambda-runtime-aws-request-id": invocation.id,
    "lambda-runtime-deadline-ms": String(invocation.deadlineMs),
    "lambda-runtime-invoked-function-arn": invocation.functionArn,
    "lambda-runtime-trace-id": `Root=1-${invocation.id.slice(0, 8)}-${invocation.id.replaceAll("-", "").slice(8)};Sampled=0`,
  });
  response.end(invocation.event);
}

async function take(calls: RuntimeCalls, path: string, request: IncomingMessage): Promise<boolean> {
  const body = await text(request);
  const [, id = "", what] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
  if (path === "init/error") calls.failsToStart(thrown(body));
  else if (what === "error") calls.answers(id, thrown(body));
  else if (what) calls.answers(id, { kind: "returned", value: JSON.parse(body) as unknown });
  else return false;
  return true;
}

function thrown(body: string): Thrown {
  const { errorType, errorMessage } = JSON.parse(body) as Omit<Thrown, "kind">;
  return { kind: "threw", errorType, errorMessage };
}
