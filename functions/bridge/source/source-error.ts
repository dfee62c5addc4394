/** Why NATS cannot be used: `end` says what that means for the run. */
import type { Trouble } from "../core/ports.ts";

export class SourceError extends Error {
  override readonly name = "SourceError";
  readonly end: Trouble["end"];
  /** The server's own code (`errors.json` in nats-server), where it gave one. */
  readonly code: number | undefined;
  /** The subject that the server does not let this user publish or subscribe to, where that is the reason. */
  readonly denied: string | undefined;

  constructor(
    end: Trouble["end"],
    message: string,
    options: ErrorOptions & { code?: number; denied?: string } = {},
  ) {
    super(message, options);
    this.end = end;
    this.code = options.code;
    this.denied = options.denied;
  }
}

export function troubleOf(error: unknown): Trouble {
  if (error instanceof SourceError) return { end: error.end, cause: error };
  return { end: "broken", cause: error instanceof Error ? error : new Error(String(error)) };
}

/** A new try may succeed. */
export function isBroken(error: unknown): error is SourceError {
  return error instanceof SourceError && error.end === "broken";
}
