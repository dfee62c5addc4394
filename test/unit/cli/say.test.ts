import { expect, test } from "vitest";
import { exitCodeOf, receiptText, Tally } from "../../../cli/redrive/receipt.ts";
import { jsonFor, letterText, linesFor } from "../../../cli/redrive/say.ts";
import { printable } from "../../../cli/terminal.ts";

const letter = {
  id: "ORDERS/42/1700000000000000000",
  origin: "ORDERS",
  streamSequence: 42,
  timestampNanos: 1n,
  subject: "orders.eu.7",
  reason: "bad\u001B[2J\nworse",
  tries: 3,
  bytes: 17,
};

test("a letter is one line, whatever its reason would do to a terminal", () => {
  expect(letterText(letter)).toBe(
    String.raw`ORDERS/42/1700000000000000000  orders.eu.7  bad\u001b[2J\u000aworse  17 bytes  3 tries`,
  );
  expect(letterText({ ...letter, reason: "", tries: 1 })).toContain("no reason  17 bytes  1 try");
  expect(printable("grüße 🦀")).toBe("grüße 🦀");
});

test("the receipt names every number, and why it ended", () => {
  const tally = new Tally();
  tally.add("found", 5);
  tally.add("matched", 2);
  tally.add("sent", 2);
  const receipt = tally.receipt("done");
  expect(receiptText(receipt)).toBe(
    "done: found 5, matched 2, sent 2, refused 0, failed 0, left 0",
  );
  expect(receiptText(tally.receipt("unavailable", "no server"))).toMatch(
    /^unavailable \(no server\): found 5/,
  );
  expect(exitCodeOf(receipt)).toBe(0);
  expect(exitCodeOf(tally.receipt("limit"))).toBe(0);
  expect(exitCodeOf(tally.receipt("interrupted"))).toBe(1);
  expect(exitCodeOf(tally.receipt("too-many"))).toBe(1);
});

test("with --json every line is an object, and the receipt says what it is of", () => {
  const printed: unknown[] = [];
  const lines = jsonFor({ printJson: (line) => printed.push(line), progress: () => {} });
  lines.wouldSend(letter);
  lines.sent(letter, "ORDERS/43", ["Nats-TTL"]);
  lines.problem("refused", letter.id, "duplicate");
  lines.receipt(new Tally().receipt("done"), { command: "redrive", dryRun: true });
  expect(printed).toEqual([
    {
      event: "would-send",
      id: letter.id,
      subject: "orders.eu.7",
      reason: letter.reason,
      bytes: 17,
      tries: 3,
    },
    { event: "sent", id: letter.id, to: "ORDERS/43", leftOut: ["Nats-TTL"] },
    { event: "refused", id: letter.id, reason: "duplicate" },
    {
      event: "receipt",
      command: "redrive",
      dryRun: true,
      stop: "done",
      found: 0,
      matched: 0,
      sent: 0,
      refused: 0,
      failed: 0,
      left: 0,
    },
  ]);
});

test("for people, what is sent is only told where something of it was left out", () => {
  const printed: string[] = [];
  const lines = linesFor({ print: (line) => printed.push(line), progress: () => {} });
  lines.sent(letter, "ORDERS/43", []);
  lines.sent(letter, "ORDERS/43", ["Nats-TTL", "Nats-Rollup"]);
  expect(printed).toEqual([`${letter.id}  sent to ORDERS/43 without Nats-TTL, Nats-Rollup`]);
});
