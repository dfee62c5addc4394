/** For how long a stream recognises the id of what is published to it. */
import type { Ms } from "../core/ports.ts";
import { type ApiSubjects, readAnswer, type StreamAnswer } from "./api.ts";
import type { Session } from "./session.ts";

/** A stream by its name, or the one that takes a subject. */
export type OfWindow = { readonly subject: string } | { readonly stream: string };

export interface Window {
  readonly stream: string;
  readonly windowMs: Ms;
}

const NANOS_PER_MS = 1_000_000;

/** Undefined: no stream takes the subject. Rejects with a `SourceError`. */
export async function windowOf(
  session: Session,
  subjects: ApiSubjects,
  of: OfWindow,
  timeoutMs: Ms,
): Promise<Window | undefined> {
  const stream =
    "stream" in of
      ? of.stream
      : (await streamNames(session, subjects, { subject: of.subject }, timeoutMs))[0];
  if (stream === undefined) return undefined;
  const wire = await session.request(subjects.streamInfoOf(stream), "", timeoutMs);
  const { config } = readAnswer<StreamAnswer>(wire, `stream ${stream}`);
  return { stream, windowMs: (config.duplicate_window ?? 0) / NANOS_PER_MS };
}

/** At most 1024: all, or those that take a subject. Rejects with a `SourceError`. */
export async function streamNames(
  session: Session,
  subjects: ApiSubjects,
  which: { readonly subject?: string },
  timeoutMs: Ms,
): Promise<readonly string[]> {
  const wire = await session.request(subjects.streamNames, JSON.stringify(which), timeoutMs);
  const what = which.subject ?? "the names of streams";
  return readAnswer<{ readonly streams?: readonly string[] | null }>(wire, what).streams ?? [];
}
