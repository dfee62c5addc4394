// From props to the environment variables that the bridge reads, checked by what the bridge itself reads them with.
import { type Duration, Token } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { type OptionName, OPTIONS, readConfig } from "../../functions/bridge/config.ts";
import { refuse } from "./refuse.ts";

/** What is undefined is left to the bridge's own default. */
export type Environment = { readonly [Name in OptionName]?: string | undefined };

/** With variables of the user's own. */
export type AnyEnvironment = { readonly [name: string]: string | undefined };

/** As NATS writes its units. */
const UNITS: Readonly<Record<string, string>> = {
  millis: "ms",
  seconds: "s",
  minutes: "m",
  hours: "h",
};

/** As NATS writes a duration. Not known at synthesis: as many of its unit as the token says then. */
export function seconds(duration: Duration | undefined): string | undefined {
  if (!duration) return undefined;
  if (duration.isUnresolved()) {
    const [amount = ""] = duration.formatTokenToNumber().split(" ", 1);
    return `${amount}${UNITS[duration.unitLabel()] ?? duration.unitLabel()}`;
  }
  return `${duration.toMilliseconds()}ms`.replace(/000ms$/, "s");
}

export function flag(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

export function number(value: number | undefined): string | undefined {
  // Token.asString would make a token of a number that is known, too, and nobody would check it.
  return Token.isUnresolved(value) ? Token.asString(value) : value?.toString();
}

/** Without those that are left to their defaults. */
export function given(environment: AnyEnvironment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}

/** Most bytes of all names and values together, "Lambda quotas". */
const MOST_BYTES = 4096;

/** A value that is known only while deploying is taken to be so long: about that of an ARN. */
const TOKEN_BYTES = 100;

/** How the CDK writes one into a text. */
const TOKEN = /\$\{Token\[[^\]]+\]\}/g;

/**
 * Refuses what the bridge would refuse at its start. `isHandler`: the target is code of the user's, whose own options are
 * known only when it is loaded. `own`: variables of the user's own.
 */
export function checkEnvironment(
  construct: Construct,
  environment: Environment,
  isHandler: boolean,
  own: AnyEnvironment = {},
): void {
  refuse(construct, Object.keys(own).filter(isOption).map(notYours));
  const all = { ...own, ...environment };
  const { faults } = readConfig(knownAtSynthesis(all), "lambda", {
    readFile: () => {
      throw new Error("files of this machine are not there at run time");
    },
    credentialsFault: () => undefined,
    ...(isHandler && { handler: { kind: "one" } }),
  });
  const bytes = sizeOf(given(all));
  const tooMany = bytes > MOST_BYTES ? [tooLarge(all, bytes)] : [];
  refuse(construct, [...faults.map(withProp), ...tooMany]);
}

function isOption(name: string): name is OptionName {
  return name in OPTIONS;
}

function notYours(name: OptionName): string {
  const prop = PROP_OF[name];
  return `environment: given ${name}, expected variables of the handler's own: the bridge itself reads this one${prop === undefined ? "" : `; set ${prop} instead`}`;
}

/** What stands for a value that is known only while deploying, so that the rest can be checked. */
const STAND_INS: Environment = {
  NATS_URL: "nats://not-known-yet:4222",
  NATS_SECRET_ARN: "arn:aws:secretsmanager:us-east-1:123456789012:secret:not-known-yet",
  NATS_CA: "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
  JETSTREAM_STREAM: "NOT-KNOWN-YET",
  JETSTREAM_CONSUMER: "not-known-yet",
  JETSTREAM_OPT_START_SEQ: "1",
  JETSTREAM_OPT_START_TIME: "2027-01-01T00:00:00Z",
  SQS_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/123456789012/not-known-yet",
  EVENT_BUS_NAME: "not-known-yet",
  FUNCTION_ARN: "arn:aws:lambda:us-east-1:123456789012:function:not-known-yet",
  DEAD_LETTER_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/123456789012/not-known-either",
  DEAD_LETTER_BUCKET: "not-known-yet",
  DOORBELL_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/123456789012/doorbell",
};

function knownAtSynthesis(environment: AnyEnvironment): Record<string, string> {
  const known = Object.entries(given(environment)).map(([name, value]) => {
    return [name, Token.isUnresolved(value) ? standInFor(name, value, environment) : value];
  });
  return Object.fromEntries(known) as Record<string, string>;
}

function standInFor(name: string, value: string, environment: AnyEnvironment): string {
  const isTarget = value === environment["SQS_QUEUE_URL"];
  const standIn = STAND_INS[isTarget ? "SQS_QUEUE_URL" : (name as OptionName)] ?? "";
  const isOrdered = environment["SQS_MESSAGE_GROUP_ID"] !== undefined;
  return isTarget && isOrdered ? `${standIn}.fifo` : standIn;
}

function sizeOf(environment: Record<string, string>): number {
  return Object.entries(environment)
    .map(([name, value]) => name.length + bytesOf(value))
    .reduce((sum, bytes) => sum + bytes, 0);
}

function bytesOf(value: string): number {
  return Buffer.byteLength(value.replaceAll(TOKEN, "x".repeat(TOKEN_BYTES)));
}

function tooLarge(environment: AnyEnvironment, bytes: number): string {
  const [name = "", value = ""] =
    Object.entries(given(environment)).toSorted((a, b) => bytesOf(b[1]) - bytesOf(a[1]))[0] ?? [];
  return `environment: given ${bytes} bytes of names and values, expected at most ${MOST_BYTES}, which is Lambda's limit; the largest is ${name} with ${bytesOf(value)}${name === "NATS_CA" ? ": put the certificate into the secret, as ca of its JSON" : ""}`;
}

/** The faults of the bridge name its variables; whoever writes a construct knows its props. */
function withProp(fault: string): string {
  const [name = ""] = fault.split(":", 1);
  const prop = PROP_OF[name as OptionName];
  return prop === undefined ? fault : `${prop}${fault.slice(name.length)}`;
}

const PROP_OF: Readonly<Partial<Record<OptionName, string>>> = {
  NATS_URL: "url",
  NATS_CA: "ca",
  NATS_TIMEOUT: "timeout of the connection",
  NATS_INBOX_PREFIX: "inboxPrefix",
  NATS_JS_DOMAIN: "domain",
  NATS_JS_API_PREFIX: "apiPrefix",
  JETSTREAM_STREAM: "stream",
  JETSTREAM_CONSUMER: "consumer",
  JETSTREAM_FILTER_SUBJECTS: "filterSubjects",
  JETSTREAM_DELIVER_POLICY: "deliverPolicy",
  JETSTREAM_OPT_START_SEQ: "deliverPolicy",
  JETSTREAM_OPT_START_TIME: "deliverPolicy",
  JETSTREAM_ACK_WAIT: "ackWait",
  JETSTREAM_MAX_ACK_PENDING: "maxAckPending",
  CONSUMER_MANAGEMENT: "consumerManagement",
  ORIGIN_NAME: "originName",
  SQS_MESSAGE_GROUP_ID: "groupBy",
  SQS_MESSAGE_DEDUPLICATION_ID: "deduplicationId",
  EVENT_SOURCE: "source",
  EVENT_DETAIL_TYPE: "detailType",
  EVENT_MAX_SIZE: "maxSize",
  BATCH_SIZE: "batchSize",
  BATCH_WINDOW: "maxBatchingWindow",
  CONCURRENCY: "concurrency",
  MAXIMUM_RETRY_ATTEMPTS: "retryAttempts",
  MAXIMUM_RECORD_AGE: "maxRecordAge",
  RETRY_DELAY_MIN: "minRetryDelay",
  RETRY_DELAY_MAX: "maxRetryDelay",
  ON_REJECTED: "onRejected",
  DEAD_LETTER_QUEUE_URL: "deadLetterQueue",
  DEAD_LETTER_BUCKET: "deadLetterBucket",
  IDLE_TIMEOUT: "idleTimeout",
  PAUSED: "paused",
  LOG_LEVEL: "logLevel",
  METRICS_NAMESPACE: "metricsNamespace",
};
