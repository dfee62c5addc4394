/** Payload → body: the payload's own text where that can be, else base64, and a word that says which. */
import { decodeUtf8, isXmlText } from "./text.ts";

export interface Body {
  readonly text: string;
  /** Undefined: the body is the payload's text. `empty`: one space stands for nothing, since SQS takes no empty body. */
  readonly encoding?: "base64" | "empty";
}

export function bodyOf(data: Uint8Array): Body {
  if (data.length === 0) return { text: " ", encoding: "empty" };
  const text = decodeUtf8(data);
  if (text !== undefined && isXmlText(text)) return { text };
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { text: bytes.toString("base64"), encoding: "base64" };
}
