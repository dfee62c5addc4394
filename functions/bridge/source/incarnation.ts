/**
 * Is this still the consumer, in the stream, that our messages came from? An ack names nothing but a sequence: sent to
 * a stream or consumer that was made anew under the same name, it settles a message that nobody has seen.
 */
import type { ConsumerAnswer, StreamAnswer } from "./api.ts";

export interface Incarnation {
  readonly consumer: string;
  /** Undefined without the permission for STREAM.INFO. */
  readonly stream: string | undefined;
}

export function incarnationOf(
  consumer: ConsumerAnswer,
  stream: StreamAnswer | undefined,
): Incarnation {
  return { consumer: consumer.created, stream: stream?.created };
}

/**
 * - `same`
 * - `unclear`: servers before 2.10 give a consumer a new creation time when they start; nothing may be settled, but it
 *   is no reason to give up
 * - `other`
 */
export function compareIncarnations(
  before: Incarnation,
  now: Incarnation,
  context: { readonly serverVersion: string; readonly reconnected: boolean },
): "same" | "unclear" | "other" {
  const sameStream =
    before.stream === undefined || now.stream === undefined || before.stream === now.stream;
  if (!sameStream) return "other";
  if (before.consumer === now.consumer) return "same";
  return context.reconnected && isBefore210(context.serverVersion) ? "unclear" : "other";
}

export function isBefore210(version: string): boolean {
  return isBefore(version, [2, 10]);
}

export function isBefore(
  version: string,
  [wantedMajor, wantedMinor]: readonly [number, number],
): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}
