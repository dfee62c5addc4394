// A function in one of Lambda's execution environments, on this machine: Lambda's own Runtime API and runtime client, one
// event at a time, true deadlines, frozen between events, started anew after a crash.
import { devNull } from "node:os";
import type { RuntimeClient } from "./fetch-runtime-client.ts";
import { removeFolder, temporaryFolder } from "./leave-nothing.ts";
import { type Launch, type Outcome, RuntimeProcess } from "./runtime-process.ts";

export interface FunctionOptions {
  readonly client: RuntimeClient;
  /** Folder of the bundle. */
  readonly code: string;
  readonly handler?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** SIGSTOP between two events, as Lambda does it. */
  readonly freeze?: boolean;
}

/** `init`: the process was started for it. `ms`: from its turn to its end, a start included. */
export type Invoked = Outcome & { readonly ms: number; readonly init: boolean };

export interface RunningFunction extends AsyncDisposable {
  /** After those that were called before. */
  invoke(event?: unknown): Promise<Invoked>;
  /** SIGKILL. An invocation under way ends as `exited`; the next is a cold start. */
  kill(): Promise<void>;
  /** In the middle of an invocation, else nothing: SIGSTOP, SIGCONT. Its time goes on. */
  pause(): void;
  resume(): void;
  /** The next invocation is a cold start, with this code from now on. */
  restart(code?: string): Promise<void>;
  stop(): Promise<void>;
  /** Undefined before the first invocation. */
  readonly pid: number | undefined;
  readonly coldStarts: number;
  /** All that it has said, on both streams, in all its processes. */
  output(): string;
  /** The JSON objects among the lines of its standard output. */
  lines(): readonly Readonly<Record<string, unknown>>[];
}

/** What an invocation returned; throws when it ended in another way. */
export function valueOf<T>(invoked: Invoked): T {
  if (invoked.kind !== "returned") throw new Error(`not returned: ${JSON.stringify(invoked)}`);
  return invoked.value as T;
}

export function startFunction(options: FunctionOptions): RunningFunction {
  // Lambda's /tmp outlives timeouts and crashes.
  const temporary = temporaryFolder();
  const said: { readonly stream: string; readonly text: string }[] = [];
  let code = options.code;
  let current: RuntimeProcess | undefined;
  let coldStarts = 0;
  let isStopped = false;
  let last: Promise<unknown> = Promise.resolve();

  async function invokeNow(event: unknown): Promise<Invoked> {
    if (isStopped) throw new Error("the function was stopped");
    const startedAt = performance.now();
    const init = !current || current.hasEnded;
    const running = !current || current.hasEnded ? await start() : current;
    const outcome = await running.run(event, options.timeoutMs);
    return { ...outcome, ms: Math.round(performance.now() - startedAt), init };
  }

  async function start(): Promise<RuntimeProcess> {
    coldStarts += 1;
    current = await RuntimeProcess.start(
      launchOf({ ...options, code }, temporary, (stream, text) => said.push({ stream, text })),
    );
    if (isStopped) await current.kill();
    return current;
  }

  const kill = async (): Promise<void> => current?.kill();

  const stop = async (): Promise<void> => {
    isStopped = true;
    await kill();
    removeFolder(temporary);
  };

  return {
    invoke(event) {
      const turn = last.then(() => invokeNow(event));
      last = turn.catch(() => undefined);
      return turn;
    },
    kill,
    pause: () => current?.signal("SIGSTOP"),
    resume: () => current?.signal("SIGCONT"),
    async restart(other = code) {
      code = other;
      await kill();
    },
    stop,
    [Symbol.asyncDispose]: stop,
    get pid() {
      return current?.pid;
    },
    get coldStarts() {
      return coldStarts;
    },
    output: () => said.map(({ text }) => text).join(""),
    lines: () => {
      const stdout = said.filter(({ stream }) => stream === "stdout").map(({ text }) => text);
      return stdout.join("").split("\n").flatMap(objectIn);
    },
  };
}

function launchOf(options: FunctionOptions, temporary: string, say: Launch["say"]): Launch {
  const { client, code, handler = "index.handler", environment = {}, freeze = true } = options;
  const ours = environmentOf(code, handler, temporary);
  const region = environment["AWS_REGION"] ?? ours["AWS_REGION"];
  return {
    client,
    code,
    handler,
    freeze,
    say,
    functionArn: `arn:aws:lambda:${region}:123456789012:function:test`,
    environment: { ...ours, ...environment },
  };
}

/** As Lambda sets it, and no trace of the AWS account of whoever runs the tests. The client dies if a name is missing. */
function environmentOf(code: string, handler: string, temporary: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    TMPDIR: temporary,
    TZ: ":UTC",
    LAMBDA_TASK_ROOT: code,
    _HANDLER: handler,
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_LAMBDA_FUNCTION_NAME: "test",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
    AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/test",
    AWS_LAMBDA_LOG_STREAM_NAME: "2026/01/01/[$LATEST]test",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

function objectIn(line: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? [value as Record<string, unknown>] : [];
  } catch {
    return [];
  }
}
