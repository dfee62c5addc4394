/**
 * A connection from a process to the model server, with its two ends and the way between: latency, a cut, and a link of
 * which only half is open. Seen from the bridge it is a `Wire`.
 */
import type { Ms } from "../../../functions/bridge/core/ports.ts";
import { SourceError } from "../../../functions/bridge/source/source-error.ts";
import type { Wire, WireListener, WireMessage } from "../../../functions/bridge/source/wire.ts";
import type { ModelProcess } from "../model-process.ts";
import type { World } from "../world.ts";
import { receive } from "./model-api.ts";
import type { Connection, ModelServer } from "./model-server.ts";
import type { StoredMessage } from "./model-stream.ts";

export interface Way {
  /** One way, milliseconds. */
  latency(): Ms;
  /** How long an end takes to notice that the other is silent. */
  readonly noticeMs: Ms;
  /** Told of every verdict at the moment at which it leaves. */
  verdict(connection: Connection, token: string, payload: string): void;
}

type Flight = () => void;

const NO_HEADERS: ReadonlyMap<string, readonly string[]> = new Map();
const NO_DATA = new Uint8Array();

export class Link implements Wire, Connection {
  readonly process: ModelProcess;
  readonly inbox: string;
  readonly pullInbox: string;
  readonly serverVersion: string;
  readonly maxPayload = 1_048_576;
  isReceiving = true;
  readonly #world: World;
  readonly #server: ModelServer;
  readonly #way: Way;
  readonly #listener: WireListener;
  readonly #up: Lane;
  readonly #down: Lane;
  #clientIsOpen = true;
  #serverIsOpen = true;

  constructor(
    world: World,
    server: ModelServer,
    process: ModelProcess,
    way: Way,
    listener: WireListener,
    id: number,
  ) {
    this.#world = world;
    this.#server = server;
    this.process = process;
    this.#way = way;
    this.#listener = listener;
    this.inbox = `_INBOX.${id}`;
    this.pullInbox = `_INBOX.P${id}`;
    this.serverVersion = server.behaviour.version;
    this.#up = new Lane(world, way, (flights) => {
      if (this.#serverIsOpen) for (const flight of flights) flight();
    });
    this.#down = new Lane(world, way, (flights) => {
      process.reach(() => {
        for (const flight of flights) if (this.#clientIsOpen) flight();
      });
    });
    server.connected(this);
  }

  get isOpen(): boolean {
    return this.#clientIsOpen && this.#serverIsOpen;
  }

  // — The bridge's end

  publish(
    subject: string,
    bytes: string | Uint8Array,
    reply = "",
    headers: ReadonlyMap<string, string> = new Map(),
  ): void {
    if (!this.#clientIsOpen) return;
    const payload = typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes);
    this.#world.trace(() => `${this.process.name} → ${subject} ${payload}`);
    if (subject.startsWith("$JS.ACK.")) this.#way.verdict(this, subject, payload);
    this.#up.send(() =>
      receive(this.#world, this.#server, this, { subject, payload, reply, headers }),
    );
  }

  stopReceiving(): Promise<void> {
    return this.#roundTrip(() => {
      this.isReceiving = false;
      this.#server.stopped(this);
    });
  }

  async close(flush: boolean): Promise<void> {
    if (flush) await this.#roundTrip(() => this.#endAtServer());
    else if (this.#clientIsOpen) this.#up.send(() => this.#endAtServer());
    this.#clientIsOpen = false;
  }

  /** Resolves when the server has done it, and all that it had sent before has arrived. */
  #roundTrip(atServer: () => void): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#clientIsOpen) return resolve();
      this.#up.send(() => {
        // The answer leaves first: what follows may hang up.
        this.#down.send(resolve);
        atServer();
      });
    });
  }

  // — The server's end

  delivery(message: StoredMessage, token: string): void {
    this.#world.trace(() => `${this.process.name} ← ${token}`);
    const { subject, headers, data } = message;
    this.#arrive({ subject, reply: token, status: 0, description: "", headers, data });
  }

  status(subject: string, status: number, description: string): void {
    this.#world.trace(() => `${this.process.name} ← ${status} ${description}`);
    this.#arrive({ subject, reply: "", status, description, headers: NO_HEADERS, data: NO_DATA });
  }

  reply(subject: string, status: number, text: string): void {
    const data = text === "" ? NO_DATA : Buffer.from(text);
    this.#arrive({ subject, reply: "", status, description: "", headers: NO_HEADERS, data });
  }

  hangUp(): void {
    this.#serverIsOpen = false;
    this.#down.send(() => this.#endAtClient(new Error("the server hung up")));
  }

  #arrive(message: WireMessage): void {
    this.#down.send(() => this.#listener.message(message));
  }

  // — The way between

  /** Both ends know at once, and what was under way is lost. */
  cut(): void {
    this.#up.lose();
    this.#down.lose();
    this.#endAtServer();
    this.process.reach(() => this.#endAtClient(new Error("connection reset")));
  }

  /** Nothing gets through any more, and neither end knows until it misses the other. */
  halfOpen(serverNoticesAfterMs: Ms): void {
    this.#up.lose();
    this.#down.lose();
    this.#world.after(this.#way.noticeMs, () =>
      this.process.reach(() => this.#endAtClient(new Error("stale connection"))),
    );
    this.#world.after(serverNoticesAfterMs, () => this.#endAtServer());
  }

  /** What is sent meanwhile arrives late, in its order. */
  stall(ms: Ms): void {
    this.#up.stall(ms);
    this.#down.stall(ms);
  }

  /** The process is gone. `afterMs`: until the server sees it. */
  orphan(afterMs: Ms): void {
    this.#world.after(afterMs, () => this.#endAtServer());
  }

  #endAtServer(): void {
    if (!this.#serverIsOpen) return;
    this.#serverIsOpen = false;
    this.isReceiving = false;
    this.#server.disconnected(this);
  }

  #endAtClient(error: Error): void {
    if (!this.#clientIsOpen) return;
    this.#clientIsOpen = false;
    this.#listener.trouble({ kind: "closed", error });
  }
}

/** One direction: nothing overtakes, and what is sent in one go arrives in one go. */
class Lane {
  readonly #world: World;
  readonly #way: Way;
  readonly #arrived: (flights: readonly Flight[]) => void;
  #arrivesAt: Ms = 0;
  #sentIn = -1;
  #load: Flight[] = [];
  #isLost = false;

  constructor(world: World, way: Way, arrived: (flights: readonly Flight[]) => void) {
    this.#world = world;
    this.#way = way;
    this.#arrived = arrived;
  }

  send(flight: Flight): void {
    if (this.#isLost) return;
    if (this.#sentIn === this.#world.events && this.#load.length > 0) {
      this.#load.push(flight);
      return;
    }
    const load = [flight];
    this.#load = load;
    this.#sentIn = this.#world.events;
    this.#arrivesAt = Math.max(this.#arrivesAt, this.#world.now + this.#way.latency());
    this.#world.at(this.#arrivesAt, () => {
      if (!this.#isLost) this.#arrived(load);
    });
  }

  lose(): void {
    this.#isLost = true;
  }

  stall(ms: Ms): void {
    this.#arrivesAt = Math.max(this.#arrivesAt, this.#world.now + ms);
  }
}

/** Connecting takes a round trip and a half, and fails when the server is away. */
export async function connect(
  world: World,
  server: ModelServer,
  process: ModelProcess,
  way: Way,
  listener: WireListener,
  id: number,
): Promise<Link> {
  await process.later(way.latency() * 3, () => undefined);
  if (!server.isUp) throw new SourceError("broken", "cannot connect to NATS: connection refused");
  return new Link(world, server, process, way, listener, id);
}
