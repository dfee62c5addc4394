/** Whether a target is there: asked before the first pull. */
import type { Delivery } from "../core/outcome.ts";
import { type Codes, codeOf, reasonOf, unavailable } from "./failed-call.ts";

export interface Asking {
  /** Rejects when the target is not there, or may not be looked at. */
  readonly ask: (signal: AbortSignal) => Promise<void>;
  readonly target: string;
  readonly codes: Codes;
  /** May not be looked at: told once, and it goes on. Without it, that means the target may not be used. */
  readonly notReadable?: (reason: string) => void;
}

export function readiness(asking: Asking): (signal: AbortSignal) => Promise<Delivery | undefined> {
  const { ask, codes, notReadable, target } = asking;
  let isTold = false;
  return async (signal) => {
    try {
      await ask(signal);
      return undefined;
    } catch (error) {
      if (!notReadable || !codeOf(error).startsWith("AccessDenied")) {
        return unavailable(error, target, codes);
      }
      if (!isTold) notReadable(reasonOf(error));
      isTold = true;
      return undefined;
    }
  };
}
