// An operator, an account with JetStream, and a user: as `nsc` makes them, for a server with `resolver: MEMORY`.
import { nkeys } from "@nats-io/transport-node";

export interface Account {
  /** For the server. */
  readonly config: string;
  /** Text of a user's `.creds` file. */
  readonly creds: string;
  /** The parts of it that must stay secret. */
  readonly jwt: string;
  readonly seed: string;
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
  const user = nkeys.createUser();
  const operatorJwt = sign(operator, operator, { type: "operator", version: 2 });
  const systemJwt = sign(operator, system, { type: "account", version: 2 });
  const accountJwt = sign(operator, account, { type: "account", version: 2, limits: UNLIMITED });
  const jwt = sign(account, user, { type: "user", version: 2, subs: -1, data: -1, payload: -1 });
  const seed = new TextDecoder().decode(user.getSeed());
  return {
    config: `operator: ${operatorJwt}
      resolver: MEMORY
      system_account: ${system.getPublicKey()}
      resolver_preload: {
        ${system.getPublicKey()}: ${systemJwt}
        ${account.getPublicKey()}: ${accountJwt}
      }`,
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
  };
}

function sign(issuer: nkeys.KeyPair, subject: nkeys.KeyPair, nats: object): string {
  const claims = {
    jti: subject.getPublicKey(),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    name: "test",
    sub: subject.getPublicKey(),
    nats,
  };
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
  const body = `${encode({ typ: "JWT", alg: "ed25519-nkey" })}.${encode(claims)}`;
  return `${body}.${Buffer.from(issuer.sign(Buffer.from(body))).toString("base64url")}`;
}
