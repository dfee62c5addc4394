/** What SQS takes, read off its documentation once more and written without regular expressions. */

/** "Amazon SQS message quotas": the characters of XML 1.0, production 2. */
export function isLegalText(text: string): boolean {
  return text !== "" && Array.from(text).every(isXmlCharacter);
}

export function isXmlCharacter(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || code >= 0x10000;
}

const LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const OF_NAMES = new Set(`${LETTERS_AND_DIGITS}_-.`);
const OF_IDS = new Set(`${LETTERS_AND_DIGITS}!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~`);

/** "Amazon SQS message metadata", message attributes. */
export function isLegalName(name: string): boolean {
  const lower = name.toLowerCase();
  const isReserved = lower.startsWith("aws.") || lower.startsWith("amazon.");
  const hasOddDot = name.startsWith(".") || name.endsWith(".") || name.includes("..");
  const isSpelled = Array.from(name).every((character) => OF_NAMES.has(character));
  return isSpelled && name.length > 0 && name.length <= 256 && !isReserved && !hasOddDot;
}

/** `MessageGroupId` and `MessageDeduplicationId`, SQS API Reference. */
export function isLegalFifoId(id: string): boolean {
  const isSpelled = Array.from(id).every((character) => OF_IDS.has(character));
  return isSpelled && id.length > 0 && id.length <= 128;
}
