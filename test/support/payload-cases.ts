// Payloads and headers of all kinds: every target and every store for dead letters has to give them back as they were.
import type { Case } from "./cases.ts";

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
const numbered = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

/** So many headers `h0: v0` …, and what comes of them. */
function many(count: number): Pick<Case, "lines" | "headers"> {
  return {
    lines: numbered(count).map((i) => `h${i}: v${i}`),
    headers: Object.fromEntries(numbered(count).map((i) => [`h${i}`, [`v${i}`]])),
  };
}

const ODD_NAMES = [
  "with space",
  "ümlaut",
  "AWS.x",
  "amazon.y",
  ".a",
  "a.",
  "a..b",
  "__proto__",
  "constructor",
  "nats-id",
  "NATS-ID",
  "nats-subject",
  "nats-encoding",
  "nats-headers",
  "dead-letter-reason",
  'quo"te',
  "back\\slash",
  "n".repeat(256),
  "n".repeat(257),
];

export const PAYLOADS: readonly Case[] = [
  ...numbered(32).map((code) => ({ name: `control character ${code}`, data: bytes(code) })),
  { name: "text with a control character", data: "before\u0001after" },
  { name: "DEL", data: "\u007F" },
  { name: "text of tabs and line ends, which are allowed", data: "\t a \r\n b \n" },
  { name: "empty", data: "" },
  { name: "one space", data: " " },
  { name: "spaces around", data: "  x  " },
  { name: "byte order mark", data: "\uFEFFtext" },
  { name: "U+FFFD itself", data: "a\uFFFDb" },
  { name: "U+FFFE", data: "a\uFFFEb" },
  { name: "U+FFFF", data: "a\uFFFFb" },
  { name: "text that looks like base64", data: "aGVsbG8=" },
  { name: "text that looks like XML", data: `<?xml version="1.0"?><a b="c">&amp;</a>` },
  { name: "JSON", data: `{"a":1e400,"b":12345678901234567890,"a":"\\u0000"}` },
  { name: "German, Greek, Japanese", data: "grüße, κόσμε, こんにちは" },
  { name: "composed and decomposed", data: "\u00E9 e\u0301" },
  { name: "first byte of two", data: bytes(0xc3) },
  { name: "first bytes of three", data: bytes(0x61, 0xe2, 0x82) },
  { name: "first bytes of four", data: bytes(0xf0, 0x9f, 0xa6) },
  { name: "last bytes alone", data: bytes(0x82, 0xac, 0x61) },
  { name: "surrogate in UTF-8", data: bytes(0xed, 0xa0, 0x80) },
  { name: "overlong NUL", data: bytes(0xc0, 0x80) },
  { name: "beyond U+10FFFF", data: bytes(0xf4, 0x90, 0x80, 0x80) },
  { name: "every byte", data: Uint8Array.from(numbered(256)) },
  { name: "300,000 bytes", data: Uint8Array.from(numbered(300_000).map((i) => (i * 7919) % 256)) },
];

export const HEADERS: readonly Case[] = [
  { name: "no header in a header block", lines: [] },
  { name: "eight headers: one attribute each", ...many(8) },
  { name: "nine headers", ...many(9) },
  { name: "twelve headers", ...many(12) },
  { name: "a hundred headers", ...many(100) },
  ...ODD_NAMES.map((name) => ({
    name: `header named ${name.slice(0, 20)} (${name.length})`,
    lines: [`${name}: value`],
    headers: Object.fromEntries([[name, ["value"]]]),
  })),
  {
    name: "all odd names at once",
    lines: ODD_NAMES.map((name) => `${name}: v`),
    headers: Object.fromEntries(ODD_NAMES.map((name) => [name, ["v"]])),
  },
  {
    name: "repeated, in order, with others between",
    lines: ["A: 1", "B: x", "A: 2", "A: 1"],
    headers: { A: ["1", "2", "1"], B: ["x"] },
  },
  { name: "names that differ in case", lines: ["k: 1", "K: 2"], headers: { k: ["1"], K: ["2"] } },
  { name: "empty value", lines: ["E:", "F: "], headers: { E: [""], F: [""] } },
  {
    name: "blanks around and inside a value",
    lines: ["S:  a  b\t"],
    headers: { S: ["a  b"] },
  },
  { name: "colons in a value", lines: ["U: http://a:1/b"], headers: { U: ["http://a:1/b"] } },
  { name: "value in UTF-8", lines: ["L: grüße κόσμε"], headers: { L: ["grüße κόσμε"] } },
  {
    name: "value in Latin-1",
    lines: [bytes(0x4c, 0x3a, 0x67, 0x72, 0xfc, 0xdf, 0x65)],
    headers: { L: ["grüße"] },
  },
  {
    name: "control characters and U+FFFF in values",
    lines: ["C: a\u0001b", "D: a\uFFFFb", "T: a\tb"],
    headers: { C: ["a\u0001b"], D: ["a\uFFFFb"], T: ["a\tb"] },
  },
  { name: "quotes and backslashes", lines: [`Q: "\\"\\n`], headers: { Q: [`"\\"\\n`] } },
  {
    name: "a long value",
    lines: [`V: ${"v".repeat(20_000)}`],
    headers: { V: ["v".repeat(20_000)] },
  },
  { name: "headers and an empty payload", data: "", lines: ["A: 1"], headers: { A: ["1"] } },
  { name: "headers and a binary payload", data: bytes(0, 255), ...many(12) },
];

/** The local SQS takes no body with characters beyond U+FFFF, which SQS does take: these go nowhere, and are read on the way. */
export const BEYOND: readonly Case[] = [
  { name: "emoji", data: "🦀" },
  { name: "emoji in text", data: `{"crab":"🦀 \u{1F468}\u200D\u{1F469}"}` },
  { name: "the last character of all", data: "\u{10FFFF}" },
  { name: "emoji and a control character", data: "🦀\u0000" },
  { name: "emoji in a value", lines: ["crab: 🦀"], headers: { crab: ["🦀"] } },
  { name: "emoji in a name", lines: ["🦀: crab"], headers: { "🦀": ["crab"] } },
];
