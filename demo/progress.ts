// One line that moves in a terminal; elsewhere a plain line each second.

export type Progress = {
  readonly published: number;
  readonly accepted: number;
  readonly acknowledged: number;
  readonly lag: number;
  readonly service: string;
};

const PLAIN_EVERY_MS = 1000;

export class Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #startedAt: number = Date.now();
  #lastPlain = 0;
  #moving = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** A line that stays. */
  say(line = ""): void {
    this.#out.write(`${this.#moving ? "\r\x1b[2K" : ""}${line}\n`);
    this.#moving = false;
  }

  show(progress: Progress): void {
    const { published, accepted, acknowledged, lag, service } = progress;
    const seconds = ((Date.now() - this.#startedAt) / 1000).toFixed(1).padStart(5);
    const line = `${seconds} s  published ${pad(published)}  accepted ${pad(accepted)}  acknowledged ${pad(acknowledged)}  lag ${pad(lag)}  service ${service}`;
    if (this.#out.isTTY) {
      this.#out.write(`\r\x1b[2K${line.slice(0, (this.#out.columns || 120) - 1)}`);
      this.#moving = true;
    } else if (Date.now() - this.#lastPlain >= PLAIN_EVERY_MS) {
      this.#lastPlain = Date.now();
      this.#out.write(`${line}\n`);
    }
  }
}

function pad(count: number): string {
  return String(count).padStart(5);
}
