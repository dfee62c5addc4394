import type { Bench } from "./bench.ts";

export interface Step {
  readonly name: string;
  play(bench: Bench): Promise<unknown>;
}

/** The best request there is: what is available at once, else the first that comes. */
export const WAIT = { no_wait: true, expires: 500_000_000 };
