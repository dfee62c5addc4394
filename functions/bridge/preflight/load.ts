/** The bridge's own code and configuration, loaded as Lambda loads them. */
import { type Config, readConfig } from "../config.ts";
import { credentialsFault } from "../source/credentials.ts";
import type { HandlerDefinition } from "../sinks/handler/definition.ts";
import type { Host } from "../wake/host.ts";

/** Imports the bridge's entry, whose loading throws for everything that is wrong in the configuration. */
export type LoadEntry = () => Promise<{ readonly handler?: unknown }>;

export interface Loaded {
  readonly config: Config;
  /** What is right, and may surprise. */
  readonly warnings: readonly string[];
  /** Where the target is a handler of the user's. */
  readonly definition: HandlerDefinition | undefined;
}

/** Throws when the bridge would not start, with every reason. */
export async function load(
  loadEntry: LoadEntry,
  { environment, readFile }: Pick<Host, "environment" | "readFile">,
): Promise<Loaded> {
  const { handler } = await loadEntry().catch((error: unknown) => {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`the bridge's code does not load: ${said}`, { cause: error });
  });
  const definition = definitionOf(handler);
  if (!definition && !isTargetNamed(environment)) throw new Error(NO_HANDLER);
  const { config, faults, warnings } = readConfig(environment, "lambda", {
    readFile,
    credentialsFault,
    ...(definition && { handler: { kind: definition.kind, ...definition.options } }),
  });
  if (!config) throw new Error(`the configuration is wrong:\n${faults.join("\n")}`);
  return { config, definition, warnings };
}

const NO_HANDLER =
  "the handler file has to export `handler = onMessage(…)` (or `onMessages`) of jetstream-aws-bridge/handler: " +
  "what it exports is none of these, and no target is set (SQS_QUEUE_URL, EVENT_BUS_NAME or FUNCTION_ARN)";

function definitionOf(handler: unknown): HandlerDefinition | undefined {
  if (typeof handler !== "function" || !("definition" in handler)) return undefined;
  return handler.definition as HandlerDefinition;
}

function isTargetNamed(environment: Host["environment"]): boolean {
  const names = ["SQS_QUEUE_URL", "EVENT_BUS_NAME", "FUNCTION_ARN"];
  return names.some((name) => (environment[name] ?? "") !== "");
}

/** Texts that must not be printed, as far as the environment can be read at all. */
export function secretsOf({
  environment,
  readFile,
}: Pick<Host, "environment" | "readFile">): readonly string[] {
  return readConfig(environment, "lambda", { readFile, credentialsFault }).secrets;
}
