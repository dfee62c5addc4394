/** A delivery off the wire → a message of the core. All it tells about itself stands in its ack subject. */
import type { Message } from "../core/ports.ts";
import type { WireMessage } from "./wire.ts";

const ACK_PREFIX = "$JS.ACK.";

export function isDelivery(wire: WireMessage): boolean {
  return wire.reply.startsWith(ACK_PREFIX);
}

/**
 * Ack subjects come in two forms: `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<ns>.<pending>`
 * and, where the server has the new form switched on, with `<domain or _>.<account>` before the stream and possibly
 * more tokens at the end (ADR-15).
 */
export function messageOf(wire: WireMessage): Message {
  const tokens = wire.reply.split(".");
  const first = tokens.length < 11 ? 2 : 4;
  const [stream = "", consumer = "", deliveries, sequence, consumerSequence, nanos = ""] =
    tokens.slice(first);
  return {
    stream,
    consumer,
    subject: wire.subject,
    streamSequence: Number(sequence),
    consumerSequence: Number(consumerSequence),
    deliveryCount: Number(deliveries),
    timestampNanos: BigInt(nanos),
    data: wire.data,
    headers: wire.headers,
  };
}
