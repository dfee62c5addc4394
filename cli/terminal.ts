/** Standard output for results, standard error for everything beside: notes, and progress that moves in a terminal. */
import { createInterface } from "node:readline/promises";
import type { Observe } from "../functions/bridge/core/ports.ts";
import type { LoginPorts } from "../functions/bridge/login.ts";
import { jsonOf, type Scrubber } from "../functions/bridge/observe/log.ts";

const PLAIN_EVERY_MS = 5000;

export class Terminal implements LoginPorts {
  readonly #scrub: Scrubber;
  #isMoving = false;
  #lastPlain: number = Date.now();

  /** `scrub` takes out what must never be printed. */
  constructor(scrub: Scrubber) {
    this.#scrub = scrub;
  }

  /** What a part of the bridge tells while it works for a command. */
  readonly observe: Observe = (event, details) => this.note(`${event}: ${JSON.stringify(details)}`);

  /** More that must never be printed. */
  readonly learn: Scrubber["learn"] = (secrets) => this.#scrub.learn(secrets);

  get isInteractive(): boolean {
    return process.stdin.isTTY && process.stdout.isTTY;
  }

  /** A line of the result. */
  print(line: string): void {
    this.#clear();
    process.stdout.write(`${this.#scrub(line)}\n`);
  }

  /** The same as one JSON object. */
  printJson(line: object): void {
    this.#clear();
    process.stdout.write(`${jsonOf(line, this.#scrub)}\n`);
  }

  note(line: string): void {
    this.#clear();
    process.stderr.write(`${this.#scrub(line)}\n`);
  }

  progress(line: string): void {
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\u001B[2K${line.slice(0, (process.stderr.columns || 80) - 1)}`);
      this.#isMoving = true;
    } else if (Date.now() - this.#lastPlain >= PLAIN_EVERY_MS) {
      this.#lastPlain = Date.now();
      process.stderr.write(`${line}\n`);
    }
  }

  /** Whether the answer is yes. Ctrl-C is a no. */
  async asksYes(question: string, signal: AbortSignal): Promise<boolean> {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    lines.on("SIGINT", () => process.emit("SIGINT"));
    try {
      return /^y(es)?$/i.test((await lines.question(question, { signal })).trim());
    } catch {
      return false;
    } finally {
      lines.close();
    }
  }

  #clear(): void {
    if (this.#isMoving) process.stderr.write("\r\u001B[2K");
    this.#isMoving = false;
  }
}

/** Control characters would move the cursor or worse. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
