/** Which dead letters are meant. */
import { subjectMatches } from "../subjects.ts";
import type { DeadLetter } from "./dead-letter.ts";

export interface Filter {
  /** Part of the reason, as it is written. */
  readonly reason?: string;
  /** With wildcards, as NATS has them. */
  readonly subject?: string;
  /** Of the message, nanoseconds since 1970: at or after this. */
  readonly since?: bigint;
  /** Before this. */
  readonly until?: bigint;
  /** One of these; empty: any. */
  readonly ids: readonly string[];
}

export function matches(filter: Filter, letter: DeadLetter): boolean {
  const { ids, reason, since, subject, until } = filter;
  return (
    (reason === undefined || letter.reason.includes(reason)) &&
    (subject === undefined || subjectMatches(subject, letter.subject)) &&
    (since === undefined || letter.timestampNanos >= since) &&
    (until === undefined || letter.timestampNanos < until) &&
    (ids.length === 0 || ids.includes(letter.id))
  );
}

/** Then everything in the store is meant, what cannot be read included. */
export function meansAll({ ids, reason, since, subject, until }: Filter): boolean {
  return ids.length === 0 && [reason, since, subject, until].every((one) => one === undefined);
}
