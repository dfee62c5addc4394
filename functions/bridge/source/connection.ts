/** The official client as a `Wire`: one connection, no reconnecting behind our back. */
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  createInbox,
  errors,
  headers as natsHeaders,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type Subscription,
} from "@nats-io/transport-node";
import { NO_HEADERS, parseHeaders } from "./headers.ts";
import { type Identities, onlyIdentity } from "./identity.ts";
import { type ConnectionSettings, isAboutIdentity, open } from "./open.ts";
import type { Dial, Wire, WireListener, WireMessage } from "./wire.ts";

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
