/** Headers → message attributes: what fits becomes an attribute of its own name, nothing is lost. */
import { escapeForbidden, isXmlText } from "./text.ts";

/** Most message attributes of one message. "Amazon SQS message quotas", SQS Developer Guide. */
const SLOTS = 10;

/** Letters, digits, `_`, `-`, `.`, at most 256; "Amazon SQS message metadata", SQS Developer Guide. */
const LEGAL_NAME = /^(?!aws\.|amazon\.|\.|__proto__$)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)$/i;

/** Ours: a header of such a name goes into `nats-headers`. */
const OWN_NAME = /^(nats-(id|subject|encoding|headers)|dead-letter-.*)$/i;

/** Where all headers are found that did not become attributes: a JSON object, name → array of values. */
const OVERFLOW = "nats-headers";

/**
 * Adds `headers` to `own` attributes. A header gets its own attribute when it has a single value, name and value are
 * legal, and a slot is left, in the order of the message; the others go into one JSON attribute.
 */
export function withHeaders(
  own: ReadonlyMap<string, string>,
  headers: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, string> {
  const attributes = new Map(own);
  const fitting = [...headers].filter(([name, values]) => isLegal(name, values));
  const free = SLOTS - own.size;
  const overflows = fitting.length < headers.size || fitting.length > free;
  for (const [name, values] of fitting.slice(0, overflows ? free - 1 : free)) {
    attributes.set(name, values[0] ?? "");
  }
  if (overflows) {
    const rest = [...headers].filter(([name]) => !attributes.has(name) || own.has(name));
    attributes.set(OVERFLOW, jsonObject(rest));
  }
  return attributes;
}

function isLegal(name: string, values: readonly string[]): boolean {
  const [value, ...others] = values;
  if (value === undefined || value === "" || others.length > 0) return false;
  return LEGAL_NAME.test(name) && !OWN_NAME.test(name) && isXmlText(value);
}

/** Written by hand where JSON.stringify falls short: `__proto__` as a name, and the two characters XML forbids. */
function jsonObject(entries: readonly (readonly [string, readonly string[]])[]): string {
  const members = entries.map(
    ([name, values]) => `${JSON.stringify(name)}:${JSON.stringify(values)}`,
  );
  return escapeForbidden(`{${members.join(",")}}`);
}
