/** Message group id and message deduplication id of FIFO queues. */
import { createHash } from "node:crypto";
import type { Message } from "../core/ports.ts";

/** At most 128 ASCII letters, digits and punctuation, no space. SendMessageBatchRequestEntry, SQS API Reference. */
const LEGAL = /^[!-~]{1,128}$/;

/** `text` itself where SQS takes it as an id, else its SHA-256 in hex: equal texts give equal ids. */
export function legalId(text: string): string {
  return LEGAL.test(text) ? text : createHash("sha256").update(text).digest("hex");
}

/** The publisher's own `Nats-Msg-Id`, where there is one. */
export function natsMsgId(message: Message): string | undefined {
  return message.headers.get("Nats-Msg-Id")?.[0];
}
