/** As whom to connect. It may be another one each time: credentials that are kept elsewhere change while we run. */
import type { Credentials } from "./credentials.ts";

export interface Identity {
  readonly credentials: Credentials;
  /** PEM texts, besides those of the settings. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface Identities {
  /** Where people look when it is refused. */
  readonly whence: string;
  /** Asked before each connection. Rejects with a `SourceError` when there is none. */
  current(): Promise<Identity>;
  /** The server has refused this one: another one, where there is one by now. */
  insteadOf(refused: Identity): Promise<Identity | undefined>;
  /** The server has ended a connection of this one, since it is not good any more. */
  revoked(identity: Identity): void;
}

/** The same each time. */
export function onlyIdentity(credentials: Credentials): Identities {
  const identity = { credentials };
  return {
    whence: "NATS_CREDS, NATS_NKEY, NATS_USER and NATS_PASSWORD, or NATS_TOKEN",
    current: () => Promise.resolve(identity),
    insteadOf: () => Promise.resolve(undefined),
    revoked: () => undefined,
  };
}
