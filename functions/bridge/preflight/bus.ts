/** An EventBridge bus: there, and heard by somebody. An event that no rule takes and no archive keeps is gone. */
import type { EventBus } from "../sinks/eventbridge/call.ts";
import type { BusListeners } from "../sinks/eventbridge/listeners.ts";
import { reasonOf } from "../sinks/failed-call.ts";
import type { Check, Passed } from "./checklist.ts";
import { askPatiently, isAccessDenied } from "./patience.ts";

/** Undefined: it may not be looked at. Throws when it is missing. */
export async function checkBus(
  bus: EventBus,
  check: Check,
  patientUntil: number,
): Promise<Passed<string | undefined>> {
  try {
    const arn = await askPatiently((signal) => bus.describe(signal), { check, patientUntil });
    return { value: arn, text: `bus ${bus.name} is there` };
  } catch (error) {
    if (!isAccessDenied(error)) {
      throw new Error(
        `the bus ${bus.name} cannot be used: ${reasonOf(error)}; EventBridge takes events for a bus that is not there, and drops them: look at EVENT_BUS_NAME`,
        { cause: error },
      );
    }
    check.warn(
      `the bus ${bus.name} may not be looked at (${reasonOf(error)}), and one that is not there drops every event: allow events:DescribeEventBus`,
    );
    return { value: undefined, text: `bus ${bus.name} may not be looked at` };
  }
}

/** Throws when nobody listens, and what is acknowledged is deleted; else that is a warning. */
export async function checkListeners(
  listeners: BusListeners,
  name: string,
  { deletes, patientUntil }: { readonly deletes: boolean; readonly patientUntil: number },
  check: Check,
): Promise<Passed<undefined>> {
  const [rules, archives] = await Promise.all([
    known("events:ListRules", (signal) => listeners.hasRule(signal)),
    known("events:ListArchives", (signal) => listeners.hasArchive(signal)),
  ]);
  if (rules === true) return { value: undefined, text: `bus ${name} has a rule` };
  if (archives === true) return { value: undefined, text: `bus ${name} has an archive` };
  const nobody = `the bus ${name} has no enabled rule and no archive: EventBridge answers success for every event, and drops it`;
  if (rules === undefined || archives === undefined) {
    return { value: undefined, text: `who listens to bus ${name} is not known` };
  }
  if (deletes) {
    throw new Error(
      `${nobody}. The stream deletes what is acknowledged, so that every message would be lost. Make a rule or an archive on the bus before the bridge`,
    );
  }
  check.warn(`${nobody}. The stream keeps its messages`);
  return { value: undefined, text: `nobody listens to bus ${name} yet` };

  /** Undefined, with a warning, where it may not be asked. */
  async function known(
    action: string,
    question: (signal: AbortSignal) => Promise<boolean>,
  ): Promise<boolean | undefined> {
    try {
      return await askPatiently(question, { check, patientUntil });
    } catch (error) {
      check.warn(
        `whether anybody listens to the bus ${name} is not known (${reasonOf(error)}): allow ${action}`,
      );
      return undefined;
    }
  }
}
