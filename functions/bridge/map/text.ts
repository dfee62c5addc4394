/** What SQS takes as text: the characters of XML 1.0, the ones beyond U+FFFF included. */

/** Not in XML 1.0. Lone surrogates cannot come out of a strict UTF-8 decoder; in other strings they are refused too. */
// oxlint-disable-next-line eslint/no-control-regex -- control characters are what this is about
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/u;
const EVERY_FORBIDDEN = new RegExp(FORBIDDEN, "gu");

export function isXmlText(text: string): boolean {
  return !FORBIDDEN.test(text);
}

/** `text` with each forbidden character written as `\uXXXX`, which is how JSON writes it too. */
export function escapeForbidden(text: string): string {
  return text.replace(
    EVERY_FORBIDDEN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text that `data` is, or undefined when it is not valid UTF-8. A byte order mark is part of the text. */
export function decodeUtf8(data: Uint8Array): string | undefined {
  try {
    return strict.decode(data);
  } catch {
    return undefined;
  }
}

/** Length in UTF-8 bytes. */
export function utf8Length(text: string): number {
  return Buffer.byteLength(text, "utf8");
}
