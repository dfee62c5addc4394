// A Lambda entry in a process of its own, called as the runtime calls it. Its real runtime is another test's.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { on } from "node:events";
import { text } from "node:stream/consumers";
import type { ReplayReceipt } from "../../functions/bridge/replay.ts";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { bareEnvironment } from "./bare-environment.ts";
import { endsWithUs, removeFolder, temporaryFolder } from "./leave-nothing.ts";

interface Invocation {
  /** What the handler returned: a receipt, unless it was woken by the doorbell. */
  readonly receipt?: Receipt & Partial<ReplayReceipt>;
  readonly error?: string;
  /** How long the handler took. */
  readonly ms?: number;
  /** Time it left of what was granted. */
  readonly left?: number;
}

interface Invoked {
  readonly code: number | null;
  readonly invocations: readonly Invocation[];
  readonly stdout: string;
  readonly stderr: string;
}

/** One invocation; a number is one with `{}`, and so many milliseconds. */
type Call =
  | number
  | { readonly granted: number; readonly event?: unknown; readonly requestId?: string };

export interface LambdaProcess {
  readonly ended: Promise<Invoked>;
  kill(): void;
}

/** A process that is called when the test wants it. */
export interface WarmLambda extends AsyncDisposable {
  invoke(call: Call): Promise<Invocation>;
}

interface Spawned {
  readonly child: ChildProcessWithoutNullStreams;
  /** So far. */
  readonly invocations: () => readonly Invocation[];
  readonly ended: Promise<Invoked>;
}

const FORWARD = "functions/forward.lambda.ts";

/** As the runtime does it: the module is loaded once, and its handler called once for each line. */
const RUNTIME = `
  import { createInterface } from "node:readline";
  const tell = (one) => process.stdout.write("INVOCATION " + JSON.stringify(one) + "\\n");
  const { handler } = await import(process.env.ENTRY);
  for await (const line of createInterface({ input: process.stdin })) {
    const { granted, event = {}, requestId } = JSON.parse(line);
    const startedAt = performance.now();
    const ms = () => Math.round(performance.now() - startedAt);
    const context = { getRemainingTimeInMillis: () => granted - ms(), awsRequestId: requestId };
    try {
      const receipt = await handler(event, context);
      tell({ receipt, ms: ms(), left: granted - ms() });
    } catch (error) {
      tell({ error: String(error), ms: ms(), left: granted - ms() });
    }
  }`;

/** One process, cold at first; once for each of `calls`. */
export function invoke(
  environment: Readonly<Record<string, string>>,
  ...calls: readonly Call[]
): Promise<Invoked> {
  return startLambda(FORWARD, environment, ...calls).ended;
}

/** The same with another entry, a path from the root of the project or an absolute one; it can be killed. */
export function startLambda(
  entry: string,
  environment: Readonly<Record<string, string>>,
  ...calls: readonly Call[]
): LambdaProcess {
  const { child, ended } = spawnLambda(entry, environment);
  child.stdin.end(calls.map(lineOf).join(""));
  return { ended, kill: () => void child.kill("SIGKILL") };
}

/** One process for many calls, each made when the one before is over. */
export function warmLambda(environment: Readonly<Record<string, string>>): WarmLambda {
  const { child, ended, invocations } = spawnLambda(FORWARD, environment);
  return {
    async invoke(call) {
      const before = invocations().length;
      const said = on(child.stdout, "data", { close: ["close"] });
      child.stdin.write(lineOf(call));
      for await (const _ of said) {
        const invocation = invocations()[before];
        if (invocation) return invocation;
      }
      const { code, stderr } = await ended;
      throw new Error(`the process ended with ${code} before it answered:\n${stderr}`);
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}

function lineOf(call: Call): string {
  return `${JSON.stringify(typeof call === "number" ? { granted: call } : call)}\n`;
}

function spawnLambda(entry: string, environment: Readonly<Record<string, string>>): Spawned {
  // What it notes down is for this sandbox alone.
  const folder = temporaryFolder();
  const child = spawn(process.execPath, ["--input-type=module", "-e", RUNTIME], {
    env: {
      ...bareEnvironment(),
      TMPDIR: folder,
      ...environment,
      ENTRY: new URL(entry, new URL("../../", import.meta.url)).href,
    },
  });
  // One that ended while its module was loaded reads no calls.
  child.stdin.on("error", () => undefined);
  const callOff = endsWithUs(child.pid!);
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (part) => (stdout += String(part)));
  const invocations = (): readonly Invocation[] => invocationsIn(stdout);
  const ended = async (): Promise<Invoked> => {
    const [stderr, code] = await Promise.all([text(child.stderr), closed]);
    callOff();
    removeFolder(folder);
    return { code, invocations: invocations(), stdout, stderr };
  };
  return { child, invocations, ended: ended() };
}

/** Of whole lines. */
function invocationsIn(stdout: string): readonly Invocation[] {
  return [...stdout.matchAll(/^INVOCATION (.*)\n/gm)].map(
    ([, json]) => JSON.parse(json!) as Invocation,
  );
}
