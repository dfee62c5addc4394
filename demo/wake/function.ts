// The function, as it would be deployed: the bundle of a handler, under AWS's own runtime client where that is at hand.
import { fileURLToPath } from "node:url";
import { bundled } from "../../test/support/bundled.ts";
import { builtRuntimeClient, type RuntimeClient } from "../../test/support/fetch-runtime-client.ts";
import { type RunningFunction, startFunction } from "../../test/support/runtime-api.ts";

const HANDLER = fileURLToPath(new URL("../handlers/to-warehouse.ts", import.meta.url));

/** What stops a process and lets it go on is not there on Windows. */
export const CAN_FREEZE: boolean = process.platform !== "win32";

/** As long as Lambda lets it run. */
export const FUNCTION_TIMEOUT_MS = 30_000;

const STAND_IN: RuntimeClient = { engine: "plain", reason: "AWS's own has to be built first" };

export type Deployed = {
  readonly fn: RunningFunction;
  /** What runs it, for people. */
  readonly place: string;
};

/** Not started yet: the first event does that. */
export function deploy(environment: Readonly<Record<string, string>>): Deployed {
  const client = builtRuntimeClient() ?? STAND_IN;
  const fn = startFunction({
    client,
    code: bundled(HANDLER),
    timeoutMs: FUNCTION_TIMEOUT_MS,
    freeze: CAN_FREEZE,
    environment: { NODE_OPTIONS: "--enable-source-maps", ...environment },
  });
  const runBy =
    client.engine === "plain"
      ? "a stand-in for AWS's runtime client"
      : "AWS's own runtime client (aws-lambda-ric)";
  return { fn, place: `demo/handlers/to-warehouse.ts, bundled, run by ${runBy}` };
}
