// A bridge with a handler in this very process: for questions of pace, where a process of its own would blur the answer.
import { type Bridge, bridge } from "../../functions/bridge/bridge.ts";
import { readConfig } from "../../functions/bridge/config.ts";
import type { Observe } from "../../functions/bridge/core/ports.ts";
import type { Handler } from "../../functions/bridge/handler.ts";
import { handlerLog } from "../../functions/bridge/sinks/handler/definition.ts";
import { credentialsFault } from "../../functions/bridge/source/credentials.ts";

const silent = (): void => undefined;

/** Throws what is wrong with `environment`. */
export function handlerBridge(
  { definition }: Handler,
  environment: Readonly<Record<string, string>>,
  observe: Observe = silent,
): Bridge {
  const { config, faults } = readConfig(environment, "lambda", {
    credentialsFault,
    readFile: () => "",
    handler: { kind: definition.kind, ...definition.options },
  });
  if (!config) throw new Error(faults.join("\n"));
  return bridge(config, {
    observe,
    report: silent,
    learn: silent,
    handler: {
      definition,
      log: () => handlerLog(silent),
    },
  });
}
