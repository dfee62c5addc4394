// An operator, an account with JetStream, and a user: as `nsc` makes them, for a server with `resolver: MEMORY`.
import { nkeys } from "@nats-io/transport-node";

interface User {
  /** Text of a user's `.creds` file. */
  readonly creds: string;
  /** The parts of it that must stay secret. */
  readonly jwt: string;
  readonly seed: string;
  readonly publicKey: string;
}

/** With a user that does not expire. */
export interface Account extends User {
  /** For the server. */
  readonly config: string;
  /** Another user, for so many seconds. */
  userFor(seconds: number): User;
  /** For the server, without this user. */
  configWithout(user: User): string;
}

const UNLIMITED = {
  ...Object.fromEntries(
    ["subs", "data", "payload", "imports", "exports", "conn", "leaf"].map((name) => [name, -1]),
  ),
  ...Object.fromEntries(
    ["mem_storage", "disk_storage", "streams", "consumer"].map((name) => [name, -1]),
  ),
  wildcards: true,
};

export function makeAccount(): Account {
  const operator = nkeys.createOperator();
  const system = nkeys.createAccount();
  const account = nkeys.createAccount();
  const operatorJwt = sign(operator, operator, { type: "operator", version: 2 });
  const systemJwt = sign(operator, system, { type: "account", version: 2 });
  const configWith = (revocations: object): string => {
    const claims = { type: "account", version: 2, limits: UNLIMITED, revocations };
    return `operator: ${operatorJwt}
      resolver: MEMORY
      system_account: ${system.getPublicKey()}
      resolver_preload: {
        ${system.getPublicKey()}: ${systemJwt}
        ${account.getPublicKey()}: ${sign(operator, account, claims)}
      }`;
  };
  return {
    ...makeUser(account),
    config: configWith({}),
    userFor: (seconds) => makeUser(account, now() + seconds),
    configWithout: ({ publicKey }) => configWith({ [publicKey]: now() }),
  };
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** `exp`: seconds since 1970. */
function makeUser(account: nkeys.KeyPair, exp?: number): User {
  const user = nkeys.createUser();
  const limits = { type: "user", version: 2, subs: -1, data: -1, payload: -1 };
  const jwt = sign(account, user, limits, exp);
  const seed = new TextDecoder().decode(user.getSeed());
  return {
    creds: [
      "-----BEGIN NATS USER JWT-----",
      jwt,
      "------END NATS USER JWT------",
      "",
      "************************* IMPORTANT *************************",
      "NKEY Seed printed below can be used to sign and prove identity.",
      "",
      "-----BEGIN USER NKEY SEED-----",
      seed,
      "------END USER NKEY SEED------",
      "",
    ].join("\n"),
    jwt,
    seed,
    publicKey: user.getPublicKey(),
  };
}

function sign(issuer: nkeys.KeyPair, subject: nkeys.KeyPair, nats: object, exp?: number): string {
  const claims = {
    jti: subject.getPublicKey(),
    iat: now(),
    ...(exp !== undefined && { exp }),
    iss: issuer.getPublicKey(),
    name: "test",
    sub: subject.getPublicKey(),
    nats,
  };
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
  const body = `${encode({ typ: "JWT", alg: "ed25519-nkey" })}.${encode(claims)}`;
  return `${body}.${Buffer.from(issuer.sign(Buffer.from(body))).toString("base64url")}`;
}
