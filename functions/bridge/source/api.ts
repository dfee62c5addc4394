/** JetStream's API: subjects, and what we read of its answers. */
import type { ConsumerInfo, StreamInfo } from "@nats-io/jetstream";
import { SourceError } from "./source-error.ts";
import type { WireMessage } from "./wire.ts";

/** The prefix of JetStream's API at the server itself, and not in another domain. */
export const LOCAL_API = "$JS.API";

export interface ApiSubjects {
  readonly consumerInfo: string;
  readonly streamInfo: string;
  readonly pull: string;
  readonly consumerDelete: string;
  /** Which streams take a subject. */
  readonly streamNames: string;
  streamInfoOf(stream: string): string;
  /** To make the consumer; with a single filter the server wants it as part of the subject. */
  consumerCreate(filterSubjects: readonly string[]): string;
}

export function apiSubjects(prefix: string, stream: string, consumer: string): ApiSubjects {
  const create = `${prefix}.CONSUMER.CREATE.${stream}.${consumer}`;
  return {
    consumerInfo: `${prefix}.CONSUMER.INFO.${stream}.${consumer}`,
    streamInfo: `${prefix}.STREAM.INFO.${stream}`,
    pull: `${prefix}.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
    consumerDelete: `${prefix}.CONSUMER.DELETE.${stream}.${consumer}`,
    streamNames: `${prefix}.STREAM.NAMES`,
    streamInfoOf: (other) => `${prefix}.STREAM.INFO.${other}`,
    consumerCreate: ([single, ...more]) =>
      single === undefined || more.length > 0 ? create : `${create}.${single}`,
  };
}

/** CONSUMER.INFO's answer. `created` is compared, never computed with. `ts` is there from 2.10 on. */
export type ConsumerAnswer = Omit<ConsumerInfo, "created" | "ts"> & {
  readonly created: string;
  readonly ts?: string;
  readonly pause_remaining?: number;
};

/** Who leads the consumer; from 2.12 on also since when, so that A → B → A is seen. */
export function leaderOf({ cluster }: ConsumerAnswer): string | undefined {
  const { leader, leader_since: since = "" } = (cluster ?? {}) as {
    readonly leader?: string;
    readonly leader_since?: string;
  };
  return leader === undefined ? undefined : `${leader} ${since}`;
}

export type StreamAnswer = Omit<StreamInfo, "created"> & { readonly created: string };

/** Error codes of the server (`errors.json` in nats-server). */
const CONSUMER_NOT_FOUND = 10_014;
const STREAM_NOT_FOUND = 10_059;
const NOT_ENABLED = new Set([10_039, 10_076]);

interface ApiError {
  readonly code: number;
  readonly err_code?: number;
  readonly description?: string;
}

/** The answer, or a `SourceError` that says what it means. `what` names the call. */
export function readAnswer<T>(wire: WireMessage, what: string): T {
  if (wire.status === 503) {
    throw new SourceError(
      "broken",
      `${what}: no JetStream answers at this server, account or domain`,
    );
  }
  const answer = JSON.parse(new TextDecoder().decode(wire.data)) as T & { error?: ApiError };
  if (!answer.error) return answer;
  const { code, err_code: errorCode, description = "no description" } = answer.error;
  const said = `${what}: ${description} (${errorCode ?? code})`;
  if (errorCode === CONSUMER_NOT_FOUND) throw new ConsumerNotFound(said);
  if (errorCode === STREAM_NOT_FOUND) throw new SourceError("gone", said);
  // 503: no quorum or no leader for the moment.
  if (code === 503 && !NOT_ENABLED.has(errorCode ?? 0)) throw new SourceError("broken", said);
  throw new SourceError("refused", said, errorCode === undefined ? {} : { code: errorCode });
}

export class ConsumerNotFound extends SourceError {
  constructor(message: string) {
    super("gone", message);
  }
}

/** Where a message was stored. */
export interface Published {
  readonly stream: string;
  readonly sequence: number;
  /** The stream had it already, under the same id: nothing was stored. */
  readonly duplicate: boolean;
}

/** A stream's answer to a publish. Throws a `SourceError`: whatever else answers is no confirmation. */
export function publishedOf(wire: WireMessage, subject: string): Published {
  // Also while a leader is elected.
  if (wire.status === 503) throw new SourceError("broken", `no stream takes ${subject}`);
  const { duplicate, seq, stream } = readAnswer<{
    readonly stream?: unknown;
    readonly seq?: unknown;
    readonly duplicate?: unknown;
  }>(wire, `publishing to ${subject}`);
  if (typeof stream !== "string" || !Number.isSafeInteger(seq)) {
    throw new SourceError("broken", `what answers on ${subject} is no stream`);
  }
  return { stream, sequence: Number(seq), duplicate: duplicate === true };
}
