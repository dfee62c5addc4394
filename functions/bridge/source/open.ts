/** Opens a connection of the official client, and says in plain words why that does not work. */
import {
  type ConnectionOptions,
  connect,
  errors,
  type NatsConnection,
} from "@nats-io/transport-node";
import { authenticator, type Credentials } from "./credentials.ts";
import { type Identities, type Identity, onlyIdentity } from "./identity.ts";
import { SourceError } from "./source-error.ts";

export interface ConnectionSettings {
  /** `host:port`, without scheme and credentials. */
  readonly servers: readonly string[];
  readonly credentials: Credentials;
  /** Undefined: whatever the server asks for. */
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly handshakeFirst: boolean;
    readonly servername?: string;
  };
  readonly inboxPrefix: string;
  /** To connect, for each server tried. */
  readonly timeoutMs: number;
  /** How the connection is called on the server. */
  readonly name: string;
}

interface Opened {
  readonly connection: NatsConnection;
  readonly identity: Identity;
}

/**
 * A connection of the official client. One whose identity is refused is tried once more, where there is another one by
 * now. Throws a `SourceError`, and a `CredentialsError` for credentials that `credentialsFault` would have refused.
 */
export async function open(
  settings: ConnectionSettings,
  identities: Identities = onlyIdentity(settings.credentials),
  servers: readonly string[] = settings.servers,
): Promise<Opened> {
  const openAs = async (identity: Identity): Promise<Opened> => {
    const options = optionsOf(settings, identity, servers);
    const connection = await connect(options).catch((error: unknown) => {
      throw connectError(error, servers, identities.whence);
    });
    return { connection, identity };
  };
  const identity = await identities.current();
  try {
    return await openAs(identity);
  } catch (error) {
    if (!(error instanceof SourceError) || error.end !== "refused") throw error;
    const other = await identities.insteadOf(identity);
    if (!other) throw error;
    return openAs(other);
  }
}

function optionsOf(
  settings: ConnectionSettings,
  { credentials, ...pems }: Identity,
  servers: readonly string[],
): ConnectionOptions {
  const auth = authenticator(credentials);
  const insists = settings.tls || Object.keys(pems).length > 0;
  return {
    servers: [...servers],
    name: settings.name,
    inboxPrefix: settings.inboxPrefix,
    timeout: settings.timeoutMs,
    reconnect: false,
    // Half-open links are noticed in 10 to 20 s even while nothing is asked.
    pingInterval: 10_000,
    maxPingOut: 1,
    noAsyncTraces: true,
    ...(auth && { authenticator: auth }),
    ...(insists && { tls: { handshakeFirst: false, ...settings.tls, ...pems } }),
  };
}

function connectError(error: unknown, servers: readonly string[], whence: string): SourceError {
  const cause = error instanceof Error ? error : new Error(String(error));
  const isDenied = isAboutIdentity(cause);
  const said = isDenied ? `${cause.message}; check ${whence}` : tlsProblem(cause);
  const message = `cannot connect to NATS at ${servers.join(", ")}: ${said}`;
  return new SourceError(isDenied ? "refused" : "broken", message, { cause });
}

/** The server does not know us, or not any more. */
export function isAboutIdentity(error: Error): boolean {
  return (
    error instanceof errors.AuthorizationError ||
    error instanceof errors.UserAuthenticationExpiredError ||
    (error instanceof errors.ProtocolError && /authentication revoked/i.test(error.message))
  );
}

/** OpenSSL's own words lead nobody to the setting. */
function tlsProblem(cause: Error): string {
  const said = cause.message.replaceAll(/\s+/g, " ").trim() || cause.name;
  if (/wrong version number|packet length too long/i.test(said)) {
    return "the server does not begin with a TLS handshake; NATS_TLS_FIRST is for servers with handshake_first";
  }
  const code = (cause as { code?: string }).code ?? "";
  const isTls = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/.test(code);
  return isTls ? `${said}; check NATS_CA, NATS_CERT and NATS_KEY, NATS_TLS_SERVERNAME` : said;
}
