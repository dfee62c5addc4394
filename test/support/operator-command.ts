// An operator command as a process of its own, with nothing in its environment but what a test gives it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { bareEnvironment } from "./bare-environment.ts";
import { endsWithUs } from "./leave-nothing.ts";

const ENTRY = fileURLToPath(new URL("../../cli/bridge.ts", import.meta.url));

export interface Ended {
  readonly code: number | NodeJS.Signals;
  /** Lines of standard output. */
  readonly lines: readonly string[];
  readonly stderr: string;
}

export interface Running {
  readonly ended: Promise<Ended>;
  /** Resolves when so many lines of standard output contain `text`. */
  waitFor(text: string, count?: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

export type Environment = Readonly<Record<string, string>>;

export function startCommand(args: readonly string[], environment: Environment): Running {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    env: { ...bareEnvironment(), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const callOff = endsWithUs(child.pid!);
  const lines: string[] = [];
  const looking = new Set<() => void>();
  const look = (): void => looking.forEach((one) => one());
  createInterface(child.stdout).on("line", (line) => {
    lines.push(line);
    look();
  });
  let stderr = "";
  let isOver = false;
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += String(text)));
  const ended = once(child, "close").then(([code, signal]): Ended => {
    callOff();
    isOver = true;
    look();
    return { code: (code ?? signal) as Ended["code"], lines, stderr };
  });
  return {
    ended,
    kill: (signal) => child.kill(signal),
    waitFor(text, count = 1) {
      const { promise, reject, resolve } = Promise.withResolvers<void>();
      const seen = (): void => {
        if (lines.filter((line) => line.includes(text)).length >= count) resolve();
        else if (isOver) reject(new Error(`it ended first:\n${lines.join("\n")}\n${stderr}`));
      };
      looking.add(seen);
      seen();
      return promise.finally(() => looking.delete(seen));
    },
  };
}

export function runCommand(args: readonly string[], environment: Environment): Promise<Ended> {
  return startCommand(args, environment).ended;
}
