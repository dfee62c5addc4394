/** Message → body and attributes, as every receiver of SQS-shaped messages gets them. */
import type { Letter, Message } from "../core/ports.ts";
import { withHeaders } from "./attributes.ts";
import { bodyOf } from "./body.ts";
import { messageId } from "./message-id.ts";
import { escapeForbidden } from "./text.ts";
import { xrayTraceHeader } from "./trace.ts";

export interface MappedMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** X-Ray's header, from `traceparent`. */
  readonly trace?: string;
}

/** A dead letter carries the same, and three attributes that say why it is one. */
export function mapMessage(message: Message, origin: string, letter?: Letter): MappedMessage {
  const id = messageId(origin, message);
  const body = bodyOf(message.data);
  const own = ownAttributes(id, message, body.encoding, letter);
  const trace = xrayTraceHeader(message.headers.get("traceparent")?.[0]);
  return {
    id,
    body: body.text,
    attributes: withHeaders(own, message.headers),
    ...(trace !== undefined && { trace }),
  };
}

function ownAttributes(
  id: string,
  message: Message,
  encoding: string | undefined,
  letter: Letter | undefined,
): ReadonlyMap<string, string> {
  const own = new Map([
    ["nats-id", escapeForbidden(id)],
    ["nats-subject", escapeForbidden(message.subject)],
  ]);
  if (encoding !== undefined) own.set("nats-encoding", encoding);
  if (letter) {
    own.set("dead-letter-reason", escapeForbidden(letter.reason) || "unknown");
    own.set("dead-letter-evidence", escapeForbidden(letter.evidence) || "none");
    own.set("dead-letter-tries", String(letter.tries));
  }
  return own;
}
