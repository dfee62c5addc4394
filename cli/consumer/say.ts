/** What `consumer` prints: lines for people, or one JSON object a line. */
import type { Change, Value } from "../../functions/bridge/source/consumer-update.ts";
import { printable, type Terminal } from "../terminal.ts";
import type { Position } from "./position.ts";

type Settings = Readonly<Record<string, Value>>;

interface Shown {
  readonly stream: string;
  readonly consumer: string;
  /** By this project. */
  readonly ours: boolean;
  readonly position: Position;
  readonly settings: Settings;
  /** What a bridge refuses; each in words. */
  readonly differences: readonly string[];
  /** What `update` would change. */
  readonly changes: readonly Change[];
}

/** How it ended. */
export interface Receipt {
  readonly command: `consumer ${"update" | "delete"}`;
  readonly stream: string;
  readonly consumer: string;
  readonly stop: "done" | "dry run" | "refused" | "failed";
  readonly reasons: readonly string[];
  /** Settings that were changed. */
  readonly changed: number;
  readonly before?: Position;
  readonly after?: Position;
}

export interface Lines {
  shown(shown: Shown): void;
  change(change: Change): void;
  /** What is good to know before it is done. */
  note(text: string): void;
  failed(reason: string): void;
  receipt(receipt: Receipt): void;
}

export function linesFor({ note, print }: Pick<Terminal, "print" | "note">): Lines {
  const say = (text: string): void => print(printable(text));
  return {
    shown: (shown) => shownLines(shown).forEach(say),
    change: ({ after, before, setting }) =>
      say(`${setting}: ${valueText(before)} → ${valueText(after)}`),
    note: (text) => note(printable(text)),
    failed: (reason) => note(printable(reason)),
    receipt(receipt) {
      const { before, after = before, changed, reasons, stop } = receipt;
      if (before) say(`position: ${positionText(before)}`);
      if (before && after !== before && after) say(`now: ${positionText(after)}`);
      reasons.forEach((reason) => say(`${stop}: ${reason}`));
      if (reasons.length === 0) say(`${stop}: ${DONE[receipt.command](changed)}`);
    },
  };
}

const DONE: Readonly<Record<Receipt["command"], (changed: number) => string>> = {
  "consumer update": (changed) =>
    changed === 0 ? "nothing to change" : `${changed} ${changed === 1 ? "setting" : "settings"}`,
  "consumer delete": () => "the consumer and its position are gone",
};

function shownLines(shown: Shown): readonly string[] {
  const { changes, consumer, differences, ours, position, settings, stream } = shown;
  const others = changes.map(
    ({ after, before, setting }) =>
      `${setting} is ${valueText(before)}, update → ${valueText(after)}`,
  );
  return [
    `consumer ${consumer} of stream ${stream}, ${ours ? "made by this project" : "not made by this project"}`,
    `position: ${positionText(position)}`,
    ...Object.entries(settings).map(([name, value]) => `${name}: ${valueText(value)}`),
    ...differences.map((difference) => `does not fit: ${difference}`),
    ...others,
    ...(fits(shown) ? ["fits what the environment asks for"] : []),
  ];
}

function fits({ changes, differences }: Shown): boolean {
  return differences.length + changes.length === 0;
}

export function positionText({ ackFloor, delivered, pending, unsettled }: Position): string {
  return `settled to ${ackFloor}, delivered to ${delivered}, pending ${pending}, unsettled ${unsettled}`;
}

function valueText(value: Value): string {
  if (value === null) return "none";
  if (typeof value !== "object") return String(value);
  return value.length === 0 ? "none" : value.join(", ");
}

export function jsonFor({ printJson }: Pick<Terminal, "printJson">): Lines {
  const line = (event: string, facts: object): void => printJson({ event, ...facts });
  return {
    shown: (shown) => line("consumer", { ...shown, fits: fits(shown) }),
    change: (change) => line("change", change),
    note: (note) => line("note", { note }),
    failed: (reason) => line("failed", { reason }),
    receipt: (receipt) => line("receipt", receipt),
  };
}
