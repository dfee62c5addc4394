/** A user's handler as a target: it runs in this process, and a message is accepted when it returns. */
import { isLapsed } from "../../core/abort.ts";
import type { Delivery, Outcome } from "../../core/outcome.ts";
import type { Clock, Message, Sink } from "../../core/ports.ts";
import type { HandlerDefinition, HandlerLog } from "./definition.ts";
import { messageId } from "../../map/message-id.ts";
import { handle } from "./handle.ts";
import { incoming, type JetStreamMessage } from "./incoming.ts";
import type { PublishTo } from "./publishing.ts";
import { type Handled, outcomeOf } from "./verdict.ts";

/** After its signal is aborted a handler may still say what became of its message. */
const LAST_WORD_MS = 30;

export interface HandlerSinkOptions {
  readonly definition: HandlerDefinition;
  readonly origin: string;
  /** The durable's name, in a replay too. */
  readonly consumer: string;
  readonly batchSize: number;
  readonly concurrency: number;
  readonly clock: Clock;
  readonly log: (messages: readonly JetStreamMessage[]) => HandlerLog;
  /** Over the connection of the run. */
  readonly publishTo: PublishTo;
  /** How a verdict is read; the simulator plants its bugs here. */
  readonly read?: typeof outcomeOf;
}

/** What is tried; each try makes of the message what the handler is given. */
export interface HandlerEntry {
  readonly id: string;
  readonly message: Message;
}

export interface HandlerSink extends Sink<HandlerEntry> {
  /** Messages whose handler has not ended, although its call has. */
  readonly zombies: number;
}

export function handlerSink(options: HandlerSinkOptions): HandlerSink {
  const { clock, consumer, definition, log, origin, publishTo, read = outcomeOf } = options;
  const underWay = new Set<string>();
  const zombies = new Set<string>();

  async function deliver(batch: readonly HandlerEntry[], signal: AbortSignal): Promise<Delivery> {
    const again = batch.find(({ id }) => underWay.has(id));
    if (again) return stillRunning(again.id);
    for (const { id } of batch) underWay.add(id);
    const startedAt = clock.now();
    const given = batch.map(({ message }) => incoming(message, origin));
    const handled = handle(definition, given, { signal, log, publishTo, consumer });
    void handled.then(() => {
      for (const { id } of batch) {
        underWay.delete(id);
        zombies.delete(id);
      }
    });
    const verdicts = await Promise.race([handled, tooLate(clock, signal)]);
    if (verdicts) return { kind: "answered", outcomes: answers(batch, verdicts, read, signal) };
    for (const { id } of batch) zombies.add(id);
    return overran(batch, signal, clock.now() - startedAt);
  }

  return {
    limits: {
      entries: options.batchSize,
      bytes: Number.POSITIVE_INFINITY,
      concurrency: options.concurrency,
      aloneIsEvidence: true,
      sharesProcess: true,
    },
    get zombies() {
      return zombies.size;
    },
    ready: () => Promise.resolve(undefined),
    prepare: (message: Message) => ({ id: messageId(origin, message), message }),
    size: () => 0,
    deliver,
  };
}

function answers(
  batch: readonly HandlerEntry[],
  verdicts: readonly Handled[],
  read: typeof outcomeOf,
  signal: AbortSignal,
): readonly Outcome[] {
  const outcomes = batch.map(({ id }, position) => read(verdicts[position] as Handled, id));
  return signal.aborted ? outcomes.map((outcome) => cutOff(outcome, signal)) : outcomes;
}

/** A handler that gives up because its signal was aborted has not failed by itself: its time was up. */
function cutOff(outcome: Outcome, signal: AbortSignal): Outcome {
  if (outcome.kind !== "failed") return outcome;
  const { reason } = outcome;
  if (isLapsed(signal)) return { kind: "unknown", reason };
  return { ...outcome, overran: true, maybeTaken: true };
}

/** Resolves a moment after `signal` is aborted; never without that. */
export function tooLate(clock: Clock, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const end = (): void => void clock.sleep(LAST_WORD_MS).then(() => resolve(undefined));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

function overran(
  batch: readonly HandlerEntry[],
  signal: AbortSignal,
  milliseconds: number,
): Delivery {
  if (isLapsed(signal)) {
    const reason = "the ack wait ran out while the handler was at work";
    return { kind: "unavailable", reason, stop: false, maybeTaken: true };
  }
  const reason = notEnded(milliseconds);
  return {
    kind: "answered",
    outcomes: batch.map(() => ({ kind: "failed", reason, overran: true, maybeTaken: true })),
  };
}

export function notEnded(milliseconds: number): string {
  return `the handler had not ended after ${(milliseconds / 1000).toFixed(1)} s, when its time was up`;
}

/** Delivered again while it is still worked on: a second execution beside it would be one too many. */
function stillRunning(id: string): Delivery {
  return {
    kind: "unavailable",
    reason: `an earlier execution of ${id} has not ended`,
    stop: true,
    maybeTaken: true,
  };
}
