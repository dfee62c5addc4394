import type { Bridge } from "./bridge-process.ts";
import type { LocalSqs } from "./sqs.ts";

/** Short times, so that tests are short. */
export const QUICK: Readonly<Record<string, string>> = {
  JETSTREAM_ACK_WAIT: "2s",
  NATS_TIMEOUT: "500ms",
  RECEIPT_INTERVAL: "200ms",
};

/** Where nothing is to go wrong: what a busy machine keeps waiting is not given up. */
export const PATIENT: Readonly<Record<string, string>> = {
  JETSTREAM_ACK_WAIT: "20s",
  NATS_TIMEOUT: "5s",
};

/** So that a test of retries takes seconds. */
export const SOON: Readonly<Record<string, string>> = {
  RETRY_DELAY_MIN: "100ms",
  RETRY_DELAY_MAX: "1s",
  MAXIMUM_RETRY_ATTEMPTS: "3",
};

/** The environment of a bridge from `stream` to `queueUrl`, where a route of `parts.ts` does not fit. */
export function bridgeSettings(
  natsUrl: string,
  sqs: LocalSqs,
  stream: string,
  queueUrl: string,
): Record<string, string> {
  return {
    ...sqs.environment,
    ...QUICK,
    NATS_URL: natsUrl,
    JETSTREAM_STREAM: stream,
    JETSTREAM_CONSUMER: "bridge",
    SQS_QUEUE_URL: queueUrl,
  };
}

export interface Readiness {
  readonly status: number;
  readonly reason: string | undefined;
}

/** What `/readyz` answers. */
export async function readiness(bridge: Bridge): Promise<Readiness> {
  const response = await fetch(`${await bridge.health()}/readyz`);
  const { reason } = (await response.json()) as { reason?: string };
  return { status: response.status, reason };
}
