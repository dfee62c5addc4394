import fc from "fast-check";
import { expect, test } from "vitest";
import { bodyOf } from "../../../functions/bridge/map/body.ts";
import { anyPayload, utf8 } from "../../support/messages.ts";
import { isLegalText, isXmlCharacter } from "../../support/sqs-rules.ts";

const bytes = (...given: number[]): Uint8Array => Uint8Array.from(given);

test.each([
  ["plain text", "hello"],
  ["JSON", '{"a":1}'],
  ["one space", " "],
  ["a tab", "\t"],
  ["line ends of both kinds", "a\r\nb\n"],
  ["a byte order mark, kept", "\uFEFFa"],
  ["an astral emoji", "crab \u{1F980}"],
  ["the last character of all", "\u{10FFFF}"],
  ["an astral character that XML allows, though its plane's FFFE", "\u{1FFFE}"],
  ["the first and last around the surrogates", "\uD7FF\uE000"],
  ["the last that XML allows below", "\uFFFD"],
  ["delete and the controls after it", "\u007F\u0080\u009F"],
  ["separators of lines and paragraphs", "\u2028\u2029"],
  ["markup, untouched", "<a>&amp;</a>"],
])("%s is its own body", (_what, text) => {
  expect(bodyOf(utf8(text))).toEqual({ text });
});

test("an empty payload is one space, and says so", () => {
  expect(bodyOf(bytes())).toEqual({ text: " ", encoding: "empty" });
});

test.each([
  ["NUL", bytes(0), "AA=="],
  ["NUL within text", utf8("a\0b"), "YQBi"],
  ["the last control character before the tab", bytes(0x08), "CA=="],
  ["a vertical tab", bytes(0x0b), "Cw=="],
  ["a form feed", bytes(0x0c), "DA=="],
  ["an escape", bytes(0x1b), "Gw=="],
  ["the last control character", bytes(0x1f), "Hw=="],
  ["U+FFFE", utf8("\uFFFE"), "77++"],
  ["U+FFFF", utf8("\uFFFF"), "77+/"],
  ["a lone continuation byte", bytes(0x80), "gA=="],
  ["a character cut off in the middle", bytes(0x61, 0xe2, 0x82), "YeKC"],
  ["an emoji cut off in the middle", bytes(0xf0, 0x9f, 0xa6), "8J+m"],
  ["a slash written with too many bytes", bytes(0xc0, 0xaf), "wK8="],
  ["a surrogate written as UTF-8", bytes(0xed, 0xa0, 0x80), "7aCA"],
  ["what lies beyond Unicode", bytes(0xf4, 0x90, 0x80, 0x80), "9JCAgA=="],
  ["bytes that never are UTF-8", bytes(0xff, 0xfe), "//4="],
])("%s becomes base64, and says so", (_what, data, text) => {
  expect(bodyOf(data)).toEqual({ text, encoding: "base64" });
});

test("a payload that is a part of a larger buffer is read alone", () => {
  const buffer = utf8("before\0after");
  expect(bodyOf(buffer.subarray(0, 6))).toEqual({ text: "before" });
  expect(bodyOf(buffer.subarray(6, 8))).toEqual({ text: "AGE=", encoding: "base64" });
});

test("whatever the payload: the body is never empty, legal for SQS, and the payload comes back", () => {
  fc.assert(
    fc.property(anyPayload(), (data) => {
      const { text, encoding } = bodyOf(data);
      expect(isLegalText(text)).toBe(true);
      const back = encoding === "empty" ? "" : text;
      expect(Buffer.from(back, encoding === "base64" ? "base64" : "utf8")).toEqual(
        Buffer.from(data),
      );
    }),
    { numRuns: 1000 },
  );
});

test("base64 is taken only where the text itself cannot be sent", () => {
  fc.assert(
    fc.property(anyPayload(), (data) => {
      const text = Buffer.from(data).toString("utf8");
      const isText = Buffer.from(text).equals(data) && Array.from(text).every(isXmlCharacter);
      expect(bodyOf(data).encoding === "base64").toBe(!isText);
    }),
    { numRuns: 1000 },
  );
});

test("every single character of the first plane goes the way that XML asks for", () => {
  for (let code = 1; code <= 0xffff; code += 1) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const character = String.fromCharCode(code);
    const isText = bodyOf(utf8(character)).encoding === undefined;
    if (isText !== isXmlCharacter(character)) expect.fail(`U+${code.toString(16)}`);
  }
  expect(bodyOf(utf8("a")).encoding).toBeUndefined();
});
