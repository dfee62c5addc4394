/**
 * A bridge as a Lambda function: woken by a schedule, a doorbell or by hand, it goes on where the durable consumer stands,
 * and ends when the stream has been empty for IDLE_TIMEOUT, or when the time that Lambda grants runs out: with enough
 * left to settle. Nothing stays open between invocations, since a frozen process could neither extend its messages nor
 * give them back. The receipt of each run is in the log, however the run ends.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { bridge, type BridgePorts } from "../bridge.ts";
import { systemClock } from "../clock.ts";
import { type Config, readConfig } from "../config.ts";
import { LEVELS, type Log, logger, logSurprises, type Scrubber, scrubber } from "../observe/log.ts";
import { isGood } from "../core/stop.ts";
import { emfLines } from "../observe/emf.ts";
import { Totals } from "../observe/totals.ts";
import type { Receipt } from "../run/receipt.ts";
import {
  type HandlerDefinition,
  type HandlerLog,
  handlerLog,
} from "../sinks/handler/definition.ts";
import type { JetStreamMessage } from "../sinks/handler/incoming.ts";
import { credentialsFault } from "../source/credentials.ts";
import { journalFile } from "./journal-file.ts";
import { ringer } from "./ringer.ts";
import type { BatchResponse } from "./event.ts";
import { Waker } from "./wake.ts";

/** What is needed of the process. */
export interface Host {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
  /** A folder that may outlive the process. */
  readonly temporaryFolder: string;
  /** Calls back when it is written. */
  readonly write: (line: string, done?: () => void) => void;
  readonly writeError: (line: string) => void;
  readonly exit: (code: number) => void;
}

/** The part of Lambda's context that is needed. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
  readonly awsRequestId?: string;
}

export type LambdaHandler = (
  event: unknown,
  context: LambdaContext,
) => Promise<Receipt | BatchResponse>;

/** Left for Lambda itself to return the answer. */
const RETURN_MS = 200;

/** To NATS, in a run that begins by recovering what was left unsettled: that takes an ack wait, and then there is work. */
const LEAST_CALLS = 5;

/** A handler whose signal is aborted has a moment to end. */
const ZOMBIE_MS = 250;

/**
 * Reads and checks the environment; throws when anything in it is wrong. Without `definition` the target is the one that
 * the environment names.
 */
export function lambdaHandler(host: Host, definition?: HandlerDefinition): LambdaHandler {
  const { config, log, scrub, warnings } = configOf(host, definition);
  logSurprises(log, warnings, config);
  const target = bridge(config, { ...portsOf(host, config, log, definition), learn: scrub.learn });
  const waker = new Waker({
    bridge: target,
    clock: systemClock,
    now: Date.now,
    observe: observer(log),
    served: config.consumer,
    idleMs: config.idleTimeoutMs,
    ringAgain: ringer(config),
    leastRunMs: config.consumer.ackWaitMs + LEAST_CALLS * config.nats.timeoutMs,
  });
  return async (event, context) => {
    const deadline = systemClock.now() + context.getRemainingTimeInMillis() - RETURN_MS;
    try {
      return await waker.wake(event, deadline, context.awsRequestId ?? "");
    } finally {
      if (target.zombies > 0) await sleep(ZOMBIE_MS);
      if (target.zombies > 0) await endProcess(host, log, target.zombies);
    }
  };
}

/** Frozen and thawed, the handler would go on beside the redelivery of its message. */
function endProcess(host: Host, log: Log, handlers: number): Promise<never> {
  log("error", "handler-outlived-its-run", {
    handlers,
    consequence: "the process ends, so that it does not go on beside the redelivery",
    advice: "end when the signal is aborted",
  });
  return new Promise(() => host.write("", () => host.exit(1)));
}

function configOf(
  host: Host,
  definition: HandlerDefinition | undefined,
): {
  readonly config: Config;
  readonly log: Log;
  readonly scrub: Scrubber;
  readonly warnings: readonly string[];
} {
  const { config, faults, secrets, warnings } = readConfig(host.environment, "lambda", {
    readFile: host.readFile,
    credentialsFault,
    ...(definition && { handler: { kind: definition.kind, ...definition.options } }),
  });
  const scrub = scrubber(secrets);
  if (!config) {
    const lines = faults.map(scrub).join("\n");
    host.writeError(`${lines}\n`);
    throw new Error(`the configuration is wrong:\n${lines}`);
  }
  const log = logger({
    level: config.logLevel,
    scrub,
    write: (line) => host.write(line),
    now: Date.now,
  });
  return { config, log, scrub, warnings };
}

function portsOf(
  host: Host,
  config: Config,
  log: Log,
  definition: HandlerDefinition | undefined,
): Omit<BridgePorts, "learn"> {
  const { consumer, stream } = config.consumer;
  const totals = new Totals();
  const publish = emfLines({
    namespace: config.metricsNamespace,
    stream,
    consumer,
    log,
    now: Date.now,
  });
  return {
    observe: observer(log),
    report: (receipt) => {
      const isExpected = receipt.stop === null || isGood(receipt);
      log(isExpected ? "info" : "error", "receipt", { ...receipt });
      // A replay has a consumer of its own, and its receipt says it all.
      if ("replay" in receipt) return;
      totals.add(receipt);
      publish(totals.metrics(isExpected));
    },
    journalOf: (of) =>
      journalFile({
        folder: host.temporaryFolder,
        stream,
        consumer: of,
        clock: systemClock,
        now: Date.now,
      }),
    ...(definition && { handler: { definition, log: logAbout(log) } }),
  };
}

function observer(log: Log): BridgePorts["observe"] {
  return (event, details) => log(LEVELS[event] ?? "info", event, details);
}

/** Lines of the user's handler, with the messages they are about. */
function logAbout(log: Log): (messages: readonly JetStreamMessage[]) => HandlerLog {
  return (messages) => {
    const [first, second] = messages;
    const about = second
      ? { ids: messages.map(({ id }) => id) }
      : { id: first?.id, subject: first?.subject };
    return handlerLog((level, text, details) =>
      log(level, "handler", { text, ...about, ...(details && { details: sayable(details) }) }),
    );
  };
}

/** What JSON cannot say is no reason for a message to fail. */
function sayable(details: object): object {
  try {
    JSON.stringify(details);
    return details;
  } catch (error) {
    return { unsaid: (error as Error).message };
  }
}
