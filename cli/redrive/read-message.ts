/** A message of the dead-letter queue → the letter and what was published. */
import {
  type Content,
  type DeadLetter,
  deadLetterOf,
  headersOf,
  isUnreadable,
  type Unreadable,
  type Values,
} from "./dead-letter.ts";

/** As `ReceiveMessage` gives it, asked for all attributes. */
export interface QueueMessage {
  readonly Body?: string | undefined;
  readonly MessageAttributes?:
    | Readonly<Record<string, { readonly StringValue?: string | undefined }>>
    | undefined;
}

export interface Read {
  readonly letter: DeadLetter;
  readonly content: Content;
}

/** The bridge's own attributes; every other is a header of that name. */
const OURS = /^(nats-(id|subject|encoding|headers)|dead-letter-.*)$/;

/** As the bridge writes a character that SQS does not take; or else the publisher did, and nobody can tell. */
const ESCAPED = /\\u(00[01][0-9a-f]|fff[ef])/;

export function readMessage(message: QueueMessage): Read | Unreadable {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(
    ([name, { StringValue }]) => [name, StringValue] as const,
  );
  const values: Values = Object.fromEntries(attributes);
  const data = dataOf(message.Body ?? "", values["nats-encoding"]);
  if (isUnreadable(data)) return data;
  const letter = deadLetterOf(values, data.length);
  if (isUnreadable(letter)) return letter;
  if (ESCAPED.test(letter.subject)) {
    const shown = JSON.stringify(letter.subject);
    return { unreadable: `its subject, ${shown}, may have had a control character` };
  }
  const headers = headersOf(values["nats-headers"] ?? "{}");
  if (isUnreadable(headers)) return headers;
  const own = attributes.filter(([name]) => !OURS.test(name));
  if (own.some(([, value]) => value === undefined)) {
    return { unreadable: "an attribute of it is no text" };
  }
  const all = new Map([...own.map(([name, value]) => [name, [value ?? ""]] as const), ...headers]);
  return { letter, content: { data, headers: all } };
}

function dataOf(body: string, encoding: string | undefined): Uint8Array | Unreadable {
  switch (encoding) {
    case undefined:
      return Buffer.from(body, "utf8");
    case "empty":
      return new Uint8Array();
    case "base64": {
      const data = Buffer.from(body, "base64");
      // Buffer leaves out what is no base64; a payload must not become another one.
      return data.toString("base64") === body ? data : { unreadable: "its body is no base64" };
    }
    default:
      return { unreadable: `nats-encoding is ${JSON.stringify(encoding)}, not base64 or empty` };
  }
}
