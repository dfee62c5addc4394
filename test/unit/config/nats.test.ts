import { nkeys } from "@nats-io/transport-node";
import { expect, test } from "vitest";
import type { Config } from "../../../functions/bridge/config.ts";
import { type Environment, faultsOf, LEAST, read } from "../../support/read-config.ts";

const SEED = new TextDecoder().decode(nkeys.createUser().getSeed());
const CREDS = `-----BEGIN NATS USER JWT-----\neyJ0eXAiOiJKV1QiLCJhbGciOiJl.e30.c2ln\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${SEED}\n------END USER NKEY SEED------\n`;
const PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

function natsOf(
  changes: Environment,
  files: Readonly<Record<string, string>> = {},
): Config["nats"] {
  const { config, faults } = read({ ...LEAST, ...changes }, files);
  expect(faults).toEqual([]);
  return (config as Config).nats;
}

test.each([
  ["nats://a:4222", ["a:4222"]],
  ["a", ["a:4222"]],
  ["a:5222", ["a:5222"]],
  ["nats://a", ["a:4222"]],
  ["nats://a:80", ["a:80"]],
  ["nats://a:4222, b ,nats://c:1", ["a:4222", "b:4222", "c:1"]],
  ["nats://[::1]:4222", ["[::1]:4222"]],
  ["nats://127.0.0.1:4222/", ["127.0.0.1:4222"]],
  ["nats://a,", ["a:4222"]],
])("NATS_URL=%s names its servers", (url, servers) => {
  expect(natsOf({ NATS_URL: url })).toMatchObject({ servers });
});

test.each([
  "http://a:4222",
  "ws://a",
  "nats://",
  "nats://a:99999",
  "nats://a/path",
  "nats://a?x=1",
  "nats://a#x",
  ",",
])("NATS_URL=%s is a fault", (url) => {
  expect(faultsOf({ NATS_URL: url })).toEqual([
    `NATS_URL: given ${JSON.stringify(url)}, expected nats://host:4222 or tls://host:4222, several with commas`,
  ]);
});

test("tls:// or any setting of TLS insists on it", () => {
  expect(natsOf({}).tls).toBeUndefined();
  expect(natsOf({ NATS_URL: "nats://a,tls://b" }).tls).toEqual({ handshakeFirst: false });
  expect(natsOf({ NATS_TLS_FIRST: "true" }).tls).toEqual({ handshakeFirst: true });
  expect(natsOf({ NATS_TLS_SERVERNAME: "n" }).tls).toEqual({
    servername: "n",
    handshakeFirst: false,
  });
  expect(natsOf({ NATS_CA: PEM.replaceAll("\n", "\\n") }).tls?.ca).toBe(PEM);
  expect(natsOf({ NATS_CA: "/ca.pem" }, { "/ca.pem": PEM }).tls?.ca).toBe(PEM);
});

const ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:nats/bridge";

test.each<[string, Environment, object, string]>([
  [
    "user and password",
    { NATS_USER: "u", NATS_PASSWORD: " p " },
    { user: "u", password: " p " },
    " p ",
  ],
  ["a token", { NATS_TOKEN: "tok" }, { token: "tok" }, "tok"],
  ["a seed", { NATS_NKEY: SEED }, { nkey: SEED }, SEED],
  ["the path of a seed", { NATS_NKEY: "/seed" }, { nkey: `${SEED}\n` }, SEED],
  ["the text of a .creds file", { NATS_CREDS: CREDS }, { creds: CREDS.trim() }, SEED],
  ["its path", { NATS_CREDS: "/u.creds" }, { creds: CREDS }, SEED],
  [
    "user and password in the URL",
    { NATS_URL: "nats://u:p%40ss@a" },
    { user: "u", password: "p@ss" },
    "p@ss",
  ],
  [
    "the same as it stands there",
    { NATS_URL: "nats://u:p%40ss@a" },
    { user: "u", password: "p@ss" },
    "p%40ss",
  ],
  ["a token in the URL", { NATS_URL: "nats://tok@a" }, { token: "tok" }, "tok"],
  [
    "a percent sign that stands for itself",
    { NATS_URL: "nats://u:100%@a" },
    { user: "u", password: "100%" },
    "100%",
  ],
])("credentials can be %s, and are known as a secret", (_what, given, credentials, secret) => {
  const files = { "/seed": `${SEED}\n`, "/u.creds": CREDS };
  expect(natsOf(given, files).credentials).toEqual(credentials);
  expect(read({ ...LEAST, ...given }, files).secrets).toContain(secret);
});

test.each<[string, Environment, string]>([
  [
    "a user without a password",
    { NATS_USER: "u" },
    "NATS_PASSWORD: given nothing, expected both NATS_USER and NATS_PASSWORD, or neither",
  ],
  [
    "a password without a user",
    { NATS_PASSWORD: "p" },
    "NATS_USER: given nothing, expected both NATS_USER and NATS_PASSWORD, or neither",
  ],
  [
    "a seed and a token",
    { NATS_NKEY: SEED, NATS_TOKEN: "tok" },
    "NATS_TOKEN: given a second kind of credentials, expected only one of NATS_NKEY, NATS_TOKEN to carry credentials",
  ],
  [
    "a token besides the URL's",
    { NATS_URL: "nats://u:p@a", NATS_TOKEN: "tok" },
    "NATS_URL: given a second kind of credentials, expected only one of NATS_TOKEN, NATS_URL to carry credentials",
  ],
  [
    "a secret and a token",
    { NATS_SECRET_ARN: ARN, NATS_TOKEN: "tok" },
    "NATS_SECRET_ARN: given a second kind of credentials, expected only one of NATS_TOKEN, NATS_SECRET_ARN to carry credentials",
  ],
  [
    "a secret and credentials in the URL",
    { NATS_SECRET_ARN: ARN, NATS_URL: "nats://u:p@a" },
    "NATS_SECRET_ARN: given a second kind of credentials, expected only one of NATS_URL, NATS_SECRET_ARN to carry credentials",
  ],
  [
    "a secret by its name",
    { NATS_SECRET_ARN: "nats/bridge" },
    'NATS_SECRET_ARN: given "nats/bridge", expected the ARN of a secret, like arn:aws:secretsmanager:eu-west-1:123456789012:secret:nats/bridge',
  ],
  [
    "a path to nowhere",
    { NATS_CREDS: "/none" },
    "NATS_CREDS: given a path that cannot be read (ENOENT), expected the path or the text of a .creds file",
  ],
  [
    "a file that is no PEM",
    { NATS_CA: "/seed" },
    "NATS_CA: given a file without a PEM block, expected the path or the text of a PEM",
  ],
  [
    "a certificate without its key",
    { NATS_CERT: PEM },
    "NATS_KEY: given nothing, expected both NATS_CERT and NATS_KEY, or neither",
  ],
  [
    "a key without its certificate",
    { NATS_KEY: PEM },
    "NATS_CERT: given nothing, expected both NATS_CERT and NATS_KEY, or neither",
  ],
  [
    "a domain and a prefix",
    { NATS_JS_DOMAIN: "hub", NATS_JS_API_PREFIX: "$JS.x.API" },
    'NATS_JS_API_PREFIX: given "$JS.x.API", expected only one of NATS_JS_DOMAIN and NATS_JS_API_PREFIX',
  ],
  [
    "too long a wait",
    { NATS_TIMEOUT: "61s" },
    'NATS_TIMEOUT: given "61s", expected a duration from 100ms to 1m, like 30s',
  ],
])("%s is a fault", (_what, given, fault) => {
  expect(faultsOf(given, { "/seed": SEED })).toEqual([fault]);
});

test("domain or prefix decide where JetStream's API is", () => {
  expect(natsOf({ NATS_JS_DOMAIN: "hub" }).apiPrefix).toBe("$JS.hub.API");
  expect(natsOf({ NATS_JS_API_PREFIX: "$JS.x.API." }).apiPrefix).toBe("$JS.x.API");
});

test.each([
  ARN,
  `${ARN}-Ab12Cd`,
  "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:a_b+c=d.e@f",
])("the secret %s is to be read when it is needed", (given) => {
  const { credentials, secretArn } = natsOf({ NATS_SECRET_ARN: given });
  expect([secretArn, credentials]).toEqual([given, {}]);
});

test.each(["NATS_CREDS", "NATS_NKEY", "NATS_USER", "NATS_PASSWORD", "NATS_TOKEN"])(
  "a secret and %s together are a fault",
  (name) => {
    const faults = faultsOf({ NATS_SECRET_ARN: ARN, [name]: "/file" }, { "/file": SEED });
    expect(faults.join()).toContain("NATS_SECRET_ARN: given a second kind of credentials");
  },
);

test("beside a secret a certificate needs no key: it may be in there", () => {
  expect(natsOf({ NATS_SECRET_ARN: ARN, NATS_CERT: PEM }).tls).toMatchObject({ cert: PEM.trim() });
});

const HIDDEN = "hunter2";

test.each<[string, Environment]>([
  ["in a URL of an unknown kind", { NATS_URL: `http://u:${HIDDEN}@a` }],
  ["in a URL with a slash in it", { NATS_URL: `nats://u:${HIDDEN}/x@a:4222` }],
  ["in a URL with a comma in it", { NATS_URL: `nats://u:${HIDDEN},x@a:4222` }],
  ["in the second of two URLs", { NATS_URL: `http://a,nats://u:${HIDDEN}@b` }],
  ["as a token in a URL", { NATS_URL: `http://${HIDDEN}@a` }],
  ["in broken credentials", { NATS_CREDS: `-----BEGIN NATS USER JWT-----${HIDDEN}` }],
  ["in a broken seed", { NATS_NKEY: `SU${HIDDEN}` }],
  ["in a password without a user", { NATS_PASSWORD: HIDDEN }],
  [
    "in a second kind of credentials",
    { NATS_TOKEN: HIDDEN, NATS_USER: "u", NATS_PASSWORD: HIDDEN },
  ],
  ["in a PEM", { NATS_KEY: `-----BEGIN ${HIDDEN}` }],
  ["under a wrong name", { SQS_PASSWORD: HIDDEN, NATS_PASSWORT: HIDDEN }],
])("a secret %s is never printed", (_where, given) => {
  const { faults, warnings } = read({ ...LEAST, ...given });
  expect(faults.length + warnings.length).toBeGreaterThan(0);
  expect([...faults, ...warnings].join("\n")).not.toContain(HIDDEN);
});
