/** Every subject that the bridge will publish to or subscribe: may it? All that are missing are told at once. */
import { apiSubjects } from "../source/api.ts";
import { permissionsOf, type PermissionsWanted } from "../source/permissions.ts";
import type { Dial, WireTrouble } from "../source/wire.ts";
import type { Check, Passed } from "./checklist.ts";
import { type Answers, missingText, unknownText } from "./lacking.ts";
import { type Probe, probeOf } from "./probes.ts";

/** Over a connection of its own. Throws with all that is needed and missing; what is optional and missing is a warning. */
export async function checkPermissions(
  dial: Dial,
  wanted: PermissionsWanted,
  check: Check,
): Promise<Passed<undefined>> {
  const answers = await askFor(dial, wanted);
  const missing = [...answers.publish, ...answers.subscribe].filter(({ optional }) => !optional);
  if (missing.length > 0) throw new Error(missingText(answers, wanted));
  for (const { reason, subject } of answers.publish) {
    check.warn(`the NATS user may not publish to "${subject}" (${reason})`);
  }
  return {
    value: undefined,
    text: `the NATS user has the permissions that are needed${unknownText(answers)}`,
  };
}

async function askFor(dial: Dial, wanted: PermissionsWanted): Promise<Answers> {
  const { publish, subscribe } = permissionsOf(wanted);
  const denied = new Set<string>();
  const trouble = (one: WireTrouble): void => {
    if (one.kind === "denied") denied.add(one.subject);
  };
  const wire = await dial({ message: () => undefined, trouble });
  const tracesTo = apiSubjects(wanted.apiPrefix, wanted.stream, wanted.consumer).consumerInfo;
  const context = { apiPrefix: wanted.apiPrefix, serverVersion: wire.serverVersion, tracesTo };
  const probes = publish.map((permission) => probeOf(permission, context));
  for (const probe of probes) {
    if (probe) wire.publish(probe.subject, probe.payload, undefined, probe.headers);
  }
  // Its refusals have come before the server's word that it has had everything.
  await wire.close(true);
  const isDenied = (probe: Probe | undefined): boolean =>
    probe !== undefined && denied.has(probe.subject);
  // Of a message whose trace may not go where it is sent, the server tells that, and nothing else.
  const isUnknown = (probe: Probe | undefined): boolean =>
    probe === undefined || (probe.headers !== undefined && denied.has(tracesTo));
  const isDeaf = [wire.inbox, wire.pullInbox].some((inbox) => denied.has(inbox));
  return {
    publish: publish.filter((_, at) => isDenied(probes[at])),
    subscribe: isDeaf ? subscribe : [],
    unknown: publish.filter((_, at) => isUnknown(probes[at])),
  };
}
