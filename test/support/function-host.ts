// A handler in a process of its own, as in one of Lambda's execution environments: one event at a time, and a process
// that ends takes its event with it.
import { type ChildProcess, spawn } from "node:child_process";
import { devNull } from "node:os";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { endsWithUs } from "./leave-nothing.ts";

/** What a handler did with its event. */
export type Ran =
  | { readonly returned: unknown }
  | { readonly thrown: { readonly errorType: string; readonly errorMessage: string } };

export interface FunctionHost {
  run(event: string): Promise<Ran>;
  readonly hasEnded: boolean;
  kill(): void;
}

const folder = new URL("handlers/", import.meta.url);

/** `file` is one of test/support/handlers, JavaScript or Python. */
export function startHost(file: string, say: (line: string) => void): FunctionHost {
  const isPython = file.endsWith(".py");
  const handler = fileURLToPath(new URL(file, folder));
  const host = fileURLToPath(new URL(isPython ? "host.py" : "host.mjs", folder));
  const command = isPython ? "python3" : process.execPath;
  const child: ChildProcess = spawn(
    command,
    [host, isPython ? handler : pathToFileURL(handler).href],
    {
      env: {
        PATH: process.env["PATH"],
        PYTHONDONTWRITEBYTECODE: "1",
        PYTHONUNBUFFERED: "1",
        AWS_CONFIG_FILE: devNull,
      },
      stdio: ["pipe", "pipe", "inherit", "pipe"],
    },
  );
  const callOff = child.pid === undefined ? (): void => undefined : endsWithUs(child.pid);
  let hasEnded = false;
  let settle: ((ran: Ran) => void) | undefined;
  const give = (ran: Ran): void => {
    settle?.(ran);
    settle = undefined;
  };
  const ended = (errorMessage: string): void => {
    hasEnded = true;
    callOff();
    give({ thrown: { errorType: "Runtime.ExitError", errorMessage } });
  };
  child.on("error", (error) => ended(String(error)));
  child.on("close", (code, signal) => {
    ended(`Runtime exited with error: exit status ${code ?? signal}`);
  });
  child.stdin?.on("error", () => undefined);
  createInterface(child.stdout as Readable).on("line", say);
  createInterface(child.stdio[3] as Readable).on("line", (line) => give(JSON.parse(line) as Ran));
  return {
    run(event) {
      const { promise, resolve } = Promise.withResolvers<Ran>();
      settle = resolve;
      child.stdin?.write(`${event}\n`);
      return promise;
    },
    get hasEnded() {
      return hasEnded;
    },
    kill: () => void child.kill("SIGKILL"),
  };
}
