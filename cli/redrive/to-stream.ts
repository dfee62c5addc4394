/** Back to the stream: each message published to its subject, and confirmed by the stream that stored it. */
import {
  type JetStreamManager,
  jetstream,
  JetStreamApiError,
  jetstreamManager,
  type PubAck,
} from "@nats-io/jetstream";
import { errors, type MsgHdrs, type NatsConnection } from "@nats-io/transport-node";
import type { Config } from "../../functions/bridge/config.ts";
import type { Identities } from "../../functions/bridge/source/identity.ts";
import { open } from "../../functions/bridge/source/open.ts";
import { type Anew, anew, type AnewOptions, redriveId } from "./anew.ts";
import type { DeadLetter } from "./dead-letter.ts";
import type { Item, Sender, Sent } from "./ports.ts";

const AT_ONCE = 10;

/** So many in a row without an answer, and there is no use in going on. */
const PATIENCE = 3;

/** Rejects when NATS cannot be used. */
export async function streamSender(
  nats: Config["nats"],
  identities: Identities,
  options: AnewOptions,
): Promise<Sender> {
  const { connection } = await open({ ...nats, name: "jetstream-aws-bridge redrive" }, identities);
  const { apiPrefix, timeoutMs: timeout } = nats;
  const js = jetstream(connection, { apiPrefix, timeout });
  const manager = await jetstreamManager(connection, { apiPrefix, timeout, checkAPI: false });

  async function send({ content, letter }: Item): Promise<Sent> {
    const message = anew(letter, content, options);
    if ("refused" in message) return { kind: "refused", reason: message.refused };
    const excess = tooLarge(message, connection);
    if (excess !== undefined) return { kind: "refused", reason: excess };
    try {
      const ack = await js.publish(message.subject, message.data, headersOf(message));
      return ack.duplicate
        ? await duplicate(ack, letter, message, manager)
        : { kind: "stored", where: placeOf(ack), leftOut: message.leftOut };
    } catch (error) {
      return notStored(error, letter.subject);
    }
  }

  let failedInARow = 0;
  return {
    atOnce: AT_ONCE,
    async send(items) {
      const sent = await Promise.all(items.map(send));
      const failed = sent.filter((one) => one.kind === "failed");
      failedInARow = failed.length === sent.length ? failedInARow + failed.length : 0;
      if (!connection.isClosed() && failedInARow < PATIENCE) return { sent };
      return { sent, stop: failed[0]?.reason ?? "the connection to NATS is closed" };
    },
    close: () => connection.close(),
  };
}

/** All that the client does with headers is to encode them. A test stands guard. */
function headersOf({ headerBlock }: Anew): { readonly headers: MsgHdrs } | Record<string, never> {
  if (!headerBlock) return {};
  return { headers: { encode: () => headerBlock } as unknown as MsgHdrs };
}

function tooLarge(message: Anew, connection: NatsConnection): string | undefined {
  const most = connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
  const bytes = message.data.length + (message.headerBlock?.length ?? 0);
  return bytes <= most
    ? undefined
    : `${bytes} bytes with headers, and the server takes ${most} (max_payload)`;
}

/**
 * A duplicate stored nothing. With our own id it says that the same letter was published before: if the stream still
 * has that message, it is stored anew.
 */
async function duplicate(
  ack: PubAck,
  letter: DeadLetter,
  message: Anew,
  manager: JetStreamManager,
): Promise<Sent> {
  const id = message.messageId ?? "";
  const said = `duplicate: stream ${ack.stream} has seen the Nats-Msg-Id ${id} within its duplicate window, and stored nothing`;
  if (id !== redriveId(letter)) {
    return { kind: "refused", reason: `${said}; without --same-id it gets another id` };
  }
  const stored = await manager.streams
    .getMessage(ack.stream, { seq: ack.seq })
    .catch(() => undefined);
  if (stored?.subject === letter.subject && stored.header.get("Nats-Msg-Id") === id) {
    return { kind: "stored", where: `${placeOf(ack)} by an earlier redrive`, leftOut: [] };
  }
  return {
    kind: "refused",
    reason: `${said}; an earlier redrive published it as sequence ${ack.seq}, which the stream does not show any more: consumed, removed, or not to be read; repeat after the window to publish it once more`,
  };
}

function placeOf({ seq, stream }: PubAck): string {
  return `${stream}/${seq}`;
}

function notStored(error: unknown, subject: string): Sent {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof errors.RequestError && cause.isNoResponders()) {
    return { kind: "refused", reason: `no stream listens to ${JSON.stringify(subject)}` };
  }
  const said = error instanceof Error ? error.message : String(error);
  if (error instanceof JetStreamApiError) {
    return { kind: "refused", reason: `${said} (${error.code})` };
  }
  if (cause instanceof errors.PermissionViolationError) {
    return { kind: "refused", reason: cause.message };
  }
  return { kind: "failed", reason: `${said}; the stream may have it all the same` };
}
