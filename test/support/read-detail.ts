/** The detail of an event that the bridge has sent → payload and headers as they were published. */

interface Nats {
  readonly id: string;
  readonly stream: string;
  readonly sequence: number;
  readonly subject: string;
  readonly timestamp: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

interface ReadDetail {
  readonly nats: Nats;
  readonly data: Buffer;
}

/** Byte for byte, which takes more care than most receivers need: they parse the detail, and leave out `nats`. */
export function readDetail(detail: string): ReadDetail {
  const {
    data,
    data_base64: base64,
    nats,
  } = JSON.parse(detail) as {
    readonly nats: Nats;
    readonly data?: unknown;
    readonly data_base64?: string;
  };
  const isWrapped = detail.startsWith(`{"nats":`);
  const end = isWrapped ? endOf(detail, `{"nats":`.length) : 0;
  if (!isWrapped || end === detail.length - 1) return { nats, data: Buffer.from(unmarked(detail)) };
  if (base64 !== undefined) return { nats, data: Buffer.from(base64, "base64") };
  const text = typeof data === "string" ? data : detail.slice(end + `,"data":`.length, -1);
  return { nats, data: Buffer.from(text) };
}

/** Without the member that was added as the last one. */
function unmarked(detail: string): string {
  for (
    let at = detail.lastIndexOf(`"nats":{`);
    at > 0;
    at = detail.lastIndexOf(`"nats":{`, at - 1)
  ) {
    const rest = detail.slice(endOf(detail, at + `"nats":`.length));
    if (/^\}\s*$/.test(rest)) return detail.slice(0, at).replace(/,$/, "") + rest;
  }
  return detail;
}

/** Behind the object that starts at `start`. */
function endOf(text: string, start: number): number {
  let depth = 0;
  let isText = false;
  for (let at = start; at < text.length; at += 1) {
    if (isText && text[at] === "\\") at += 1;
    else if (text[at] === `"`) isText = !isText;
    else if (!isText && text[at] === "{") depth += 1;
    else if (!isText && text[at] === "}" && (depth -= 1) === 0) return at + 1;
  }
  return text.length;
}
