// Servers that let nobody in without credentials, of each kind there is.
import { credsAuthenticator, nkeys } from "@nats-io/transport-node";
import { operate } from "./jetstream.ts";
import { type Account, makeAccount } from "./nats-accounts.ts";
import { type RunningServer, startNatsServer } from "./nats-server.ts";

export const account: Account = makeAccount();
const nkeyUser = nkeys.createUser();
export const nkeySeed: string = new TextDecoder().decode(nkeyUser.getSeed());
export const PASSWORD = "p@ss:w/ord%20,&?#ü";
export const TOKEN = "tokens-may-be-anything";
const BY_USER = `authorization { users: [
  { user: bridge, password: "${PASSWORD}" }
  { user: percent, password: "50%off" }
  { nkey: ${nkeyUser.getPublicKey()} }
] }`;
const BY_TOKEN = `authorization { token: "${TOKEN}" }`;

export type Environment = Readonly<Record<string, string>>;
export type Servers = Readonly<Record<"accounts" | "users" | "token", RunningServer>>;

/** Each with a stream `S` of three messages. */
export async function startServers(binary: string): Promise<Servers> {
  const [accounts, users, token] = await Promise.all(
    [account.config, BY_USER, BY_TOKEN].map((config) => startNatsServer({ binary, config })),
  );
  await withStream(accounts!, { NATS_CREDS: account.creds });
  await withStream(users!, { NATS_USER: "bridge", NATS_PASSWORD: PASSWORD });
  await withStream(token!, { NATS_TOKEN: TOKEN });
  return { accounts: accounts!, users: users!, token: token! };
}

/** By the client's own means, which is another program than ours. */
async function withStream(server: RunningServer, given: Environment): Promise<void> {
  const operator = await operate(server.url, {
    user: given["NATS_USER"],
    pass: given["NATS_PASSWORD"],
    token: given["NATS_TOKEN"],
    ...(given["NATS_CREDS"] && {
      authenticator: credsAuthenticator(new TextEncoder().encode(given["NATS_CREDS"])),
    }),
  });
  await operator.stream("S");
  await operator.publish("S.a", 3);
  await operator.close();
}
