/** Why NATS cannot be used: `end` says what that means for the run. */
import type { Trouble } from "../core/ports.ts";

export class SourceError extends Error {
  override readonly name = "SourceError";
  readonly end: Trouble["end"];

  constructor(end: Trouble["end"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.end = end;
  }
}

export function troubleOf(error: unknown): Trouble {
  if (error instanceof SourceError) return { end: error.end, cause: error };
  return { end: "broken", cause: error instanceof Error ? error : new Error(String(error)) };
}
