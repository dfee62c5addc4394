/** Letter and content → what is published. Pure: the same letter always gives the same bytes and the same id. */
import type { Content, DeadLetter } from "./dead-letter.ts";

export interface Anew {
  readonly subject: string;
  /** As it goes over the wire; undefined: no headers. */
  readonly headerBlock: Uint8Array | undefined;
  readonly data: Uint8Array;
  /** Its `Nats-Msg-Id`, if it has one. */
  readonly messageId: string | undefined;
  /** Names of headers that are not published again. */
  readonly leftOut: readonly string[];
}

export interface AnewOptions {
  /** Keep the publisher's own `Nats-Msg-Id`. */
  readonly sameId: boolean;
  /** The stream that has to store it; undefined: whichever takes the subject. */
  readonly stream: string | undefined;
}

const MESSAGE_ID = "Nats-Msg-Id";
const EXPECTED_STREAM = "Nats-Expected-Stream";

/**
 * Told the server once what to do with the message; a second time they would make it refuse, remove other messages, or
 * do something at a time that has gone by. Case does not save one: better to leave out too much.
 */
const CONTROL = /^nats-(expected-.*|rollup|ttl|schedule.*|batch-.*|incr)$/i;

/** Of JetStream's API and acknowledgements, and of the server itself: nothing that a letter may be sent to. */
const SPECIAL = /^\$JS\.([^.]+\.)?API\.|^\$JS\.(ACK|FC)\.|^\$SYS\./;

/** The tries tell one burial from the next, where a message has kept its id. */
export function redriveId(letter: DeadLetter): string {
  return `redrive/${letter.id}/${letter.tries}`;
}

export function anew(
  letter: DeadLetter,
  content: Content,
  { sameId, stream }: AnewOptions,
): Anew | { readonly refused: string } {
  const fault = subjectFault(letter.subject);
  if (fault !== undefined) return { refused: fault };
  const names = [...content.headers.keys()];
  const leftOut = names.filter((name) => CONTROL.test(name));
  const headers = new Map(content.headers);
  for (const name of leftOut) headers.delete(name);
  if (!sameId) headers.set(MESSAGE_ID, [redriveId(letter)]);
  if (stream !== undefined) headers.set(EXPECTED_STREAM, [stream]);
  const odd = [...headers].find(([name, values]) => !isHeader(name, values));
  if (odd) return { refused: `${JSON.stringify(odd[0])} is no header that NATS could carry` };
  return {
    subject: letter.subject,
    headerBlock: headers.size === 0 ? undefined : blockOf(headers),
    data: content.data,
    messageId: headers.get(MESSAGE_ID)?.[0],
    leftOut,
  };
}

function subjectFault(subject: string): string | undefined {
  const tokens = subject.split(".");
  const isSubject = tokens.every((token) => token !== "" && !/\s|^[*>]$/.test(token));
  const shown = JSON.stringify(subject);
  if (!isSubject) return `${shown} is no subject that a message can have`;
  if (SPECIAL.test(subject)) return `${shown} is a subject of the server itself`;
  return undefined;
}

function isHeader(name: string, values: readonly string[]): boolean {
  return !/[:\r\n]/.test(name) && name !== "" && values.every((value) => !value.includes("\r\n"));
}

/** By hand: the client refuses names that a server takes, and trims more of a value than blanks. */
function blockOf(headers: ReadonlyMap<string, readonly string[]>): Uint8Array {
  const lines = [...headers].flatMap(([name, values]) =>
    values.map((value) => `${name}: ${value}\r\n`),
  );
  return new TextEncoder().encode(`NATS/1.0\r\n${lines.join("")}\r\n`);
}
