// HTTP in front of a local SQS: answers as AWS can and no emulator does, and remembers every call.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { type Answer, type Fault, spoil } from "./aws-faults.ts";
import { freePort } from "./free-port.ts";
import { type LocalHttp, serveHttp } from "./local-http.ts";

export type { Fault } from "./aws-faults.ts";

/** One entry of a SendMessageBatch, as it came over the wire. */
export interface SentEntry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue?: string }>>;
  readonly MessageSystemAttributes?: Readonly<Record<string, { readonly StringValue?: string }>>;
}

/** One SendMessageBatch. */
export interface SentBatch {
  /** From 0. */
  readonly number: number;
  /** Milliseconds since the proxy was started. */
  readonly at: number;
  readonly queue: string;
  readonly entries: readonly SentEntry[];
  /** What the script made of it, once it has. */
  fault: Fault | undefined;
  /** It went on to SQS, with all entries that were not failed on the way. */
  forwarded: boolean;
  /** The bridge hung up before it was answered. */
  givenUp: boolean;
}

/** What happens to a call; undefined: nothing odd. One that never answers holds the call before it is forwarded. */
type Script = (batch: SentBatch) => Fault | undefined | Promise<Fault | undefined>;

export interface AwsFaultProxy extends AsyncDisposable {
  readonly endpoint: string;
  readonly batches: readonly SentBatch[];
  /** Names of all calls, `GetQueueAttributes`. */
  readonly calls: readonly string[];
  script(script: Script | undefined): void;
  /** Connections are refused from now on, and those that are open are reset. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

export async function startAwsFaultProxy(target: string): Promise<AwsFaultProxy> {
  const port = await freePort();
  const startedAt = performance.now();
  const batches: SentBatch[] = [];
  const calls: string[] = [];
  let play: Script | undefined;
  let server: LocalHttp | undefined;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const forward = (changed = body): Promise<Answer> => passOn(target, request, changed);
    const action = String(request.headers["x-amz-target"]).split(".").at(-1)!;
    calls.push(action);
    if (action !== "SendMessageBatch") return give(response, await forward());
    const parsed = JSON.parse(body) as { QueueUrl: string; Entries: readonly SentEntry[] };
    const batch: SentBatch = {
      number: batches.length,
      at: performance.now() - startedAt,
      queue: new URL(parsed.QueueUrl).pathname.split("/").at(-1) ?? "",
      entries: parsed.Entries,
      fault: undefined,
      forwarded: false,
      givenUp: false,
    };
    batches.push(batch);
    response.once("close", () => (batch.givenUp = !response.writableFinished));
    batch.fault = await play?.(batch);
    const answer = await spoil(batch.fault, batch.entries, (entries) => {
      batch.forwarded = true;
      return forward(JSON.stringify({ ...parsed, Entries: entries }));
    });
    if (answer === "silence") return;
    if (answer === "reset") request.socket.resetAndDestroy();
    else give(response, answer);
  }

  const up = async (): Promise<void> => {
    server = await serveHttp(handle, port);
  };
  const down = async (): Promise<void> => {
    const running = server;
    server = undefined;
    await running?.stop();
  };
  await up();
  return {
    endpoint: `http://127.0.0.1:${port}`,
    batches,
    calls,
    script(script) {
      play = script;
    },
    up,
    down,
    stop: down,
    [Symbol.asyncDispose]: down,
  };
}

async function passOn(target: string, request: IncomingMessage, body: string): Promise<Answer> {
  const headers: Record<string, string> = {};
  for (const name of ["content-type", "x-amz-target", "authorization"]) {
    headers[name] = String(request.headers[name]);
  }
  const response = await fetch(target, { method: "POST", headers, body });
  return { status: response.status, body: await response.text() };
}

function give(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, {
    "content-type": "application/x-amz-json-1.0",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

/** All tries of each message at one queue, in order, by its id; without the entry's id, which is its place in a call. */
export function triesOf(
  batches: readonly SentBatch[],
  queue: string,
): ReadonlyMap<string, readonly Omit<SentEntry, "Id">[]> {
  const tries = new Map<string, Omit<SentEntry, "Id">[]>();
  for (const { Id: _, ...entry } of batches
    .filter((b) => b.queue === queue)
    .flatMap((b) => b.entries)) {
    const id = entry.MessageAttributes?.["nats-id"]?.StringValue ?? "";
    tries.set(id, [...(tries.get(id) ?? []), entry]);
  }
  return tries;
}

/** The number that a test gave a message: the last token of its subject. */
export function numberIn(entry: Omit<SentEntry, "Id">): number {
  return Number(entry.MessageAttributes?.["nats-subject"]?.StringValue?.split(".").at(-1));
}
