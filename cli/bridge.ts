#!/usr/bin/env node
/**
 * Operator commands: `npm run bridge -- <command>`, of the package `npx jetstream-aws-bridge <command>`. Exit: 0 done, 1 something was refused or failed, 2 usage.
 * The first Ctrl-C or SIGTERM lets a command end what is under way; another one, a moment later, ends it at once.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { IS_PACKAGED, OPERATOR_COMMAND } from "../functions/bridge/observe/operator-command.ts";
import type { Command } from "./command.ts";

const COMMANDS: readonly Command[] = [
  {
    name: "redrive",
    summary: "sends dead letters again, to their stream or to the target",
    load: async () => (await import("./redrive/command.ts")).run,
  },
  {
    name: "consumer",
    summary: "shows the bridge's consumer, changes it and keeps its position, or deletes it",
    load: async () => (await import("./consumer/command.ts")).run,
  },
  {
    name: "permissions",
    summary: "prints what the NATS user of the bridge may do, ready to be pasted",
    load: async () => (await import("./permissions/command.ts")).run,
  },
];

const USAGE = `Usage: ${OPERATOR_COMMAND} <command> [options], or --help, or --version`;

const QUIET = IS_PACKAGED ? "" : "; npm is quiet with: npm run --silent bridge -- …";

const HELP = `Operator commands of jetstream-aws-bridge.

  ${OPERATOR_COMMAND} <command> --help

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`).join("\n")}

  --json        one JSON object a line, with every command${QUIET}
  --version     the version of jetstream-aws-bridge
  --help        this text, or that of a command

Exit: 0 done · 1 something was refused or failed · 2 usage or configuration`;

/** Ctrl-C reaches a program twice when npm passes it on as well. */
const SAME_SIGNAL_MS = 1000;
const COPY_OF_SIGNAL_MS = 250;

const LEAST_NODE = 24;

process.exitCode = isTooOld(process.versions.node)
  ? say(process.stderr, `node: given ${process.version}, expected ${LEAST_NODE} or later`, 2)
  : await main(process.argv.slice(2));

/** A shell may have another Node than the one that npm was told to ask for. */
function isTooOld(node: string): boolean {
  return Number.parseInt(node, 10) < LEAST_NODE;
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === "--help" || name === "-h") return say(process.stdout, HELP, 0);
  if (name === "--version") return say(process.stdout, version(), 0);
  const command = COMMANDS.find((one) => one.name === name);
  if (command && args.includes("--version")) return say(process.stdout, version(), 0);
  if (command) {
    const run = await command.load();
    const signal = stopSignal();
    const exitCode = await run(args, { environment: process.env, signal });
    // The copy that npm passes on would end, by the signal, a program that is already leaving.
    if (signal.aborted) await sleep(COPY_OF_SIGNAL_MS);
    return exitCode;
  }
  const given = name === undefined ? "nothing" : JSON.stringify(name);
  const names = COMMANDS.map((one) => one.name).join(", ");
  return say(process.stderr, `command: given ${given}, expected one of: ${names}\n${USAGE}`, 2);
}

function say(out: NodeJS.WriteStream, text: string, exitCode: number): number {
  out.write(`${text}\n`);
  return exitCode;
}

function version(): string {
  const file = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(file) as { version: string }).version;
}

function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  let first = Number.NEGATIVE_INFINITY;
  const stop = (): void => {
    if (!stopping.signal.aborted) {
      first = performance.now();
      process.stderr.write("\nEnding what is under way …\n");
      stopping.abort();
    } else if (performance.now() - first > SAME_SIGNAL_MS) {
      process.exit(1);
    }
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  // Nobody reads on, as after `| head`.
  process.stdout.on("error", () => stopping.abort());
  return stopping.signal;
}
