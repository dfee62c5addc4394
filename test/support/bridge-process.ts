// The real service entry as a process of its own, with nothing in its environment but what a test gives it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { bareEnvironment } from "./bare-environment.ts";
import { endsWithUs } from "./leave-nothing.ts";

/** One line of its standard output. */
export type Line = Readonly<Record<string, unknown>> & {
  readonly event: string;
  readonly level: string;
  readonly time: string;
};

export interface Bridge extends AsyncDisposable {
  readonly pid: number;
  /** All that it has said so far. A line that is no JSON object has the event `not JSON`. */
  readonly lines: readonly Line[];
  /** Exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** The first line of this event, or that fulfils this condition; one that was said already counts. */
  waitFor(what: string | ((line: Line) => boolean), timeoutMs?: number): Promise<Line>;
  receipts(): readonly Receipt[];
  stderr(): string;
  /** The last of all that it has said, for people. */
  said(): string;
  /** `http://127.0.0.1:…` of its health endpoint. */
  health(): Promise<string>;
  /** Tells it to stop and waits until it has; killed if that takes longer than half a minute. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
  /** SIGKILL: what a crash is like. */
  kill(): Promise<void>;
}

/** Less than a test may take, so that it is told what was waited for in vain, and what was said meanwhile. */
const WAIT_MS = 45_000;

const ENTRY = fileURLToPath(new URL("../../functions/forward.service.ts", import.meta.url));

/**
 * Ends with us at the latest; `await using bridge = startBridge(…)` ends it with its block. `args`: what Node is given
 * instead of the service's source.
 */
export function startBridge(
  environment: Readonly<Record<string, string>>,
  args: readonly string[] = [ENTRY],
): Bridge {
  const child = spawn(process.execPath, [...args], {
    env: { ...bareEnvironment(), HEALTH_PORT: "0", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const pid = child.pid!;
  const callOff = endsWithUs(pid);
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  const wake = (): void => waiting.forEach((look) => look());
  createInterface(child.stdout).on("line", (text) => {
    lines.push(lineOf(text));
    wake();
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (errors += String(text)));
  let ended: number | NodeJS.Signals | undefined;
  const exited = once(child, "close").then(([code, signal]) => {
    ended = (code ?? signal) as number | NodeJS.Signals;
    callOff();
    wake();
    return ended;
  });
  const end = async (signal: NodeJS.Signals): Promise<number | NodeJS.Signals> => {
    child.kill(signal);
    const patience = setTimeout(() => child.kill("SIGKILL"), 30_000);
    const result = await exited;
    clearTimeout(patience);
    return result;
  };

  const said = (): string => {
    const last = lines.slice(-20).map((line) => JSON.stringify(line));
    return [...last, errors].join("\n");
  };

  function waitFor(what: string | ((line: Line) => boolean), timeoutMs = WAIT_MS): Promise<Line> {
    const isIt = typeof what === "string" ? (line: Line): boolean => line.event === what : what;
    const { promise, resolve, reject } = Promise.withResolvers<Line>();
    const fail = (why: string): void => {
      reject(new Error(`${why} before ${String(what)}. It said:\n${said()}`));
    };
    const timer = setTimeout(() => fail(`${timeoutMs} ms went by`), timeoutMs);
    const look = (): void => {
      const line = lines.find(isIt);
      if (line) resolve(line);
      else if (ended !== undefined) fail(`the bridge ended with ${ended}`);
    };
    waiting.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      waiting.delete(look);
    });
  }

  return {
    pid,
    lines,
    exited,
    waitFor,
    receipts: () =>
      lines.filter(({ event }) => event === "receipt") as unknown as readonly Receipt[],
    stderr: () => errors,
    said,
    async health() {
      const { port } = await waitFor((line) => line.event === "health" && "port" in line);
      return `http://127.0.0.1:${String(port)}`;
    },
    stop: (signal = "SIGTERM") => end(signal),
    async kill() {
      await end("SIGKILL");
    },
    async [Symbol.asyncDispose]() {
      await end("SIGKILL");
    },
  };
}

function lineOf(text: string): Line {
  try {
    const line: unknown = JSON.parse(text);
    if (typeof line === "object" && line !== null && "event" in line) return line as Line;
  } catch {
    // told below
  }
  return { event: "not JSON", level: "", time: "", text };
}
