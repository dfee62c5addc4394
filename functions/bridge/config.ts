/**
 * The configuration: read from the environment, checked as a whole before anything connects, told all at once when it
 * is wrong. What can be set stands in `config/options.ts`.
 */
import { checkNames } from "./config/names.ts";
import { consumerOf } from "./config/consumer.ts";
import { natsOf } from "./config/nats.ts";
import { Reader } from "./config/reader.ts";
import { type HandlerSettings, type Target, targetKindOf, targetOf } from "./config/target.ts";
import { bucketOf, namespaceOf, queueUrlOf } from "./config/values.ts";
import { formatDuration, parseDuration } from "./core/duration.ts";

export { type OptionName, OPTIONS } from "./config/options.ts";

/** Where a function's metrics are in CloudWatch, unless `METRICS_NAMESPACE` says otherwise. */
export const METRICS_NAMESPACE = "JetStreamBridge";

/** Read, checked, with all defaults in place. Times in milliseconds. */
export interface Config {
  readonly nats: {
    /** `host:port`. */
    readonly servers: readonly string[];
    readonly credentials: {
      readonly creds?: string;
      readonly nkey?: string;
      readonly user?: string;
      readonly password?: string;
      readonly token?: string;
    };
    /** They are in this secret, certificates and keys perhaps too; `credentials` is empty then. */
    readonly secretArn?: string;
    readonly tls?: {
      readonly ca?: string;
      readonly cert?: string;
      readonly key?: string;
      readonly servername?: string;
      readonly handshakeFirst: boolean;
    };
    readonly timeoutMs: number;
    readonly inboxPrefix: string;
    readonly apiPrefix: string;
  };
  readonly consumer: {
    readonly stream: string;
    readonly consumer: string;
    readonly filterSubjects: readonly string[];
    readonly deliverPolicy: DeliverPolicy;
    readonly startSequence?: number;
    readonly startTime?: string;
    readonly ackWaitMs: number;
    readonly mostAckWaitMs?: number;
    readonly maxAckPending: number;
    readonly leastMaxAckPending: number;
  };
  readonly management: Management;
  readonly origin: string;
  readonly target: Target;
  readonly batchSize: number;
  readonly batchWindowMs: number;
  readonly concurrency: number;
  readonly maximumRetryAttempts: number;
  readonly maximumAgeMs?: number;
  readonly onRejected: "bury" | "hold";
  readonly retryDelay: { readonly minMs: number; readonly maxMs: number };
  readonly deadLetterQueueUrl?: string;
  readonly deadLetterBucket?: string;
  readonly idleTimeoutMs: number;
  readonly wakeIntervalMs?: number;
  readonly doorbellQueueUrl?: string;
  readonly paused: boolean;
  /** Undefined: off. */
  readonly healthPort?: number;
  readonly shutdownTimeoutMs: number;
  readonly receiptIntervalMs: number;
  /** Undefined: off. */
  readonly metricsNamespace?: string;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** `AWS_ENDPOINT_URL_SQS` or `AWS_ENDPOINT_URL` is set. */
  readonly hasOwnSqsEndpoint: boolean;
  /** `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` is set: buckets are then no host names. */
  readonly hasOwnS3Endpoint: boolean;
}

type DeliverPolicy = "all" | "new" | "last" | "by_start_sequence" | "by_start_time";
type Management = "create" | "verify" | "none";

export interface ReadConfig {
  /** Undefined when there are faults. */
  readonly config: Config | undefined;
  /** One line each: `NAME: given …, expected …`. */
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
  /** Texts that must never be printed. */
  readonly secrets: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigHelpers {
  /** The text of a file; throws when it cannot be read. */
  readonly readFile: (path: string) => string;
  /** The fault of credentials that cannot be read, as a whole line; undefined when they can. */
  readonly credentialsFault: (credentials: Config["nats"]["credentials"]) => string | undefined;
  /** The target is a handler of the user's, and not one that the environment names. */
  readonly handler?: HandlerSettings;
}

/** Reads and checks the environment as a whole. */
export function readConfig(
  environment: Environment,
  runtime: "service" | "lambda",
  { credentialsFault, handler, readFile }: ConfigHelpers,
): ReadConfig {
  const reader = new Reader(environment, readFile);
  const config = build(reader, runtime, handler);
  const fault = credentialsFault(config.nats.credentials);
  if (fault !== undefined) reader.faults.push(fault);
  checkNames(reader, environment);
  const { faults, secrets, warnings } = reader;
  return { config: faults.length === 0 ? config : undefined, faults, warnings, secrets };
}

function build(
  reader: Reader,
  runtime: "service" | "lambda",
  handler: HandlerSettings | undefined,
): Config {
  const nats = natsOf(reader);
  const kind = targetKindOf(reader, handler);
  const isFifo = kind === "sqs" && reader.text("SQS_QUEUE_URL")?.endsWith(".fifo") === true;
  const isOrdered = isFifo || handler?.groupBy !== undefined;
  const batchSize = batchSizeOf(reader, kind, handler);
  const concurrency = reader.number("CONCURRENCY", concurrencyOf(reader, handler), 1, 256);
  const ackWaitMs = reader.duration("JETSTREAM_ACK_WAIT", "10s", "1s", isFifo ? "4m" : "1h");
  // One ahead for each handler, so that none waits for the next pull.
  const window = batchSize * concurrency * (kind === "handler" ? 2 : 1);
  const consumer = consumerOf(reader, {
    ackWaitMs,
    isFifo,
    isOrdered,
    isHandler: handler !== undefined,
    window,
  });
  const target = targetOf(reader, kind, consumer, handler);
  const wakeIntervalMs = reader.optionalDuration("WAKE_INTERVAL", "1s", "8760h");
  const doorbellQueueUrl = reader.optional("DOORBELL_QUEUE_URL", "the URL of a queue", queueUrlOf);
  const maximumAgeMs = reader.optionalDuration("MAXIMUM_RECORD_AGE", "1s", "8760h");
  const deadLetterQueueUrl = reader.optional(
    "DEAD_LETTER_QUEUE_URL",
    "the URL of a queue",
    queueUrlOf,
  );
  if (target.kind === "sqs" && target.queueUrl !== "" && deadLetterQueueUrl === target.queueUrl) {
    reader.fault(
      "DEAD_LETTER_QUEUE_URL",
      "the target queue itself",
      "another queue than SQS_QUEUE_URL",
    );
  }
  const deadLetterBucket = reader.optional("DEAD_LETTER_BUCKET", "the name of a bucket", bucketOf);
  const healthPort = healthPortOf(reader);
  const metricsNamespace = metricsNamespaceOf(reader, runtime);
  const management = reader.choice(
    "CONSUMER_MANAGEMENT",
    runtime === "service" ? "create" : "verify",
    ["create", "verify", "none"] as const,
  );
  return {
    nats,
    consumer,
    management,
    origin: reader.text("ORIGIN_NAME") ?? consumer.stream,
    target,
    batchSize,
    batchWindowMs: reader.duration("BATCH_WINDOW", "0s", "0s", formatDuration(ackWaitMs / 2)),
    concurrency,
    maximumRetryAttempts: reader.number("MAXIMUM_RETRY_ATTEMPTS", 5, -1, 1000),
    ...(maximumAgeMs !== undefined && { maximumAgeMs }),
    onRejected: reader.choice("ON_REJECTED", "bury", ["bury", "hold"] as const),
    retryDelay: retryDelayOf(reader, ackWaitMs, isFifo),
    ...(deadLetterQueueUrl !== undefined && { deadLetterQueueUrl }),
    ...(deadLetterBucket !== undefined && { deadLetterBucket }),
    idleTimeoutMs: reader.duration("IDLE_TIMEOUT", "1s", "20ms", "10m"),
    ...(wakeIntervalMs !== undefined && { wakeIntervalMs }),
    ...(doorbellQueueUrl !== undefined && { doorbellQueueUrl }),
    paused: reader.flag("PAUSED"),
    ...(healthPort !== undefined && { healthPort }),
    shutdownTimeoutMs: reader.duration("SHUTDOWN_TIMEOUT", "25s", "1s", "15m"),
    receiptIntervalMs: reader.duration("RECEIPT_INTERVAL", "60s", "100ms", "24h"),
    ...(metricsNamespace !== undefined && { metricsNamespace }),
    logLevel: reader.choice("LOG_LEVEL", "info", ["debug", "info", "warn", "error"] as const),
    hasOwnSqsEndpoint: reader.isSet("AWS_ENDPOINT_URL_SQS") || reader.isSet("AWS_ENDPOINT_URL"),
    hasOwnS3Endpoint: reader.isSet("AWS_ENDPOINT_URL_S3") || reader.isSet("AWS_ENDPOINT_URL"),
  };
}

const MOST_OF_A_BATCH = 10_000;

function batchSizeOf(
  reader: Reader,
  kind: Target["kind"],
  handler: HandlerSettings | undefined,
): number {
  if (handler?.kind === "one") {
    if (reader.isSet("BATCH_SIZE")) {
      const expected = "it unset: onMessage takes one message at a time, onMessages a batch";
      reader.fault("BATCH_SIZE", reader.quoted("BATCH_SIZE"), expected);
    }
    return 1;
  }
  const most = kind === "function" || handler ? MOST_OF_A_BATCH : 10;
  const fallback = wholeNumber(reader, "batchSize", handler?.batchSize, most) ?? 10;
  return reader.number("BATCH_SIZE", fallback, 1, most);
}

const DEFAULT_CONCURRENCY = 16;

function concurrencyOf(reader: Reader, handler: HandlerSettings | undefined): number {
  return wholeNumber(reader, "concurrency", handler?.concurrency, 256) ?? DEFAULT_CONCURRENCY;
}

/** An option that stands in the handler's code. */
function wholeNumber(
  reader: Reader,
  name: string,
  given: number | undefined,
  most: number,
): number | undefined {
  if (given === undefined || (Number.isInteger(given) && given >= 1 && given <= most)) return given;
  reader.fault(name, String(given), `a whole number from 1 to ${most}`);
  return undefined;
}

function retryDelayOf(reader: Reader, ackWaitMs: number, isFifo: boolean): Config["retryDelay"] {
  // SQS forgets a deduplication id after five minutes: no retry may come later than that.
  const most = isFifo ? formatDuration(5 * 60_000 - ackWaitMs - 1000) : "24h";
  const minMs = reader.duration("RETRY_DELAY_MIN", "1s", "1ms", "1h");
  const maxMs = Math.min(
    reader.duration("RETRY_DELAY_MAX", "2m", "1ms", most),
    parseDuration(most) ?? Number.POSITIVE_INFINITY,
  );
  if (minMs <= maxMs) return { minMs, maxMs };
  if (reader.isSet("RETRY_DELAY_MIN")) {
    const expected = `at most RETRY_DELAY_MAX (${formatDuration(maxMs)})`;
    reader.fault("RETRY_DELAY_MIN", reader.quoted("RETRY_DELAY_MIN"), expected);
    return { minMs, maxMs };
  }
  // Only the longest is set, and it is shorter than the default of the first: then it is both.
  return { minMs: maxMs, maxMs };
}

function metricsNamespaceOf(reader: Reader, runtime: "service" | "lambda"): string | undefined {
  const fallback = runtime === "lambda" ? METRICS_NAMESPACE : "off";
  const expected =
    "1 to 255 letters, digits, spaces and . - _ / # : (not first), not beginning with AWS/; or off";
  const namespace = reader.optional("METRICS_NAMESPACE", expected, namespaceOf) ?? fallback;
  return namespace === "off" ? undefined : namespace;
}

function healthPortOf(reader: Reader): number | undefined {
  const text = reader.text("HEALTH_PORT");
  if (text === "off") return undefined;
  if (text === undefined) return 8080;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  reader.fault("HEALTH_PORT", reader.quoted("HEALTH_PORT"), "a port from 0 to 65535, or off");
  return undefined;
}
