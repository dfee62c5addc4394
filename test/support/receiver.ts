// What a handler calls, on loopback in this process: it answers as the test wants, and remembers what it was asked.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { serveHttp } from "./local-http.ts";

export interface Asked {
  /** Milliseconds, of a clock that only goes on. */
  readonly at: number;
  /** The `idempotency-key`. */
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** How often it was asked under this key, this time included. */
  readonly time: number;
}

export interface Answer {
  /** Default 200. */
  readonly status?: number;
  readonly body?: unknown;
}

export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly asked: readonly Asked[];
}

export async function startReceiver(
  answer: (asked: Asked) => Answer | Promise<Answer> = () => ({}),
): Promise<Receiver> {
  const asked: Asked[] = [];
  const http = await serveHttp(async (request: IncomingMessage, response: ServerResponse) => {
    const key = String(request.headers["idempotency-key"]);
    const body = JSON.parse(await text(request)) as Record<string, unknown>;
    const time = asked.filter((one) => one.key === key).length + 1;
    const one: Asked = { at: performance.now(), key, body, time };
    asked.push(one);
    const { body: answered = {}, status = 200 } = await answer(one);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(answered));
  });
  return { url: http.endpoint, asked, [Symbol.asyncDispose]: () => http.stop() };
}
