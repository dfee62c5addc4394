// An EventBridge on loopback, in this process: as strict as AWS in what it takes, and it keeps what it took. Like AWS it
// takes events for a bus that does not exist, and drops them.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { entryFault, type PutEntry, type Refusal, requestFault } from "./event-rules.ts";
import { serveHttp } from "./local-http.ts";

/** An event on its bus. */
export interface ArrivedEvent {
  readonly id: string;
  readonly bus: string;
  readonly source: string;
  readonly detailType: string;
  /** To the character as it was sent. */
  readonly detail: string;
  /** Seconds since 1970. */
  readonly time: number | undefined;
  readonly trace: string | undefined;
}

/** One PutEvents. */
interface PutCall {
  /** From 0. */
  readonly number: number;
  readonly entries: readonly PutEntry[];
  /** The codes of the entries that failed, by position; undefined when the call failed as a whole. */
  codes: readonly (string | undefined)[] | undefined;
}

export type EventFault =
  /** These entries fail, by position, and do not arrive; the others do. */
  | { readonly kind: "entries"; readonly codes: Readonly<Record<number, string>> }
  /** The call as a whole is refused: nothing arrives. */
  | { readonly kind: "error"; readonly status: number; readonly code: string }
  /** The connection is reset before an answer. */
  | { readonly kind: "reset"; readonly taken: boolean }
  /** All arrives, and half of the answer comes back as if it were all. */
  | { readonly kind: "truncated" }
  /** All arrives, and the answer has one result too few. */
  | { readonly kind: "short" };

type Script = (call: PutCall) => EventFault | undefined;

export interface LocalEvents extends AsyncDisposable {
  readonly endpoint: string;
  /** What a client needs to find it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly arrived: readonly ArrivedEvent[];
  readonly calls: readonly PutCall[];
  /** Events for buses that do not exist: they were answered as taken. */
  readonly dropped: number;
  createBus(name: string): void;
  deleteBus(name: string): void;
  /** A rule or an archive on a bus. */
  createListener(bus: string, kind: "Rules" | "Archives", state?: string): void;
  /** Such a call answers AccessDeniedException from now on. */
  deny(action: "DescribeEventBus" | "ListArchives" | "ListRules"): void;
  script(script: Script | undefined): void;
  stop(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly body: object;
}

export async function startEvents(): Promise<LocalEvents> {
  const buses = new Set(["default"]);
  const arrived: ArrivedEvent[] = [];
  const calls: PutCall[] = [];
  let dropped = 0;
  const denied = new Set<string>();
  const listeners: { bus: string; kind: "Rules" | "Archives"; state: string }[] = [];
  let play: Script | undefined;

  function take(entry: PutEntry): string {
    const id = crypto.randomUUID();
    const bus = nameOf(entry.EventBusName);
    if (!buses.has(bus)) dropped += 1;
    else
      arrived.push({
        id,
        bus,
        source: String(entry.Source),
        detailType: String(entry.DetailType),
        detail: String(entry.Detail),
        time: entry.Time as number | undefined,
        trace: entry.TraceHeader as string | undefined,
      });
    return id;
  }

  function putEvents(entries: readonly PutEntry[]): Reply | "reset" | "truncated" {
    const call: PutCall = { number: calls.length, entries, codes: undefined };
    calls.push(call);
    const refusal = requestFault(entries);
    if (refusal) return failed(400, refusal);
    const fault = play?.(call);
    if (fault?.kind === "error")
      return failed(fault.status, { code: fault.code, message: "made up by a test" });
    if (fault?.kind === "reset" && !fault.taken) return "reset";
    const results = entries.map((entry, position) => {
      const code = fault?.kind === "entries" ? fault.codes[position] : undefined;
      const made = code === undefined ? undefined : { code, message: "made up by a test" };
      const wrong = entryFault(entry) ?? made;
      if (!wrong) return { EventId: take(entry) };
      return { ErrorCode: wrong.code, ErrorMessage: wrong.message };
    });
    call.codes = results.map(({ ErrorCode }) => ErrorCode);
    if (fault?.kind === "reset" || fault?.kind === "truncated") return fault.kind;
    const FailedEntryCount = results.filter(({ ErrorCode }) => ErrorCode).length;
    const Entries = fault?.kind === "short" ? results.slice(1) : results;
    return { status: 200, body: { FailedEntryCount, Entries } };
  }

  function describe(given: unknown): Reply {
    const name = nameOf(given);
    const Arn = `arn:aws:events:us-east-1:123456789012:event-bus/${name}`;
    if (buses.has(name)) return { status: 200, body: { Name: name, Arn } };
    const message = `Event bus ${name} does not exist.`;
    return failed(400, { code: "ResourceNotFoundException", message });
  }

  /** One a page, so that who asks has to turn it. */
  function list(kind: "Rules" | "Archives", bus: unknown, token: unknown): Reply {
    const all = listeners.filter((one) => one.kind === kind && one.bus === nameOf(bus));
    const at = Number(token ?? 0);
    const page = all
      .slice(at, at + 1)
      .map(({ state }) => ({ Name: `${kind}-${at}`, State: state }));
    const more = at + 1 < all.length ? { NextToken: String(at + 1) } : {};
    return { status: 200, body: { [kind]: page, ...more } };
  }

  function answerTo(
    action: string,
    body: Readonly<Record<string, unknown>>,
  ): ReturnType<typeof putEvents> {
    if (denied.has(action)) {
      const message = `not authorized to perform: events:${action}`;
      return failed(400, { code: "AccessDeniedException", message });
    }
    switch (action) {
      case "PutEvents":
        return putEvents(body["Entries"] as readonly PutEntry[]);
      case "DescribeEventBus":
        return describe(body["Name"]);
      case "ListRules":
        return list("Rules", body["EventBusName"], body["NextToken"]);
      case "ListArchives":
        return list("Archives", body["EventSourceArn"], body["NextToken"]);
      default:
        return failed(400, { code: "UnknownOperationException", message: action });
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await text(request)) as Record<string, unknown>;
    const action = String(request.headers["x-amz-target"]).replace("AWSEvents.", "");
    const reply = answerTo(action, body);
    if (reply === "reset") request.socket.resetAndDestroy();
    else if (reply === "truncated") give(response, 200, `{"FailedEntryCount":0,"Entr`);
    else give(response, reply.status, JSON.stringify(reply.body));
  }

  const { endpoint, stop } = await serveHttp(handle);
  return {
    endpoint,
    environment: {
      AWS_ENDPOINT_URL_EVENTBRIDGE: endpoint,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: "us-east-1",
    },
    arrived,
    calls,
    get dropped() {
      return dropped;
    },
    createBus: (name) => void buses.add(name),
    deleteBus: (name) => void buses.delete(name),
    createListener: (bus, kind, state = "ENABLED") => void listeners.push({ bus, kind, state }),
    deny: (action) => void denied.add(action),
    script(script) {
      play = script;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function nameOf(nameOrArn: unknown): string {
  return typeof nameOrArn === "string" ? nameOrArn.replace(/^arn:.*:event-bus\//, "") : "default";
}

function failed(status: number, { code, message }: Refusal): Reply {
  return { status, body: { __type: code, message } };
}

function give(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    "content-type": "application/x-amz-json-1.1",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}
