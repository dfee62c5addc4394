/** How to reach NATS, and as whom. */
import type { Config } from "../config.ts";
import type { OptionName } from "./options.ts";
import type { Reader } from "./reader.ts";
import { nameOf, prefixOf, secretArnOf } from "./values.ts";

/** That of every client: answers to all of them arrive under it. */
export const DEFAULT_INBOX_PREFIX = "_INBOX";

export function natsOf(reader: Reader): Config["nats"] {
  const urls = reader.secretParts(
    "NATS_URL",
    natsUrlsOf,
    "nats://host:4222 or tls://host:4222, several with commas",
  );
  const servers = urls?.map(({ server }) => server) ?? [];
  const secretArn = reader.optional(
    "NATS_SECRET_ARN",
    "the ARN of a secret, like arn:aws:secretsmanager:eu-west-1:123456789012:secret:nats/bridge",
    secretArnOf,
  );
  const credentials = credentialsOf(reader, urls ?? []);
  const ca = reader.pem("NATS_CA");
  const cert = reader.pem("NATS_CERT");
  const key = reader.pem("NATS_KEY");
  // The other one of the two may be in the secret.
  if ((cert === undefined) !== (key === undefined) && !reader.isSet("NATS_SECRET_ARN")) {
    reader.fault(
      cert === undefined ? "NATS_CERT" : "NATS_KEY",
      "nothing",
      "both NATS_CERT and NATS_KEY, or neither",
    );
  }
  const handshakeFirst = reader.flag("NATS_TLS_FIRST");
  const servername = reader.text("NATS_TLS_SERVERNAME");
  const tlsSettings = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(servername !== undefined && { servername }),
  };
  const insists =
    handshakeFirst || Object.keys(tlsSettings).length > 0 || urls?.some(({ tls }) => tls);
  const domain = reader.optional("NATS_JS_DOMAIN", "the name of a domain, one token", nameOf);
  const expectedPrefix = "a subject without wildcards, like _INBOX_bridge";
  const prefix = reader.optional("NATS_JS_API_PREFIX", expectedPrefix, prefixOf);
  const inboxPrefix = reader.optional("NATS_INBOX_PREFIX", expectedPrefix, prefixOf);
  if (domain !== undefined && prefix !== undefined) {
    reader.fault(
      "NATS_JS_API_PREFIX",
      JSON.stringify(prefix),
      "only one of NATS_JS_DOMAIN and NATS_JS_API_PREFIX",
    );
  }
  return {
    servers,
    credentials,
    ...(secretArn !== undefined && { secretArn }),
    ...(insists && { tls: { ...tlsSettings, handshakeFirst } }),
    timeoutMs: reader.duration("NATS_TIMEOUT", "3s", "100ms", "1m"),
    inboxPrefix: inboxPrefix ?? DEFAULT_INBOX_PREFIX,
    apiPrefix: (prefix ?? (domain === undefined ? "$JS.API" : `$JS.${domain}.API`)).replace(
      /\.$/,
      "",
    ),
  };
}

function credentialsOf(reader: Reader, urls: readonly NatsUrl[]): Config["nats"]["credentials"] {
  const creds = reader.secretFile(
    "NATS_CREDS",
    /-----BEGIN/,
    "the path or the text of a .creds file",
  );
  const nkey = reader.secretFile(
    "NATS_NKEY",
    /^\s*S[A-Z2-7]{57}\s*$/,
    "the path or the text of a user's seed (SU…)",
  );
  const user = reader.text("NATS_USER");
  const password = reader.secret("NATS_PASSWORD");
  const token = reader.secret("NATS_TOKEN");
  const inUrl = urls.find((url) => url.user !== undefined || url.token !== undefined);
  const ways = Object.entries({
    NATS_CREDS: creds,
    NATS_NKEY: nkey,
    NATS_USER: user ?? password,
    NATS_TOKEN: token,
    NATS_URL: inUrl,
    NATS_SECRET_ARN: reader.text("NATS_SECRET_ARN"),
  });
  const given = ways.filter(([, value]) => value !== undefined).map(([name]) => name as OptionName);
  const [, second] = given;
  if (second)
    reader.fault(
      second,
      "a second kind of credentials",
      `only one of ${given.join(", ")} to carry credentials`,
    );
  if ((user === undefined) !== (password === undefined)) {
    reader.fault(
      user === undefined ? "NATS_USER" : "NATS_PASSWORD",
      "nothing",
      "both NATS_USER and NATS_PASSWORD, or neither",
    );
  }
  return {
    ...(creds !== undefined && { creds }),
    ...(nkey !== undefined && { nkey }),
    ...((user ?? inUrl?.user) !== undefined && { user: user ?? inUrl?.user ?? "" }),
    ...((password ?? inUrl?.password) !== undefined && {
      password: password ?? inUrl?.password ?? "",
    }),
    ...((token ?? inUrl?.token) !== undefined && { token: token ?? inUrl?.token ?? "" }),
  };
}

interface NatsUrl {
  readonly server: string;
  readonly tls: boolean;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
}

/** Undefined when one of them is none. */
function natsUrlsOf(
  text: string,
): { value: readonly NatsUrl[]; secrets: readonly string[] } | undefined {
  const secrets: string[] = [];
  const value: NatsUrl[] = [];
  for (const part of text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "")) {
    const withScheme = part.includes("://") ? part : `nats://${part}`;
    const match = /^(nats|tls):\/\//.exec(withScheme);
    const parsable = withScheme.replace(/^(nats|tls):/, "http:");
    if (!match || !URL.canParse(parsable)) return undefined;
    const url = new URL(parsable);
    const isBare =
      (url.pathname === "/" || url.pathname === "") && url.search === "" && url.hash === "";
    const isUserMissing = url.username === "" && url.password !== "";
    if (url.hostname === "" || !isBare || isUserMissing) return undefined;
    // Port 80 is http's own, and so left out by URL.
    const port = url.port || (/:80\/?$/.test(withScheme) ? "80" : "4222");
    const [name, password] = [decoded(url.username), decoded(url.password)];
    secrets.push(
      ...[url.password, password, ...(password === "" ? [url.username, name] : [])].filter(
        (one) => one !== "",
      ),
    );
    value.push({
      server: `${url.hostname}:${port}`,
      tls: match[1] === "tls",
      ...(name !== "" && (password === "" ? { token: name } : { user: name, password })),
    });
  }
  return value.length === 0 ? undefined : { value, secrets };
}

/** A percent sign that starts no code stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
