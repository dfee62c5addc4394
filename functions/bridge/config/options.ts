/** Every option once: name, meaning, default. The README's table is made from here, and nothing else is read. */

export interface Option {
  readonly meaning: string;
  /** As the README says it. */
  readonly fallback: string;
}

export type OptionName =
  | "NATS_URL"
  | "NATS_CREDS"
  | "NATS_NKEY"
  | "NATS_USER"
  | "NATS_PASSWORD"
  | "NATS_TOKEN"
  | "NATS_SECRET_ARN"
  | "NATS_CA"
  | "NATS_CERT"
  | "NATS_KEY"
  | "NATS_TLS_FIRST"
  | "NATS_TLS_SERVERNAME"
  | "NATS_TIMEOUT"
  | "NATS_INBOX_PREFIX"
  | "NATS_JS_DOMAIN"
  | "NATS_JS_API_PREFIX"
  | "JETSTREAM_STREAM"
  | "JETSTREAM_CONSUMER"
  | "JETSTREAM_FILTER_SUBJECTS"
  | "JETSTREAM_DELIVER_POLICY"
  | "JETSTREAM_OPT_START_SEQ"
  | "JETSTREAM_OPT_START_TIME"
  | "JETSTREAM_ACK_WAIT"
  | "JETSTREAM_MAX_ACK_PENDING"
  | "CONSUMER_MANAGEMENT"
  | "ORIGIN_NAME"
  | "SQS_QUEUE_URL"
  | "SQS_MESSAGE_GROUP_ID"
  | "SQS_MESSAGE_DEDUPLICATION_ID"
  | "EVENT_BUS_NAME"
  | "EVENT_SOURCE"
  | "EVENT_DETAIL_TYPE"
  | "EVENT_MAX_SIZE"
  | "FUNCTION_ARN"
  | "BISECT_ON_ERROR"
  | "BATCH_SIZE"
  | "BATCH_WINDOW"
  | "CONCURRENCY"
  | "MAXIMUM_RETRY_ATTEMPTS"
  | "MAXIMUM_RECORD_AGE"
  | "ON_REJECTED"
  | "RETRY_DELAY_MIN"
  | "RETRY_DELAY_MAX"
  | "DEAD_LETTER_QUEUE_URL"
  | "DEAD_LETTER_BUCKET"
  | "IDLE_TIMEOUT"
  | "WAKE_INTERVAL"
  | "DOORBELL_QUEUE_URL"
  | "PAUSED"
  | "HEALTH_PORT"
  | "SHUTDOWN_TIMEOUT"
  | "RECEIPT_INTERVAL"
  | "METRICS_NAMESPACE"
  | "LOG_LEVEL";

/** Every environment variable of ours. `AWS_*` is read by the AWS SDK as it always is. */
export const OPTIONS: Readonly<Record<OptionName, Option>> = {
  NATS_URL: {
    meaning:
      "servers, comma separated: `nats://host:4222`, or `tls://…` to insist on TLS; credentials in it are never printed",
    fallback: "required",
  },
  NATS_CREDS: { meaning: "credentials: path or text of a `.creds` file", fallback: "none" },
  NATS_NKEY: { meaning: "credentials: path or text of a user's nkey seed", fallback: "none" },
  NATS_USER: { meaning: "credentials: user, with `NATS_PASSWORD`", fallback: "none" },
  NATS_PASSWORD: { meaning: "credentials: password, with `NATS_USER`", fallback: "none" },
  NATS_TOKEN: { meaning: "credentials: token", fallback: "none" },
  NATS_SECRET_ARN: {
    meaning:
      "credentials: ARN of a secret, [read at run time](#credentials-from-secrets-manager); its region is in it",
    fallback: "none",
  },
  NATS_CA: {
    meaning: "certificates to trust instead of the system's: path or text of a PEM",
    fallback: "system",
  },
  NATS_CERT: { meaning: "client certificate: path or text of a PEM", fallback: "none" },
  NATS_KEY: { meaning: "key of the client certificate: path or text of a PEM", fallback: "none" },
  NATS_TLS_FIRST: {
    meaning: "TLS handshake before the server's INFO; must match the server's `handshake_first`",
    fallback: "`false`",
  },
  NATS_TLS_SERVERNAME: {
    meaning: "name to verify in the server's certificate",
    fallback: "host of the URL",
  },
  NATS_TIMEOUT: {
    meaning: "to connect, for each server, and for each answer of a server; 100ms to 1m",
    fallback: "`3s`",
  },
  NATS_INBOX_PREFIX: {
    meaning: "prefix of the subjects on which answers arrive, for tight permissions",
    fallback: "`_INBOX`",
  },
  NATS_JS_DOMAIN: { meaning: "JetStream domain", fallback: "none" },
  NATS_JS_API_PREFIX: {
    meaning: "prefix of JetStream's API in place of a domain",
    fallback: "none",
  },
  JETSTREAM_STREAM: { meaning: "stream", fallback: "required" },
  JETSTREAM_CONSUMER: {
    meaning: "durable pull consumer; unique among all servers that are linked by leaf nodes",
    fallback: "required",
  },
  JETSTREAM_FILTER_SUBJECTS: {
    meaning: "subjects to deliver, comma separated; several need nats-server 2.10",
    fallback: "all",
  },
  JETSTREAM_DELIVER_POLICY: {
    meaning:
      "where a consumer starts when it is made: `all`, `new`, `last`, `by_start_sequence`, `by_start_time`",
    fallback: "`all`",
  },
  JETSTREAM_OPT_START_SEQ: {
    meaning: "stream sequence, with `by_start_sequence`",
    fallback: "none",
  },
  JETSTREAM_OPT_START_TIME: { meaning: "RFC 3339 time, with `by_start_time`", fallback: "none" },
  JETSTREAM_ACK_WAIT: {
    meaning:
      "lease of a message: after a crash another run gets it after this; 1s to 1h, on FIFO at most 4m",
    fallback: "`10s`",
  },
  JETSTREAM_MAX_ACK_PENDING: {
    meaning: "most messages unsettled at once, and so the most duplicates after a crash",
    fallback: "2 × batch × concurrency, in order 1 ×, for handlers 1000 or more",
  },
  CONSUMER_MANAGEMENT: {
    meaning:
      "`create` (once, at process start, where it is missing), `verify` (compare), `none` (take it as it is)",
    fallback: "service `create`, Lambda `verify`",
  },
  ORIGIN_NAME: {
    meaning: "first part of message ids; give a mirror its primary's",
    fallback: "stream name",
  },
  SQS_QUEUE_URL: {
    meaning:
      "target queue; its region is taken from it; a queue named `.fifo` makes the bridge ordered",
    fallback: "one target is required",
  },
  SQS_MESSAGE_GROUP_ID: {
    meaning:
      "template of the message group: `{stream}`, `{subject}`, `{subject.2}`, `{header.Name}`",
    fallback: "`{subject}` on FIFO",
  },
  SQS_MESSAGE_DEDUPLICATION_ID: {
    meaning: "`message-id` or `nats-msg-id`; on FIFO",
    fallback: "`message-id`",
  },
  EVENT_BUS_NAME: {
    meaning: "target event bus: name, or ARN for another region or account",
    fallback: "none",
  },
  EVENT_SOURCE: { meaning: "template of the event's source", fallback: "`nats.{stream}`" },
  EVENT_DETAIL_TYPE: { meaning: "template of the event's detail type", fallback: "`{subject}`" },
  EVENT_MAX_SIZE: {
    meaning:
      "largest event, 1KiB to 1MiB; some regions take no more than the default, and targets of rules have limits of their own",
    fallback: "`256KiB`",
  },
  FUNCTION_ARN: {
    meaning: "target function, invoked with SQS-shaped batches; its `batchItemFailures` are obeyed",
    fallback: "none",
  },
  BISECT_ON_ERROR: {
    meaning: "halve a batch in which the function throws, until the culprit is alone",
    fallback: "`false`",
  },
  BATCH_SIZE: {
    meaning:
      "messages per call; SQS and EventBridge take 1 to 10, a function and `onMessages` 1 to 10000",
    fallback: "`10`",
  },
  BATCH_WINDOW: {
    meaning: "wait for a batch to fill; 0s to half of the ack wait",
    fallback: "`0s`",
  },
  CONCURRENCY: { meaning: "calls, or handlers, at once; 1 to 256", fallback: "`16`" },
  MAXIMUM_RETRY_ATTEMPTS: {
    meaning: "own failures, beside accepted neighbours, before the dead letter; `-1` for never",
    fallback: "`5`",
  },
  MAXIMUM_RECORD_AGE: {
    meaning:
      "older messages are buried as `too old`; by the server's clock, which needs nats-server 2.10",
    fallback: "none",
  },
  ON_REJECTED: {
    meaning: "a message that will never be accepted: `bury` it, or `hold` it and its group",
    fallback: "`bury`",
  },
  RETRY_DELAY_MIN: {
    meaning: "before the first retry of a message; doubles with each, with jitter",
    fallback: "`1s`",
  },
  RETRY_DELAY_MAX: { meaning: "longest pause between retries of a message", fallback: "`2m`" },
  DEAD_LETTER_QUEUE_URL: {
    meaning:
      "where rejected messages go; without it and without a bucket the first one stops the bridge as `blocked`",
    fallback: "none",
  },
  DEAD_LETTER_BUCKET: {
    meaning: "where rejected messages go as objects; beside a queue it takes what the queue cannot",
    fallback: "none",
  },
  IDLE_TIMEOUT: { meaning: "Lambda: end after so long without messages", fallback: "`1s`" },
  WAKE_INTERVAL: {
    meaning:
      "Lambda: how often it is woken; only to say at the start what does not fit together with that",
    fallback: "none",
  },
  DOORBELL_QUEUE_URL: {
    meaning:
      "Lambda: rung again when time runs out with messages left, at most 10 times in a row; without it the next wake goes on",
    fallback: "none",
  },
  PAUSED: { meaning: "connect and report, but pull nothing", fallback: "`false`" },
  HEALTH_PORT: {
    meaning:
      "service: `/healthz`, `/readyz`, `/metrics` on 0.0.0.0; `0` for a free port, which is printed; `off`",
    fallback: "`8080`",
  },
  SHUTDOWN_TIMEOUT: {
    meaning: "service: to settle after SIGTERM; below what the platform grants",
    fallback: "`25s`",
  },
  RECEIPT_INTERVAL: { meaning: "service: between two receipts", fallback: "`60s`" },
  METRICS_NAMESPACE: {
    meaning:
      "namespace of the metrics in CloudWatch, written as lines of the log (embedded metric format) at each receipt; `off`",
    fallback: "Lambda `JetStreamBridge`, service `off`",
  },
  LOG_LEVEL: { meaning: "`debug`, `info`, `warn`, `error`", fallback: "`info`" },
};
