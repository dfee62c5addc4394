// A few thousand messages as real streams have them: JSON, text, bytes that are no text, nothing at all, many headers.
import { createHash } from "node:crypto";

export type DemoMessage = {
  /** Those of one group are to arrive in the order in which they were published. */
  readonly group: string;
  /** Behind the prefix of the stream. */
  readonly subject: string;
  readonly data: Buffer;
  readonly headers: ReadonlyMap<string, readonly string[]>;
};

const GROUPS = 25;

const KINDS = ["created", "paid", "packed", "shipped"] as const;

export function demoMessage(n: number): DemoMessage {
  const group = `customer-${1 + ((n * 7) % GROUPS)}`;
  return {
    group,
    subject: `${group}.${KINDS[n % KINDS.length]}`,
    data: payload(n),
    headers: headers(n),
  };
}

function payload(n: number): Buffer {
  switch (n % 10) {
    case 3:
      return Buffer.from(`Bestellung ${n}: 3 × Käse, 1 × 茶, <b>&amp;</b>\r\n`);
    case 5:
      return bytes(n); // as Protobuf or an image would be
    case 7:
      return n % 20 === 7 ? Buffer.alloc(0) : Buffer.from(`null \0 byte and \u0001 in text ${n}`);
    default:
      return Buffer.from(
        JSON.stringify({ order: n, total: (n * 37) % 10_000, note: "x".repeat(n % 300) }),
      );
  }
}

/** Looks random, and is the same each time. */
function bytes(n: number): Buffer {
  const blocks = Array.from({ length: 1 + (n % 8) }, (_, i) =>
    createHash("sha256").update(`${n}/${i}`).digest(),
  );
  return Buffer.concat(blocks);
}

function headers(n: number): DemoMessage["headers"] {
  const found = new Map<string, readonly string[]>();
  if (n % 2 === 0) found.set("Content-Type", ["application/json"]);
  if (n % 3 === 0) found.set("Tenant", [`tenant ${n % 5}`]);
  if (n % 11 === 0) found.set("Accept", ["text/html", "text/plain"]); // repeated
  if (n % 13 === 0) found.set("Ort", ["Århus, Łódź"]);
  if (n % 17 === 0) for (let i = 1; i <= 12; i++) found.set(`Trace-${i}`, [String(n * i)]); // more than SQS has room for
  return found;
}
