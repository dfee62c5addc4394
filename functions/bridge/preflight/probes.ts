/**
 * How a permission is asked for without using it. NATS tells nobody what he may do: it only refuses, and names the subject.
 * So each subject gets something that changes nothing on any server: a request that is refused as malformed, a question,
 * an extension of a message that cannot be out, or, to a subject of somebody else's, a message that is only traced.
 */
import { isBefore } from "../source/incarnation.ts";
import type { Permission } from "../source/permissions.ts";

export interface Probe {
  readonly permission: Permission;
  readonly subject: string;
  readonly payload: string;
  readonly headers?: ReadonlyMap<string, string>;
}

export interface ProbeContext {
  readonly apiPrefix: string;
  readonly serverVersion: string;
  /** A subject on which a trace does no harm: an answered question without a reply. */
  readonly tracesTo: string;
}

/** Undefined where this server offers no harmless way. */
export function probeOf(permission: Permission, context: ProbeContext): Probe | undefined {
  const { subject } = permission;
  if (subject.startsWith("$JS.ACK.")) {
    // Sequences begin with 1: no server has anything out under 0.
    const exact = subject.replaceAll("*", "_").replace(/>$/, "1.0.0.0.0");
    return { permission, subject: exact, payload: "+WPI" };
  }
  if (subject.startsWith(`${context.apiPrefix}.`)) {
    const isQuestion = /\.(CONSUMER|STREAM)\.(INFO|NAMES)\b/.test(subject);
    return { permission, subject, payload: isQuestion ? "" : MALFORMED };
  }
  return traced(permission, context);
}

/** Where a request is expected: refused before anything is done. */
const MALFORMED = "{";

/** Servers before 2.11 would deliver it. */
function traced(
  permission: Permission,
  { serverVersion, tracesTo }: ProbeContext,
): Probe | undefined {
  if (isBefore(serverVersion, [2, 11])) return undefined;
  const headers = new Map([
    ["Nats-Trace-Dest", tracesTo],
    ["Nats-Trace-Only", "true"],
  ]);
  const subject = permission.subject.replaceAll(/[*>]/g, "_");
  return { permission, subject, payload: "", headers };
}
