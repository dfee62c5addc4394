/** Message → entry of a SendMessageBatch. Pure: the same message always gives the same entry. */
import type { Letter, Message, Rejected } from "../../core/ports.ts";
import { withHeaders } from "../../map/attributes.ts";
import { bodyOf } from "../../map/body.ts";
import { legalId, natsMsgId } from "../../map/fifo-ids.ts";
import { messageId } from "../../map/message-id.ts";
import { fillTemplate, type Template } from "../../map/template.ts";
import { escapeForbidden, utf8Length } from "../../map/text.ts";
import { xrayTraceHeader } from "../../map/trace.ts";

/** What is sent for one message. Made once, sent as often as needed. */
export interface SqsEntry {
  readonly body: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** X-Ray's header; the one system attribute that can be sent, and it does not count towards the size. */
  readonly trace?: string;
  readonly group?: string;
  readonly deduplication?: string;
  /** Body and attributes in bytes, as SQS counts them. */
  readonly bytes: number;
}

export interface SqsMapping {
  /** First part of message ids. */
  readonly origin: string;
  /** Only on FIFO queues. */
  readonly fifo?: {
    readonly group: Template;
    readonly deduplicationId: "message-id" | "nats-msg-id";
  };
}

export function sqsEntry(
  message: Message,
  mapping: SqsMapping,
  letter?: Letter,
): SqsEntry | Rejected {
  const id = messageId(mapping.origin, message);
  const group = mapping.fifo && fillTemplate(mapping.fifo.group, message);
  if (typeof group === "object") return group;
  const body = bodyOf(message.data);
  const attributes = withHeaders(
    ownAttributes(id, message, body.encoding, letter),
    message.headers,
  );
  const trace = xrayTraceHeader(message.headers.get("traceparent")?.[0]);
  return {
    body: body.text,
    attributes,
    ...(trace !== undefined && { trace }),
    ...(group !== undefined && {
      group: legalId(group),
      deduplication: deduplicationId(id, message, mapping),
    }),
    bytes: sizeOf(body.text, attributes),
  };
}

function deduplicationId(id: string, message: Message, mapping: SqsMapping): string {
  const wanted = mapping.fifo?.deduplicationId === "nats-msg-id" ? natsMsgId(message) : undefined;
  return legalId(wanted || id);
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

/** Every attribute counts with its name, its type (`String`) and its value. SendMessageBatch, SQS API Reference. */
function sizeOf(body: string, attributes: ReadonlyMap<string, string>): number {
  let bytes = utf8Length(body);
  for (const [name, value] of attributes)
    bytes += name.length + "String".length + utf8Length(value);
  return bytes;
}
