/** What a redrive prints: lines for people, or one JSON object a line. */
import { printable, type Terminal } from "../terminal.ts";
import type { DeadLetter } from "./dead-letter.ts";
import type { Say } from "./ports.ts";
import { type Receipt, receiptText } from "./receipt.ts";

export interface Lines extends Say {
  receipt(receipt: Receipt, about: Readonly<Record<string, unknown>>): void;
}

export function linesFor(terminal: Pick<Terminal, "print" | "progress">): Lines {
  return {
    wouldSend: (letter) => terminal.print(letterText(letter)),
    sent(letter, where, leftOut) {
      if (leftOut.length === 0) return;
      const names = printable(leftOut.join(", "));
      terminal.print(`${printable(letter.id)}  sent to ${where} without ${names}`);
    },
    problem: (kind, what, reason) =>
      terminal.print(`${printable(what)}  ${kind}: ${printable(reason)}`),
    progress: (counts) => terminal.progress(countsText(counts)),
    receipt: (receipt) => terminal.print(printable(receiptText(receipt))),
  };
}

export function jsonFor(terminal: Pick<Terminal, "printJson" | "progress">): Lines {
  const print = (line: object): void => terminal.printJson(line);
  return {
    wouldSend({ bytes, id, reason, subject, tries }) {
      print({ event: "would-send", id, subject, reason, bytes, tries });
    },
    sent: ({ id }, to, leftOut) => print({ event: "sent", id, to, leftOut }),
    problem: (event, id, reason) => print({ event, id, reason }),
    progress: (counts) => terminal.progress(countsText(counts)),
    receipt: (receipt, about) => print({ event: "receipt", ...about, ...receipt }),
  };
}

/** Id, subject, reason, size, tries. */
export function letterText({ bytes, id, reason, subject, tries }: DeadLetter): string {
  const why = printable(reason) || "no reason";
  const times = tries === 1 ? "1 try" : `${tries} tries`;
  return `${printable(id)}  ${printable(subject)}  ${why}  ${bytes} bytes  ${times}`;
}

function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join("  ");
}
