/** An execution environment of Lambda: its disk outlives a process that crashed, and not the environment. */
import type { Journal, Noted } from "../../functions/bridge/run/journal.ts";

export class Sandbox implements Journal {
  #noted: readonly Noted[] = [];

  read(): readonly Noted[] {
    return structuredClone(this.#noted);
  }

  write(noted: readonly Noted[]): void {
    this.#noted = structuredClone(noted);
  }
}
