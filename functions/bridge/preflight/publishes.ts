/** Subjects that a handler says it publishes to: a stream takes them, and remembers ids for long enough. */
import { LONGER_WINDOW, neededWindowMs } from "../publish-windows.ts";
import { formatDuration } from "../core/duration.ts";
import { windowOf } from "../source/window.ts";
import { isDenied, type Nats } from "./ask.ts";
import type { Check, Passed } from "./checklist.ts";

/** Throws when no stream takes one of them: its messages would be handled again and again. */
export async function checkPublishes(
  nats: Nats,
  publishes: readonly string[],
  check: Check,
): Promise<Passed<undefined>> {
  const homeless: string[] = [];
  for (const subject of publishes) {
    if (!(await hasStream(nats, subject, check))) homeless.push(subject);
  }
  if (homeless.length > 0) {
    throw new Error(
      `no stream takes ${homeless.join(", ")}, to which the handler publishes: each of its messages would be handled again and again. Make a stream for it, or take it out of \`publishes\``,
    );
  }
  return { value: undefined, text: `streams take ${publishes.join(", ")}` };
}

async function hasStream(nats: Nats, subject: string, check: Check): Promise<boolean> {
  const { config, session, subjects } = nats;
  try {
    const found = await windowOf(session, subjects, { subject }, config.nats.timeoutMs);
    const neededMs = neededWindowMs(config, 0);
    if (found && found.windowMs < neededMs) {
      check.warn(
        `the duplicate window of stream ${found.stream} is ${formatDuration(found.windowMs)}, and a message may be handled again ${formatDuration(neededMs)} after its handler has ended: what its handler publishes again then is stored twice; ${LONGER_WINDOW}`,
      );
    }
    return found !== undefined;
  } catch (error) {
    if (!isDenied(error)) throw error;
    check.warn(
      `whether a stream takes ${subject}, and remembers ids for long enough, is not known: ${error.message}`,
    );
    return true;
  }
}
