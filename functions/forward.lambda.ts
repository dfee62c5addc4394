/**
 * Forwards one JetStream consumer to SQS, one invocation at a time: woken by a schedule, or by anything else.
 *
 * Each invocation opens its own connection, goes on where the durable consumer stands, and ends when the stream has
 * been empty for IDLE_TIMEOUT, or when the time that Lambda grants runs out: with enough left to settle. Nothing stays
 * open between invocations, since a frozen process could neither extend its messages nor give them back.
 * A stop other than `idle`, `deadline` and `paused` is an error of the invocation, so that its alarm fires. The
 * receipt is in the log either way.
 */
import { readFileSync } from "node:fs";
import { systemClock } from "./bridge/clock.ts";
import { readConfig } from "./bridge/config.ts";
import { type Forward, forward } from "./bridge/forward.ts";
import { LEVELS, type Log, logger, logSurprises, scrubber } from "./bridge/observe/log.ts";
import type { Receipt } from "./bridge/run/receipt.ts";
import { credentialsFault } from "./bridge/source/credentials.ts";

/** The part of Lambda's context that is needed. */
interface Context {
  getRemainingTimeInMillis(): number;
}

/** Left for Lambda itself to return the answer. */
const RETURN_MS = 200;

const GOOD_STOPS: ReadonlySet<string | null> = new Set(["idle", "deadline", "paused"]);

const { bridge, idleMs } = start();

export async function handler(_event: unknown, context: Context): Promise<Receipt> {
  const deadline = systemClock.now() + context.getRemainingTimeInMillis() - RETURN_MS;
  const receipt = await bridge.attempt({ deadline, idleMs });
  if (!GOOD_STOPS.has(receipt.stop)) {
    throw new Error(
      `the run stopped as ${receipt.stop}: ${receipt.reason ?? "see its receipt in the log"}`,
    );
  }
  return receipt;
}

function start(): { readonly bridge: Forward; readonly idleMs: number } {
  const { config, faults, warnings, secrets } = readConfig(process.env, "lambda", {
    readFile: (path) => readFileSync(path, "utf8"),
    credentialsFault,
  });
  if (!config) {
    const lines = faults.map(scrubber(secrets)).join("\n");
    process.stderr.write(`${lines}\n`);
    throw new Error(`the configuration is wrong:\n${lines}`);
  }
  const log: Log = logger({
    level: config.logLevel,
    secrets,
    write: (line) => process.stdout.write(line),
    now: Date.now,
  });
  logSurprises(log, warnings, config);
  const opened = forward(config, {
    observe: (event, details) => log(LEVELS[event] ?? "info", event, details),
    report: (receipt) =>
      log(receipt.stop === null || GOOD_STOPS.has(receipt.stop) ? "info" : "error", "receipt", {
        ...receipt,
      }),
  });
  return { bridge: opened, idleMs: config.idleTimeoutMs };
}
