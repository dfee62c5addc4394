/** A bridge to AWS, put together from its configuration: the same for Lambda and for a long-running process. */
import { systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Observe } from "./core/ports.ts";
import { stopOf } from "./core/stop.ts";
import { Memory } from "./run/memory.ts";
import type { Policy, Until } from "./run/policy.ts";
import { type Receipt, Tally } from "./run/receipt.ts";
import { run } from "./run/run.ts";
import { dialer } from "./source/connection.ts";
import type { Incarnation } from "./source/incarnation.ts";
import { JetStreamSource } from "./source/jetstream-source.ts";
import { SourceError } from "./source/source-error.ts";
import type { Dial } from "./source/wire.ts";
import { callTimeoutOf, deadLettersOf, orderOf, sinkOf, storeTimeoutOf } from "./targets.ts";

/** Bytes of one pull, where the server's own message limit is not larger. */
const PULL_BYTES = 16 * 1024 * 1024;

/** A target that does not answer for so long ends the run, and with it the hold on its messages. */
const PATIENCE_MS = 60_000;

const STATE_INTERVAL_MS = 5000;

/** SQS recognises a deduplication id for so long. */
const SQS_WINDOW_MS = 5 * 60_000;

export interface ForwardPorts {
  readonly observe: Observe;
  readonly report: (receipt: Receipt) => void;
}

export interface Forward {
  /** Connects, runs once, hangs up. Never throws for what NATS or AWS say: the receipt's stop tells. */
  attempt(until: Until): Promise<Receipt>;
}

export function forward(config: Config, ports: ForwardPorts): Forward {
  const { observe, report } = ports;
  const dial = dialerOf(config);
  const targets = Promise.all([sinkOf(config, observe), deadLettersOf(config, observe)]);
  const memory = new Memory();
  /** The consumer is made at most once: one that vanishes later is gone. */
  let { management } = config;
  let known: Incarnation | undefined;
  let toldWindows = false;

  async function open(): Promise<JetStreamSource> {
    const { source, made } = await JetStreamSource.open({
      dial,
      clock: systemClock,
      observe,
      wanted: config.consumer,
      management,
      apiPrefix: config.nats.apiPrefix,
      timeoutMs: config.nats.timeoutMs,
      known,
    });
    if (management === "create") management = "verify";
    known = source.incarnation;
    warnOfWindows(source.duplicateWindowMs);
    if (made) observe("consumer-made", { ...config.consumer });
    return source;
  }

  /** NATS takes the same id again after its own window, and SQS drops what it then gets within five minutes. */
  function warnOfWindows(duplicateWindowMs: number | undefined): void {
    const isPublishers =
      config.target.kind === "sqs" && config.target.fifo?.deduplicationId === "nats-msg-id";
    if (!isPublishers || toldWindows || (duplicateWindowMs ?? 0) >= SQS_WINDOW_MS) return;
    toldWindows = true;
    observe("deduplication-windows", {
      duplicateWindowMs,
      consequence: `a Nats-Msg-Id that is used again between then and ${SQS_WINDOW_MS} ms is another message for NATS and the same for SQS: SQS drops it`,
      advice:
        "raise the stream's duplicate window to 5m, or leave SQS_MESSAGE_DEDUPLICATION_ID at message-id",
    });
  }

  /** A stream or consumer that was never there is missing; one that was is gone. */
  function notOpened(error: unknown, startedAt: number): Receipt {
    if (!(error instanceof SourceError)) throw error;
    const stop = error.end === "gone" && !known ? "unavailable" : stopOf(error.end);
    const receipt = new Tally().receipt(stop, error.message, 0, systemClock.now() - startedAt);
    report(receipt);
    return receipt;
  }

  return {
    async attempt(until) {
      const startedAt = systemClock.now();
      try {
        const [sink, deadLetters] = await targets;
        const source = await open();
        const policy = policyOf(config, source.maxPayload, until.deadline - startedAt);
        const receipt = await run(
          { source, sink, deadLetters, clock: systemClock, observe, memory, report },
          policy,
          until,
        );
        // What is there from now on is another one: whether to go on with it is up to whoever starts the next run.
        if (receipt.stop === "gone") known = undefined;
        return receipt;
      } catch (error) {
        return notOpened(error, startedAt);
      }
    },
  };
}

function dialerOf(config: Config): Dial {
  return dialer({
    servers: config.nats.servers,
    credentials: config.nats.credentials,
    ...(config.nats.tls && { tls: config.nats.tls }),
    inboxPrefix: config.nats.inboxPrefix,
    timeoutMs: config.nats.timeoutMs,
    name: `jetstream-aws-bridge ${config.consumer.consumer}`,
  });
}

function policyOf(config: Config, maxPayload: number, totalMs: number): Policy {
  const order = orderOf(config);
  const { ackWaitMs, leastMaxAckPending } = config.consumer;
  return {
    order,
    settlement: {
      ordered: order !== undefined,
      onRejected: config.onRejected,
      maximumRetryAttempts: config.maximumRetryAttempts,
      retryDelay: config.retryDelay,
      keepUpToMs: ackWaitMs / 2,
    },
    window: leastMaxAckPending,
    maxBytes: Math.max(PULL_BYTES, 2 * maxPayload),
    lingerMs: config.batchWindowMs,
    maximumAgeMs: config.maximumAgeMs,
    sinkTimeoutMs: callTimeoutOf(config),
    storeTimeoutMs: storeTimeoutOf(config),
    // To settle, to connect again, and to settle there; never more than half of what a short run has.
    settleReserveMs: Math.min(3 * config.nats.timeoutMs, totalMs / 2),
    patienceMs: PATIENCE_MS,
    stateIntervalMs: STATE_INTERVAL_MS,
    receiptIntervalMs: config.receiptIntervalMs,
    paused: config.paused,
  };
}
