// What has to be undone, whatever ends the demo: its end, an error, Ctrl-C.

export class Undo {
  readonly #steps: (() => Promise<unknown>)[] = [];

  push(step: () => Promise<unknown>): void {
    this.#steps.push(step);
  }

  /** The last first; one that fails is told, and does not keep the others from being undone. */
  async all(say: (line: string) => void): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      await step().catch((error: Error) => say(`Not removed: ${error.message}`));
    }
  }
}
