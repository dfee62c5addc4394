// The Lambda entry in a process of its own, called as the runtime calls it. Its real runtime is another test's.
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { endsWithUs } from "./leave-nothing.ts";

interface Invocation {
  readonly receipt?: Receipt;
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

const ENTRY = new URL("../../functions/forward.lambda.ts", import.meta.url).href;

/** As the runtime does it: the module is loaded once, and its handler called once for each grant of milliseconds. */
const RUNTIME = `
  const tell = (one) => process.stdout.write("INVOCATION " + JSON.stringify(one) + "\\n");
  const { handler } = await import(process.env.ENTRY);
  for (const granted of JSON.parse(process.env.GRANTED)) {
    const startedAt = performance.now();
    const ms = () => Math.round(performance.now() - startedAt);
    const context = { getRemainingTimeInMillis: () => granted - ms() };
    try {
      const receipt = await handler({}, context);
      tell({ receipt, ms: ms(), left: granted - ms() });
    } catch (error) {
      tell({ error: String(error), ms: ms(), left: granted - ms() });
    }
  }`;

/** One process, cold at first; once for each of `granted`, in milliseconds. */
export async function invoke(
  environment: Readonly<Record<string, string>>,
  ...granted: readonly number[]
): Promise<Invoked> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", RUNTIME], {
    env: { PATH: process.env["PATH"], ...environment, ENTRY, GRANTED: JSON.stringify(granted) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const callOff = endsWithUs(child.pid!);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  callOff();
  const invocations = [...stdout.matchAll(/^INVOCATION (.*)$/gm)].map(
    ([, json]) => JSON.parse(json!) as Invocation,
  );
  return { code, invocations, stdout, stderr };
}
