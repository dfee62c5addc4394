/**
 * Forwards one JetStream consumer to SQS for as long as the process lives: in Fargate, in any container, by hand.
 *
 * Start: reads the environment and exits with 2 if anything in it is wrong, before it connects to anything. Then it
 * connects, makes or checks its consumer, and runs.
 * Trouble: NATS or SQS down, missing or denied, blocked, paused: the process lives on, tries again with growing pauses,
 * and `/readyz` answers 503 with the reason. Only a consumer that is gone (exit 3) and an ordered one from which
 * somebody else pulls (exit 4) end it.
 * Stop: SIGTERM or SIGINT. Nothing more is pulled, calls under way end, all is settled: exit 0. What is not settled by
 * SHUTDOWN_TIMEOUT comes back to the next run: exit 1.
 */
import { readFileSync } from "node:fs";
import { systemClock } from "./bridge/clock.ts";
import { type Config, readConfig } from "./bridge/config.ts";
import type { Observe } from "./bridge/core/ports.ts";
import { isGood } from "./bridge/core/stop.ts";
import { bridge as openBridge } from "./bridge/bridge.ts";
import { emfLines } from "./bridge/observe/emf.ts";
import { type Health, serveHealth } from "./bridge/observe/health.ts";
import {
  LEVELS,
  type Log,
  logger,
  type LogLevel,
  logSurprises,
  scrubber,
} from "./bridge/observe/log.ts";
import { readinessAfter, Totals } from "./bridge/observe/totals.ts";
import type { Receipt } from "./bridge/run/receipt.ts";
import { supervise } from "./bridge/run/supervise.ts";
import { credentialsFault } from "./bridge/source/credentials.ts";

const EXIT = { settled: 0, unsettled: 1, configuration: 2, gone: 3, overlap: 4 } as const;

const { config, faults, warnings, secrets } = readConfig(process.env, "service", {
  readFile: (path) => readFileSync(path, "utf8"),
  credentialsFault,
});
const scrub = scrubber(secrets);
if (config) await serve(config);
else refuse(faults);

function logAt(level: LogLevel): Log {
  return logger({ level, scrub, write: (line) => process.stdout.write(line), now: Date.now });
}

function refuse(lines: readonly string[]): void {
  process.stderr.write(lines.map((line) => `${scrub(line)}\n`).join(""));
  // A name that was misspelled is a likely reason for one that is missing.
  const log = logAt("warn");
  for (const warning of warnings) log("warn", "configuration", { warning });
  process.exitCode = EXIT.configuration;
}

async function serve(settings: Config): Promise<void> {
  // Whoever reads the log may go away: messages are more important.
  process.stdout.on("error", () => undefined);
  const log = logAt(settings.logLevel);
  const totals = new Totals();
  const health: Health = {
    notReady: "starting",
    metrics: () => totals.metrics(health.notReady === undefined),
  };
  const { consumer, stream } = settings.consumer;
  const namespace = settings.metricsNamespace;
  const publish = emfLines({ namespace, stream, consumer, log, now: Date.now });
  const observe: Observe = (event, details) => {
    const notReady = readinessAfter(event, details, health.notReady);
    health.notReady = notReady && scrub(notReady);
    log(LEVELS[event] ?? "info", event, details);
  };
  const report = (receipt: Receipt): void => {
    totals.add(receipt);
    if (receipt.stop !== null)
      health.notReady = scrub([receipt.stop, receipt.reason].filter(Boolean).join(": "));
    log(receipt.stop === null || receipt.stop === "deadline" ? "info" : "warn", "receipt", {
      ...receipt,
    });
    // To be told to stop is no fault, although nothing is forwarded from then on.
    publish(
      totals.metrics(receipt.stop === null ? health.notReady === undefined : isGood(receipt)),
    );
  };
  const bridge = openBridge(settings, { observe, report, learn: scrub.learn });
  logSurprises(log, warnings, settings);
  log("info", "starting", summary(settings));
  await startHealth(settings, health, log);
  const stopping = stopOnSignal(settings, log);
  const last = await supervise(
    () => bridge.attempt({ deadline: Number.POSITIVE_INFINITY, signal: stopping }),
    systemClock,
    stopping,
  );
  const code = exitCode(last, stopping.aborted);
  log("info", "stopped", { exit: code });
  process.stdout.write("", () => process.exit(code));
}

function exitCode(receipt: Receipt, told: boolean): number {
  if (receipt.stop === "gone") return EXIT.gone;
  if (receipt.stop === "overlap") return EXIT.overlap;
  // An ack that was not confirmed long ago has been delivered and settled again since.
  const isSettled = receipt.unconfirmed === 0 || receipt.ackPending === 0;
  return told && isSettled ? EXIT.settled : EXIT.unsettled;
}

/** Aborted by the first SIGTERM or SIGINT; when time runs out after it, the process ends. */
function stopOnSignal(settings: Config, log: Log): AbortSignal {
  const stopping = new AbortController();
  const stop = (signal: string): void => {
    // Once is enough: npm passes on a Ctrl-C that the process has had from the terminal already.
    if (stopping.signal.aborted) return;
    log("info", "stopping", { signal, withinMs: settings.shutdownTimeoutMs });
    stopping.abort();
    setTimeout(() => {
      log("error", "shutdown-timeout", {
        consequence: "what is not settled comes back after its ack wait",
      });
      process.stdout.write("", () => process.exit(EXIT.unsettled));
    }, settings.shutdownTimeoutMs).unref();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  return stopping.signal;
}

async function startHealth(settings: Config, health: Health, log: Log): Promise<void> {
  if (settings.healthPort === undefined) return;
  try {
    const { port } = await serveHealth(health, settings.healthPort);
    log("info", "health", { port });
  } catch (error) {
    log("warn", "health", {
      problem: `port ${settings.healthPort} cannot be used (${(error as { code?: string }).code})`,
      advice: "set HEALTH_PORT to another one, 0 for any, or off",
    });
  }
}

function summary(settings: Config): Record<string, unknown> {
  const { consumer, deadLetterBucket, deadLetterQueueUrl, nats, origin, target } = settings;
  return {
    servers: nats.servers,
    secret: nats.secretArn,
    stream: consumer.stream,
    consumer: consumer.consumer,
    filterSubjects: consumer.filterSubjects,
    target: targetName(target),
    deadLetterQueue: deadLetterQueueUrl,
    deadLetterBucket,
    ordered: target.kind === "sqs" && target.fifo !== undefined,
    origin,
    ackWaitMs: consumer.ackWaitMs,
    mostUnsettled: consumer.leastMaxAckPending,
    node: process.version,
  };
}

function targetName(target: Config["target"]): string {
  switch (target.kind) {
    case "sqs":
      return target.queueUrl;
    case "eventbridge":
      return target.bus;
    case "function":
      return target.arn;
    case "handler":
      return "handler";
  }
}
