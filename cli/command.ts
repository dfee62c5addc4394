/** What every operator command is. */

export interface Context {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C or SIGTERM: end what is under way, say how far it came, and return. */
  readonly signal: AbortSignal;
}

/** Answers with the exit code: 0 done, 1 something was refused or failed, 2 usage or configuration. */
export type Run = (args: readonly string[], context: Context) => Promise<number>;

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Only the command that is asked for is loaded. */
  load(): Promise<Run>;
}
