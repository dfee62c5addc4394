/** Questions to JetStream's API, over a connection that is open. */
import { systemClock } from "../clock.ts";
import type { Config } from "../config.ts";
import { type ApiSubjects, apiSubjects, readAnswer } from "../source/api.ts";
import type { Session } from "../source/session.ts";
import { isBroken, SourceError } from "../source/source-error.ts";

/** What the checks share of NATS. */
export interface Nats {
  readonly config: Config;
  readonly session: Session;
  readonly subjects: ApiSubjects;
}

export function natsOf(config: Config, session: Session): Nats {
  const { consumer, stream } = config.consumer;
  return { config, session, subjects: apiSubjects(config.nats.apiPrefix, stream, consumer) };
}

/** A leader that is elected just now takes no longer. */
const TRIES = 5;
const PAUSE_MS = 500;

/** Tries again while nobody is there to answer. Rejects with a `SourceError`. */
export async function ask<T>({ config, session }: Nats, subject: string, what: string): Promise<T> {
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      const wire = await session.request(subject, "", config.nats.timeoutMs);
      return readAnswer<T>(wire, what);
    } catch (error) {
      if (isWithoutJetStream(error)) throw withAdvice(error);
      if (!isBroken(error) || left === 0 || session.ended) throw error;
      await systemClock.sleep(PAUSE_MS);
    }
  }
}

/** Codes of the server (`errors.json` in nats-server): not enabled, for the account or at all. */
const WITHOUT_JETSTREAM: ReadonlySet<number | undefined> = new Set([10_039, 10_076]);

function isWithoutJetStream(error: unknown): error is SourceError {
  return error instanceof SourceError && WITHOUT_JETSTREAM.has(error.code);
}

function withAdvice(error: SourceError): SourceError {
  const advice = "enable it for the account of this user, or look at NATS_JS_DOMAIN";
  return new SourceError(error.end, `${error.message}; ${advice}`, { cause: error });
}

/** The user may not ask: what it would tell stays unknown. */
export function isDenied(error: unknown): error is SourceError {
  return error instanceof SourceError && error.denied !== undefined;
}
