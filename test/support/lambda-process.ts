// A Lambda entry in a process of its own, called as the runtime calls it. Its real runtime is another test's.
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { ReplayReceipt } from "../../functions/bridge/replay.ts";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
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

const FORWARD = "functions/forward.lambda.ts";

/** As the runtime does it: the module is loaded once, and its handler called once for each call. */
const RUNTIME = `
  const tell = (one) => process.stdout.write("INVOCATION " + JSON.stringify(one) + "\\n");
  const { handler } = await import(process.env.ENTRY);
  for (const { granted, event = {}, requestId } of JSON.parse(process.env.CALLS)) {
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
  // What it notes down is for this sandbox alone.
  const folder = temporaryFolder();
  const child = spawn(process.execPath, ["--input-type=module", "-e", RUNTIME], {
    env: {
      PATH: process.env["PATH"],
      TMPDIR: folder,
      ...environment,
      ENTRY: new URL(entry, new URL("../../", import.meta.url)).href,
      CALLS: JSON.stringify(calls.map((one) => (typeof one === "number" ? { granted: one } : one))),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const callOff = endsWithUs(child.pid!);
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const ended = async (): Promise<Invoked> => {
    const [stdout, stderr, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      closed,
    ]);
    callOff();
    removeFolder(folder);
    return { code, invocations: invocationsIn(stdout), stdout, stderr };
  };
  return { ended: ended(), kill: () => void child.kill("SIGKILL") };
}

function invocationsIn(stdout: string): readonly Invocation[] {
  return [...stdout.matchAll(/^INVOCATION (.*)$/gm)].map(
    ([, json]) => JSON.parse(json!) as Invocation,
  );
}
