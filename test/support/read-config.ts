/** The configuration of an environment that is made for one test. */
import { readConfig, type ReadConfig } from "../../functions/bridge/config.ts";
import { credentialsFault } from "../../functions/bridge/source/credentials.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** All that has to be set. */
export const LEAST: Environment = {
  NATS_URL: "nats://nats.example.com:4222",
  JETSTREAM_STREAM: "ORDERS",
  JETSTREAM_CONSUMER: "orders-to-sqs",
  SQS_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/orders",
};

export const FIFO: Environment = {
  ...LEAST,
  SQS_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo",
};

export function read(
  environment: Environment,
  files: Readonly<Record<string, string>> = {},
  runtime: "service" | "lambda" = "service",
): ReadConfig {
  return readConfig(environment, runtime, {
    credentialsFault,
    readFile(path) {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      return text;
    },
  });
}

/** What is said about `LEAST` with these changes. */
export function faultsOf(
  changes: Environment,
  files: Readonly<Record<string, string>> = {},
): readonly string[] {
  return read({ ...LEAST, ...changes }, files).faults;
}
