// Lines that stay, and one that moves in a terminal.

const PLAIN_EVERY_MS = 1000;

export class Screen {
  /** Where no line can move, lines that would do so are better left out, or become plain ones now and then. */
  readonly isTerminal: boolean;
  readonly #out: NodeJS.WriteStream;
  readonly #startedAt: number = Date.now();
  #lastPlain = 0;
  #isMoving = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.isTerminal = out.isTTY;
  }

  /** Since the demo was started. */
  get seconds(): number {
    return (Date.now() - this.#startedAt) / 1000;
  }

  /** A line that stays. */
  say(line = ""): void {
    this.#out.write(`${this.#isMoving ? "\r\x1b[2K" : ""}${line}\n`);
    this.#isMoving = false;
  }

  /** The line that moves; elsewhere a plain one each second. */
  show(line: string): void {
    if (this.isTerminal) {
      this.#out.write(`\r\x1b[2K${line.slice(0, (this.#out.columns || 120) - 1)}`);
      this.#isMoving = true;
    } else if (Date.now() - this.#lastPlain >= PLAIN_EVERY_MS) {
      this.#lastPlain = Date.now();
      this.#out.write(`${line}\n`);
    }
  }
}
