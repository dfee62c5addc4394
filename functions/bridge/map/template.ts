/** Templates over a message: `{stream}`, `{subject}`, `{subject.2}`, `{header.Name}`. */
import type { Message, Rejected } from "../core/ports.ts";

type Part =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "stream" }
  | { readonly kind: "subject" }
  | { readonly kind: "token"; readonly index: number }
  | { readonly kind: "header"; readonly name: string };

export type Template = readonly Part[];

/** Thrown by `parseTemplate`; the message says what would be right. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
}

const PLACES = "{stream}, {subject}, {subject.1} (tokens from 1) or {header.Name}";

export function parseTemplate(text: string): Template {
  if (text === "") throw new TemplateError(`text with ${PLACES}`);
  const parts: Part[] = [];
  for (const piece of text.split(/(\{[^{}]*\})/)) {
    if (piece === "") continue;
    parts.push(piece.startsWith("{") ? place(piece) : literal(piece));
  }
  return parts;
}

function literal(text: string): Part {
  if (/[{}]/.test(text)) throw new TemplateError(`braces in pairs around ${PLACES}`);
  return { kind: "literal", text };
}

function place(piece: string): Part {
  const name = piece.slice(1, -1);
  if (name === "stream" || name === "subject") return { kind: name };
  const token = /^subject\.([1-9]\d*)$/.exec(name);
  if (token) return { kind: "token", index: Number(token[1]) };
  const header = /^header\.(.+)$/.exec(name);
  if (header?.[1]) return { kind: "header", name: header[1] };
  throw new TemplateError(`${PLACES}, not ${piece}`);
}

/** The text for `message`, or why there is none. */
export function fillTemplate(template: Template, message: Message): string | Rejected {
  let text = "";
  for (const part of template) {
    const value = valueOf(part, message);
    if (value === undefined || value === "") return { rejected: missing(part, message) };
    text += value;
  }
  return text;
}

function valueOf(part: Part, message: Message): string | undefined {
  switch (part.kind) {
    case "literal":
      return part.text;
    case "stream":
      return message.stream;
    case "subject":
      return message.subject;
    case "token":
      return message.subject.split(".")[part.index - 1];
    case "header":
      return message.headers.get(part.name)?.[0];
  }
}

function missing(part: Part, message: Message): string {
  if (part.kind === "header")
    return `the template asks for the header ${part.name}, which is missing or empty`;
  const index = part.kind === "token" ? part.index : 0;
  return `the template asks for subject token ${index}, and the subject has ${message.subject.split(".").length}`;
}

/**
 * The highest subject token that `template` asks for and `filter` can never have, or undefined. A filter ending in `>`
 * may have any number of tokens.
 */
export function tokenBeyond(template: Template, filter: string): number | undefined {
  if (filter.endsWith(">")) return undefined;
  const tokens = filter.split(".").length;
  const asked = template.map((part) => (part.kind === "token" ? part.index : 0));
  const highest = Math.max(0, ...asked);
  return highest > tokens ? highest : undefined;
}
