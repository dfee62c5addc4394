/** The official client as a `Wire`: one connection, no reconnecting behind our back. */
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type ConnectionOptions,
  connect,
  createInbox,
  errors,
  headers as natsHeaders,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type Subscription,
} from "@nats-io/transport-node";
import { authenticator, type Credentials } from "./credentials.ts";
import { NO_HEADERS, parseHeaders } from "./headers.ts";
import { type Identities, type Identity, onlyIdentity } from "./identity.ts";
import { SourceError } from "./source-error.ts";
import type { Dial, Wire, WireListener, WireMessage } from "./wire.ts";

export interface ConnectionSettings {
  /** `host:port`, without scheme and credentials. */
  readonly servers: readonly string[];
  readonly credentials: Credentials;
  /** Undefined: whatever the server asks for. */
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly handshakeFirst: boolean;
    readonly servername?: string;
  };
  readonly inboxPrefix: string;
  /** To connect, for each server tried. */
  readonly timeoutMs: number;
  /** How the connection is called on the server. */
  readonly name: string;
}

/** The identities are those of the settings, unless others are given. */
export function dialer(
  settings: ConnectionSettings,
  identities: Identities = onlyIdentity(settings.credentials),
): Dial {
  /** Other servers of the cluster, as the last one told us: tried after those that were configured. */
  let gossiped: readonly string[] = [];
  return async (listener) => {
    const servers = [...new Set([...settings.servers, ...gossiped])];
    const { connection, identity } = await open(settings, identities, servers);
    gossiped = connection.info?.connect_urls ?? [];
    const revoked = (): void => identities.revoked(identity);
    return wireOf(connection, settings.inboxPrefix, listener, revoked);
  };
}

interface Opened {
  readonly connection: NatsConnection;
  readonly identity: Identity;
}

/**
 * A connection of the official client. One whose identity is refused is tried once more, where there is another one by
 * now. Throws a `SourceError`, and a `CredentialsError` for credentials that `credentialsFault` would have refused.
 */
export async function open(
  settings: ConnectionSettings,
  identities: Identities = onlyIdentity(settings.credentials),
  servers: readonly string[] = settings.servers,
): Promise<Opened> {
  const openAs = async (identity: Identity): Promise<Opened> => {
    const options = optionsOf(settings, identity, servers);
    const connection = await connect(options).catch((error: unknown) => {
      throw connectError(error, servers, identities.whence);
    });
    return { connection, identity };
  };
  const identity = await identities.current();
  try {
    return await openAs(identity);
  } catch (error) {
    if (!(error instanceof SourceError) || error.end !== "refused") throw error;
    const other = await identities.insteadOf(identity);
    if (!other) throw error;
    return openAs(other);
  }
}

function optionsOf(
  settings: ConnectionSettings,
  { credentials, ...pems }: Identity,
  servers: readonly string[],
): ConnectionOptions {
  const auth = authenticator(credentials);
  const insists = settings.tls || Object.keys(pems).length > 0;
  return {
    servers: [...servers],
    name: settings.name,
    inboxPrefix: settings.inboxPrefix,
    timeout: settings.timeoutMs,
    reconnect: false,
    // Half-open links are noticed in 10 to 20 s even while nothing is asked.
    pingInterval: 10_000,
    maxPingOut: 1,
    noAsyncTraces: true,
    ...(auth && { authenticator: auth }),
    ...(insists && { tls: { handshakeFirst: false, ...settings.tls, ...pems } }),
  };
}

function connectError(error: unknown, servers: readonly string[], whence: string): SourceError {
  const cause = error instanceof Error ? error : new Error(String(error));
  const isDenied = isAboutIdentity(cause);
  const said = isDenied ? `${cause.message}; check ${whence}` : tlsProblem(cause);
  const message = `cannot connect to NATS at ${servers.join(", ")}: ${said}`;
  return new SourceError(isDenied ? "refused" : "broken", message, { cause });
}

/** The server does not know us, or not any more. */
function isAboutIdentity(error: Error | undefined): boolean {
  return (
    error instanceof errors.AuthorizationError ||
    error instanceof errors.UserAuthenticationExpiredError ||
    (error instanceof errors.ProtocolError && /authentication revoked/i.test(error.message))
  );
}

/** OpenSSL's own words lead nobody to the setting. */
function tlsProblem(cause: Error): string {
  const said = cause.message.replaceAll(/\s+/g, " ").trim() || cause.name;
  if (/wrong version number|packet length too long/i.test(said)) {
    return "the server does not begin with a TLS handshake; NATS_TLS_FIRST is for servers with handshake_first";
  }
  const code = (cause as { code?: string }).code ?? "";
  const isTls = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/.test(code);
  return isTls ? `${said}; check NATS_CA, NATS_CERT and NATS_KEY, NATS_TLS_SERVERNAME` : said;
}

function wireOf(
  connection: NatsConnection,
  inboxPrefix: string,
  listener: WireListener,
  revoked: () => void,
): Wire {
  const inbox = createInbox(inboxPrefix);
  const pullInbox = createInbox(inboxPrefix);
  const subscribe = (subject: string): Subscription =>
    connection.subscribe(`${subject}.>`, {
      callback: (error, message) => {
        if (error) listener.trouble({ kind: "denied", subject, error });
        else listener.message(wireMessage(message));
      },
    });
  subscribe(inbox);
  const pulls = subscribe(pullInbox);
  void reportTrouble(connection, listener, revoked);
  return {
    inbox,
    pullInbox,
    serverVersion: connection.info?.version ?? "",
    maxPayload: connection.info?.max_payload ?? 0,
    publish(subject, payload, reply, headers) {
      if (connection.isClosed()) return;
      const options = {
        ...(reply && { reply }),
        ...(headers && { headers: clientHeaders(headers) }),
      };
      connection.publish(subject, payload, options);
    },
    async stopReceiving() {
      if (!connection.isClosed()) await pulls.drain();
    },
    async close(flush) {
      // An ack that is only in our buffer is lost by close(): flush first.
      if (flush && !connection.isClosed()) await connection.flush().catch(() => undefined);
      // What the server has refused until then is told by the client in turns of its own.
      if (flush) await nextTurn();
      await connection.close();
    },
  };
}

function clientHeaders(entries: ReadonlyMap<string, string>): MsgHdrs {
  const result = natsHeaders();
  for (const [name, value] of entries) result.set(name, value);
  return result;
}

async function reportTrouble(
  connection: NatsConnection,
  listener: WireListener,
  revoked: () => void,
): Promise<void> {
  let last: Error | undefined;
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type !== "error") continue;
      last = status.error;
      if (last instanceof errors.PermissionViolationError) {
        listener.trouble({ kind: "denied", subject: last.subject, error: last });
      }
    }
  })();
  const error = await connection.closed();
  const reason = last ?? error ?? new Error("closed");
  if (isAboutIdentity(reason)) revoked();
  listener.trouble({ kind: "closed", error: reason });
}

/** Where the client keeps what came off the wire: not public, so exact versions and a test stand guard. */
interface RawMessage {
  readonly _msg: { readonly hdr: number };
  readonly _rdata: Uint8Array | undefined;
}

function wireMessage(message: Msg): WireMessage {
  const { _msg, _rdata } = message as unknown as RawMessage;
  const parsed = _msg.hdr > -1 && _rdata ? parseHeaders(_rdata.subarray(0, _msg.hdr)) : undefined;
  return {
    subject: message.subject,
    reply: message.reply ?? "",
    status: parsed && message.data.length === 0 ? parsed.status : 0,
    description: parsed?.description ?? "",
    headers: parsed?.headers ?? NO_HEADERS,
    data: message.data,
  };
}
