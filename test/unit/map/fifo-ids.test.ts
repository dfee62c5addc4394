import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { legalId, natsMsgId } from "../../../functions/bridge/map/fifo-ids.ts";
import { anyText, headers, message } from "../../support/messages.ts";
import { isLegalFifoId } from "../../support/sqs-rules.ts";

const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");

test.each(["orders.eu.7", "a", "x".repeat(128), "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"])(
  "%s is an id as it is",
  (text) => {
    expect(legalId(text)).toBe(text);
  },
);

test.each([
  ["a text of 129 characters", "x".repeat(129)],
  ["a space", "a b"],
  ["no text at all", ""],
  ["a character that is not ASCII", "bücher"],
  ["a control character", "a\u007Fb"],
  ["a line end", "a\n"],
])("%s gives its SHA-256", (_what, text) => {
  expect(legalId(text)).toBe(sha256(text));
});

test("every text gives an id that SQS takes, equal texts the same one, different texts different ones", () => {
  fc.assert(
    fc.property(anyText(), anyText(), (one, other) => {
      const id = legalId(one);
      expect(isLegalFifoId(id)).toBe(true);
      expect(legalId(one)).toBe(id);
      expect(legalId(other) === id).toBe(other === one);
    }),
  );
});

test("the publisher's id is the first Nats-Msg-Id", () => {
  const given = message({ headers: headers({ "Nats-Msg-Id": ["first", "second"] }) });
  expect(natsMsgId(given)).toBe("first");
  expect(natsMsgId(message())).toBeUndefined();
});
