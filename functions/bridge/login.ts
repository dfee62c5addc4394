/** As whom the bridge connects to NATS: always as the environment says, or as a secret says that may change meanwhile. */
import type { Config } from "./config.ts";
import { systemClock } from "./clock.ts";
import type { Observe } from "./core/ports.ts";
import { CachedSecret } from "./secrets/cached-secret.ts";
import { readContents, type SecretContents, textsIn } from "./secrets/contents.ts";
import { SecretError } from "./secrets/secret-error.ts";
import { ENDLESS, type Term, termOf } from "./secrets/term.ts";
import { credentialsProblem } from "./source/credentials.ts";
import { expiryOf } from "./source/expiry.ts";
import { type Identities, onlyIdentity } from "./source/identity.ts";
import { SourceError } from "./source/source-error.ts";

export interface LoginPorts {
  readonly observe: Observe;
  /** Called with what must never be printed, before anything else is done with it. */
  readonly learn: (secrets: readonly string[]) => void;
}

export interface Login {
  readonly identities: Identities;
  /** Begins when a run has connected, and ends with it. Never two at once. */
  begin(): Term;
}

type Nats = Pick<Config["nats"], "credentials" | "secretArn" | "tls">;

/** The client of Secrets Manager is loaded when a secret is read for the first time. */
export function loginOf(nats: Nats, ports: LoginPorts): Login {
  const { secretArn } = nats;
  if (secretArn === undefined)
    return { identities: onlyIdentity(nats.credentials), begin: () => ENDLESS };
  const { observe } = ports;
  const secret = new CachedSecret<SecretContents>({
    fetch: fetcherOf(secretArn, ports),
    read: (text) => checked(readContents(text), nats.tls),
    expiryOf: ({ credentials }) => expiryOf(credentials),
    now: Date.now,
    notRead: (reason) =>
      observe("secret-not-read", { secret: secretArn, reason, consequence: GOES_ON }),
  });
  const identities = identitiesOf(secret, secretArn);
  return { identities, begin: () => termOf(secret, systemClock, Date.now) };
}

const GOES_ON = "what was read before is used as long as NATS takes it";

function fetcherOf(arn: string, { learn }: LoginPorts): () => Promise<string> {
  let reader: Promise<() => Promise<string>> | undefined;
  return async () => {
    reader ??= import("./secrets/secrets-manager.ts").then(({ secretReader }) => secretReader(arn));
    const text = await (await reader)();
    learn(textsIn(text));
    return text;
  };
}

function identitiesOf(secret: CachedSecret<SecretContents>, arn: string): Identities {
  return {
    get whence() {
      const { expiresAt } = secret;
      const isOver = expiresAt !== undefined && expiresAt <= Date.now();
      const since = isOver ? `, whose JWT expired at ${new Date(expiresAt).toISOString()}` : "";
      return `the secret ${arn}${since}`;
    },
    async current() {
      try {
        return await secret.current();
      } catch (error) {
        if (!(error instanceof SecretError)) throw error;
        throw new SourceError("refused", `the secret ${arn}: ${error.message}`, { cause: error });
      }
    },
    insteadOf: (refused) => secret.insteadOf(refused),
    revoked: (identity) => secret.distrust(identity),
  };
}

/** Throws a `SecretError` for what cannot be read, and for what the environment says already. */
function checked(contents: SecretContents, tls: Nats["tls"]): SecretContents {
  const problem = credentialsProblem(contents.credentials);
  if (problem !== undefined) throw new SecretError(problem);
  for (const name of ["ca", "cert", "key"] as const) {
    if (contents[name] === undefined || tls?.[name] === undefined) continue;
    const given = `${name} besides NATS_${name.toUpperCase()}`;
    throw new SecretError(`given ${given}, expected only one of the two`);
  }
  const [cert, key] = [contents.cert ?? tls?.cert, contents.key ?? tls?.key];
  if ((cert === undefined) !== (key === undefined)) {
    const given =
      cert === undefined ? "a key without its certificate" : "a certificate without its key";
    throw new SecretError(`given ${given}, expected both, here or as NATS_CERT and NATS_KEY`);
  }
  return contents;
}
