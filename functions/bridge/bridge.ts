/** A bridge, put together from its configuration: the same for Lambda and for a long-running process. */
import { systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Observe, Sink } from "./core/ports.ts";
import { stopOf } from "./core/stop.ts";
import { PublishWindows } from "./publish-windows.ts";
import { type Replay, type ReplayReceipt, replayFacts, replayWanted } from "./replay.ts";
import { loginOf } from "./login.ts";
import { type Ended, endOf, mayGoOn, renewing, untilRenewed, withReason } from "./renewing.ts";
import type { Journal } from "./run/journal.ts";
import { Memory } from "./run/memory.ts";
import type { Policy, Until } from "./run/policy.ts";
import { type Receipt, Tally } from "./run/receipt.ts";
import { run } from "./run/run.ts";
import type { HandlerDefinition } from "./sinks/handler/definition.ts";
import { type HandlerSink, handlerSink, type HandlerSinkOptions } from "./sinks/handler/sink.ts";
import { dialer } from "./source/connection.ts";
import type { WantedConsumer } from "./source/consumer.ts";
import type { Identities } from "./source/identity.ts";
import type { Incarnation } from "./source/incarnation.ts";
import { JetStreamSource, type SourceOptions } from "./source/jetstream-source.ts";
import { SourceError } from "./source/source-error.ts";
import type { Dial } from "./source/wire.ts";
import { callTimeoutOf, deadLettersOf, orderOf, sinkOf, storeTimeoutOf } from "./targets.ts";

/** Bytes of one pull, where the server's own message limit is not larger. */
const PULL_BYTES = 16 * 1024 * 1024;

/** A target that does not answer for so long ends the run, and with it the hold on its messages. */
const PATIENCE_MS = 60_000;

const STATE_INTERVAL_MS = 5000;

/** A replay has an end: it does not wait for more. */
const REPLAY_IDLE_MS = 100;

/** SQS recognises a deduplication id for so long. */
const SQS_WINDOW_MS = 5 * 60_000;

export interface BridgePorts {
  readonly observe: Observe;
  readonly report: (receipt: Receipt) => void;
  /** Called with what must never be printed, as soon as it is known. */
  readonly learn: (secrets: readonly string[]) => void;
  /** Of each consumer its own. Undefined: what is known of single messages does not outlive the process. */
  readonly journalOf?: (consumer: string) => Journal;
  /** Where the target is a handler of the user's. */
  readonly handler?: {
    readonly definition: HandlerDefinition;
    readonly log: HandlerSinkOptions["log"];
  };
}

export interface Bridge {
  /**
   * Connects, runs once, hangs up; goes on with another run where credentials have changed, and answers with the last
   * receipt, in which `drainedForMs` counts to the answer. Never throws for what NATS or AWS say: the receipt's stop tells.
   */
  attempt(until: Until): Promise<Receipt>;
  /** The same for messages that the stream still has, through a consumer of its own: the durable one is not touched. */
  replay(replay: Replay, until: Until): Promise<ReplayReceipt>;
  /** Messages whose handler goes on although its run has ended. */
  readonly zombies: number;
}

export function bridge(config: Config, ports: BridgePorts): Bridge {
  const { observe, report } = ports;
  const login = loginOf(config.nats, ports);
  const dial = dialerOf(config, login.identities);
  /** Of the run that goes on: a handler publishes over its connection. */
  let current: JetStreamSource | undefined;
  const windows = new PublishWindows(config, observe);
  const handlers = ports.handler && handlerSinkOf(config, ports.handler, windows, () => current);
  const target = handlers ? Promise.resolve<Sink>(handlers) : sinkOf(config, observe);
  target.catch(() => undefined);
  const deadLetters = deadLettersOf(config, observe);
  const memory = memoryOf(config.consumer);
  /** The consumer is made at most once: one that vanishes later is gone. */
  let { management } = config;
  let known: Incarnation | undefined;
  let toldWindows = false;
  /** What is known of the messages of each replay that goes on. */
  const replays = new Map<string, Memory>();

  const sourceOptions = {
    dial,
    clock: systemClock,
    observe,
    apiPrefix: config.nats.apiPrefix,
    timeoutMs: config.nats.timeoutMs,
  } satisfies Partial<SourceOptions>;

  function memoryOf({ consumer }: WantedConsumer): Memory {
    return new Memory(ports.journalOf?.(consumer));
  }

  async function open(): Promise<JetStreamSource> {
    const { source, made } = await JetStreamSource.open({
      ...sourceOptions,
      wanted: config.consumer,
      management,
      known,
    });
    if (management === "create") management = "verify";
    known = source.incarnation;
    warnOfWindows(source.duplicateWindowMs);
    if (made) observe("consumer-made", { ...config.consumer });
    return source;
  }

  function warnOfWindows(duplicateWindowMs: number | undefined): void {
    const problem = sqsWindowProblem(config, duplicateWindowMs);
    if (!problem || toldWindows) return;
    toldWindows = true;
    observe("deduplication-windows", { duplicateWindowMs, ...problem });
  }

  /** A stream or consumer that was never there is missing; one that was is gone. */
  function notOpened(error: unknown, wasThere: boolean, startedAt: number): Receipt {
    if (!(error instanceof SourceError)) throw error;
    const stop = error.end === "gone" && !wasThere ? "unavailable" : stopOf(error.end);
    return new Tally().receipt(stop, error.message, 0, systemClock.now() - startedAt);
  }

  /** One run over `source`, which it closes. */
  async function runOver(source: JetStreamSource, more: RunParts, until: Until): Promise<Ended> {
    current = source;
    const startedAt = systemClock.now();
    const runMs = until.deadline - startedAt;
    windows.check(source, ports.handler?.definition.options.publishes ?? [], runMs);
    const policy = policyOf(config, source.maxPayload, runMs);
    const term = login.begin();
    const tell = (receipt: Receipt): void => more.report(withReason(receipt, until, term));
    const own = untilRenewed(until, term);
    const others = { source, deadLetters, clock: systemClock, observe, memory: more.memory };
    try {
      const runPorts = { ...others, sink: await target, report: tell };
      const ended = await run(runPorts, policy, own.until);
      const { isRenewed, receipt } = await endOf(term, ended, systemClock);
      const goesOn =
        isRenewed &&
        mayGoOn(receipt, until, {
          now: systemClock.now(),
          leastMs: policy.settleReserveMs,
          zombies: handlers?.zombies ?? 0,
        });
      if (goesOn) observe("credentials-renewed", { secret: config.nats.secretArn });
      return { receipt: withReason(receipt, until, term), goesOn };
    } finally {
      own.release();
      await term.end();
      current = undefined;
    }
  }

  async function attemptOnce(until: Until): Promise<Ended> {
    const startedAt = systemClock.now();
    try {
      await target;
      const ended = await runOver(await open(), { memory, report }, until);
      forgetGone(ended.receipt);
      return ended;
    } catch (error) {
      const receipt = notOpened(error, known !== undefined, startedAt);
      forgetGone(receipt);
      report(receipt);
      return { receipt, goesOn: false };
    }
  }

  /**
   * Said once, by a run or before it. What is there from now on is another one, of which nothing is known: whether to go
   * on with it is up to whoever starts the next run.
   */
  function forgetGone({ stop }: Receipt): void {
    if (stop !== "gone") return;
    known = undefined;
    memory.clear();
  }

  async function replayOnce(replay: Replay, until: Until): Promise<Ended<ReplayReceipt>> {
    const startedAt = systemClock.now();
    const wanted = replayWanted(config.consumer, replay);
    try {
      await target;
      const { source } = await JetStreamSource.open({
        ...sourceOptions,
        wanted,
        management: "create",
        known: undefined,
      });
      const told = (receipt: Receipt): ReplayReceipt => ({
        ...receipt,
        replay: replayFacts(replay, wanted.consumer, source),
      });
      // A replay that is cut short, or has put something off, comes again.
      const ofReplay = replays.get(replay.id) ?? memoryOf(wanted);
      replays.set(replay.id, ofReplay);
      const parts = { memory: ofReplay, report: (receipt: Receipt) => report(told(receipt)) };
      const { goesOn, receipt } = await runOver(source, parts, {
        ...until,
        idleMs: REPLAY_IDLE_MS,
      });
      const ended = told(receipt);
      if (ended.replay.done) replays.delete(replay.id);
      return { receipt: ended, goesOn: goesOn && !ended.replay.done };
    } catch (error) {
      const receipt = notOpened(error, false, startedAt);
      const told = { ...receipt, replay: replayFacts(replay, wanted.consumer, undefined) };
      report(told);
      return { receipt: told, goesOn: false };
    }
  }

  return {
    get zombies() {
      return handlers?.zombies ?? 0;
    },
    attempt: (until) => renewing(() => attemptOnce(until)),
    replay: (replay, until) => renewing(() => replayOnce(replay, until)),
  };
}

/** NATS takes the same id again after its own window, and SQS drops what it then gets within five minutes. */
export function sqsWindowProblem(
  { target }: Config,
  duplicateWindowMs: number | undefined,
): { readonly consequence: string; readonly advice: string } | undefined {
  const isPublishers = target.kind === "sqs" && target.fifo?.deduplicationId === "nats-msg-id";
  if (!isPublishers || (duplicateWindowMs ?? 0) >= SQS_WINDOW_MS) return undefined;
  return {
    consequence: `a Nats-Msg-Id that is used again between then and ${SQS_WINDOW_MS} ms is another message for NATS and the same for SQS: SQS drops it`,
    advice:
      "raise the stream's duplicate window to 5m, or leave SQS_MESSAGE_DEDUPLICATION_ID at message-id",
  };
}

interface RunParts {
  readonly memory: Memory;
  readonly report: (receipt: Receipt) => void;
}

function handlerSinkOf(
  config: Config,
  { definition, log }: NonNullable<BridgePorts["handler"]>,
  windows: PublishWindows,
  current: () => JetStreamSource | undefined,
): HandlerSink {
  return handlerSink({
    definition,
    origin: config.origin,
    consumer: config.consumer.consumer,
    batchSize: config.batchSize,
    concurrency: config.concurrency,
    clock: systemClock,
    log,
    async publishTo(subject, data, id) {
      const source = current();
      if (!source) throw new SourceError("broken", "the run of this message is over");
      try {
        const published = await source.publish(subject, data, id);
        windows.published(source, published.stream, subject);
        return published;
      } catch (error) {
        windows.failed(subject, error as Error);
        throw error;
      }
    },
  });
}

/** Connects as this bridge. */
export function dialerOf(config: Config, identities: Identities): Dial {
  const name = `jetstream-aws-bridge ${config.consumer.consumer}`;
  return dialer({ ...config.nats, name }, identities);
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
