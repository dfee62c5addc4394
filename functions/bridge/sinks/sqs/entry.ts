/** Message → entry of a SendMessageBatch. Pure: the same message always gives the same entry. */
import type { Letter, Message, Rejected } from "../../core/ports.ts";
import { legalId, natsMsgId } from "../../map/fifo-ids.ts";
import { mapMessage } from "../../map/mapped-message.ts";
import { fillTemplate, type Template } from "../../map/template.ts";
import { utf8Length } from "../../map/text.ts";

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
  const group = mapping.fifo && fillTemplate(mapping.fifo.group, message);
  if (typeof group === "object") return group;
  const { attributes, body, id, trace } = mapMessage(message, mapping.origin, letter);
  return {
    body,
    attributes,
    ...(trace !== undefined && { trace }),
    ...(group !== undefined && {
      group: legalId(group),
      deduplication: deduplicationId(id, message, mapping),
    }),
    bytes: sizeOf(body, attributes),
  };
}

function deduplicationId(id: string, message: Message, mapping: SqsMapping): string {
  const isPublishers = mapping.fifo?.deduplicationId === "nats-msg-id";
  return legalId((isPublishers ? natsMsgId(message) : undefined) || id);
}

/** Every attribute counts with its name, its type (`String`) and its value. SendMessageBatch, SQS API Reference. */
function sizeOf(body: string, attributes: ReadonlyMap<string, string>): number {
  let bytes = utf8Length(body);
  for (const [name, value] of attributes) {
    bytes += name.length + "String".length + utf8Length(value);
  }
  return bytes;
}
