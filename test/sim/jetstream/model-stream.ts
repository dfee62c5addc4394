/** A stream: numbered messages, some of which may be gone. */
import type { Ms } from "../../../functions/bridge/core/ports.ts";

export interface StoredMessage {
  readonly sequence: number;
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly timestampNanos: bigint;
  /** Who it is, whatever its number: the same number can be given out twice. */
  readonly uid: number;
}

export type NewMessage = Omit<StoredMessage, "sequence" | "timestampNanos">;

/** For so long a stream recognises a `Nats-Msg-Id`, unless it is told otherwise. */
export const DUPLICATE_WINDOW_MS: Ms = 120_000;

export class ModelStream {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly retention: "limits" | "workqueue";
  /** As the API writes it; another one for a stream that was made anew. */
  readonly created: string;
  readonly #messages = new Map<number, StoredMessage>();
  /** Ids of the last messages: under which sequence, and when. */
  readonly #ids = new Map<string, { readonly sequence: number; readonly at: Ms }>();
  #last = 0;

  constructor(
    name: string,
    subjects: readonly string[],
    retention: "limits" | "workqueue",
    created: string,
  ) {
    this.name = name;
    this.subjects = subjects;
    this.retention = retention;
    this.created = created;
  }

  get last(): number {
    return this.#last;
  }

  get first(): number {
    for (const sequence of this.#messages.keys()) return sequence;
    return this.#last + 1;
  }

  get size(): number {
    return this.#messages.size;
  }

  get messages(): Iterable<StoredMessage> {
    return this.#messages.values();
  }

  append(message: NewMessage, timestampNanos: bigint): StoredMessage {
    this.#last += 1;
    const stored = { ...message, sequence: this.#last, timestampNanos };
    this.#messages.set(this.#last, stored);
    return stored;
  }

  /** The sequence under which it has what came with this id. */
  remembered(id: string, now: Ms): number | undefined {
    const before = this.#ids.get(id);
    return before && now - before.at < DUPLICATE_WINDOW_MS ? before.sequence : undefined;
  }

  remember(id: string, sequence: number, now: Ms): void {
    this.#ids.set(id, { sequence, at: now });
  }

  get(sequence: number): StoredMessage | undefined {
    return this.#messages.get(sequence);
  }

  remove(sequence: number): StoredMessage | undefined {
    const message = this.#messages.get(sequence);
    this.#messages.delete(sequence);
    return message;
  }

  /** What an unsynced crash leaves: the end is gone, and its numbers are given out again. */
  loseTail(last: number): readonly StoredMessage[] {
    const lost: StoredMessage[] = [];
    for (; this.#last > Math.max(0, last); this.#last--) {
      const message = this.remove(this.#last);
      if (message) lost.push(message);
    }
    return lost;
  }

  /** The first at or after `sequence` whose subject matches. */
  next(sequence: number, matches: (subject: string) => boolean): StoredMessage | undefined {
    for (let at = sequence; at <= this.#last; at++) {
      const message = this.#messages.get(at);
      if (message && matches(message.subject)) return message;
    }
    return undefined;
  }

  count(from: number, matches: (subject: string) => boolean): number {
    let count = 0;
    for (let at = from; at <= this.#last; at++) {
      const message = this.#messages.get(at);
      if (message && matches(message.subject)) count += 1;
    }
    return count;
  }
}

/** Subject matching as NATS does it: `*` is one token, `>` all that follow. */
export function matcher(filters: readonly string[]): (subject: string) => boolean {
  if (filters.length === 0 || filters.includes(">")) return () => true;
  const patterns = filters.map((filter) => filter.split("."));
  return (subject) => {
    const tokens = subject.split(".");
    return patterns.some((pattern) => {
      for (const [place, part] of pattern.entries()) {
        if (part === ">") return tokens.length > place;
        if (part !== "*" && part !== tokens[place]) return false;
      }
      return pattern.length === tokens.length;
    });
  };
}

/** As the server counts it for `max_bytes`. */
export function sizeOf(message: StoredMessage, token: string): number {
  return message.subject.length + token.length + message.data.length + headerBytes(message.headers);
}

function headerBytes(headers: ReadonlyMap<string, readonly string[]>): number {
  if (headers.size === 0) return 0;
  let bytes = "NATS/1.0\r\n\r\n".length;
  for (const [name, values] of headers) {
    for (const value of values) bytes += name.length + value.length + ": \r\n".length;
  }
  return bytes;
}
