/**
 * NATS headers from their bytes. Not left to the client: it throws at a name with a space, which one odd publisher
 * could send, and writes U+FFFD over bytes that are no UTF-8.
 */

export interface ParsedHeaders {
  readonly status: number;
  readonly description: string;
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

const STATUS = /^NATS\/1\.0\s+(\d{3})\s*(.*)$/;
// oxlint-disable-next-line eslint/no-control-regex -- ASCII has them
const ASCII = /^[\u0000-\u007F]*$/;
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const NO_HEADERS: ReadonlyMap<string, readonly string[]> = new Map();

export function parseHeaders(block: Uint8Array): ParsedHeaders {
  // CR LF never stands inside a UTF-8 sequence, so lines can be cut before they are decoded.
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  const [first = "", ...lines] = bytes.toString("latin1").split("\r\n");
  const status = STATUS.exec(first);
  const headers = new Map<string, string[]>();
  for (const raw of lines) {
    const line = decode(raw);
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const name = line.slice(0, colon);
    const values = headers.get(name) ?? [];
    values.push(trimBlanks(line.slice(colon + 1)));
    headers.set(name, values);
  }
  return {
    status: status ? Number(status[1]) : 0,
    description: status?.[2]?.trim() ?? "",
    headers,
  };
}

/** A line that is not UTF-8 is read as Latin-1, one character for each byte, so that none is lost. */
function decode(raw: string): string {
  if (ASCII.test(raw)) return raw;
  try {
    return strict.decode(Buffer.from(raw, "latin1"));
  } catch {
    return raw;
  }
}

/** Blanks and tabs around a value are no part of it; other white space is. */
function trimBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && (text[start] === " " || text[start] === "\t")) start += 1;
  while (end > start && (text[end - 1] === " " || text[end - 1] === "\t")) end -= 1;
  return text.slice(start, end);
}
