// One process of a function, between the start of its module and its end: handed one event at a time, frozen while it
// has none, killed when it is late.
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import type { RuntimeClient } from "./fetch-runtime-client.ts";
import { endsWithUs } from "./leave-nothing.ts";
import { type Answer, type Invocation, serveRuntimeApi } from "./runtime-http.ts";

export type Outcome =
  | Answer
  | { readonly kind: "timed out" }
  /** The process ended before it answered: Runtime.ExitError to the caller. */
  | {
      readonly kind: "exited";
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    };

export interface Launch {
  readonly client: RuntimeClient;
  readonly handler: string;
  /** Its folder. */
  readonly code: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly functionArn: string;
  readonly freeze: boolean;
  say(stream: "stdout" | "stderr", text: string): void;
}

/** Lambda's own limit for loading the module. */
const START_MS = 10_000;

const PLAIN = join(import.meta.dirname, "plain-runtime.mjs");

interface Work {
  readonly id: string;
  readonly event: string;
  readonly timeoutMs: number;
  readonly done: (outcome: Outcome) => void;
}

export class RuntimeProcess {
  readonly #launch: Launch;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #end: Outcome | undefined;
  /** There while the process waits for an event. */
  #give: ((invocation: Invocation) => void) | undefined;
  #work: Work | undefined;
  #answer: Answer | undefined;
  #isLate = false;
  #timer: NodeJS.Timeout;

  private constructor(launch: Launch, child: ChildProcess, stopServing: () => Promise<void>) {
    this.#launch = launch;
    this.#child = child;
    this.#timer = this.#killAfter(START_MS);
    child.stdout?.setEncoding("utf8").on("data", (text) => launch.say("stdout", String(text)));
    child.stderr?.setEncoding("utf8").on("data", (text) => launch.say("stderr", String(text)));
    this.#ended = this.#untilItEnds(endsWithUs(child.pid!), stopServing);
  }

  static async start(launch: Launch): Promise<RuntimeProcess> {
    // There when the process makes its first call.
    let started: RuntimeProcess | undefined;
    const api = await serveRuntimeApi({
      asks: (give) => started!.#asks(give),
      answers: (id, answer) => started!.#answers(id, answer),
      failsToStart: (error) => started!.#failsToStart(error),
    });
    const { client, handler, code, environment } = launch;
    const script = client.engine === "aws-lambda-ric" ? client.bin : PLAIN;
    const child = spawn(process.execPath, [script, handler], {
      cwd: code,
      env: { ...environment, AWS_LAMBDA_RUNTIME_API: new URL(api.endpoint).host },
      stdio: ["ignore", "pipe", "pipe"],
    });
    started = new RuntimeProcess(launch, child, api.stop);
    return started;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Hands it an event, as soon as it asks for one; nobody may do so while it has another. */
  run(event: unknown, timeoutMs: number): Promise<Outcome> {
    const { promise, resolve: done } = Promise.withResolvers<Outcome>();
    this.#work = { id: randomUUID(), event: JSON.stringify(event ?? null), timeoutMs, done };
    if (this.#end) this.#conclude(this.#end);
    else this.#handOver();
    return promise;
  }

  /** Only in the middle of an invocation: whoever comes too late must not thaw what is frozen. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    if (this.#work) this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  #asks(give: (invocation: Invocation) => void): void {
    this.#give = give;
    if (this.#answer) this.#conclude(this.#answer);
    if (this.#work) this.#handOver();
    else if (this.#launch.freeze) this.#child.kill("SIGSTOP");
  }

  #handOver(): void {
    if (!this.#give || !this.#work) return;
    const { id, event, timeoutMs } = this.#work;
    clearTimeout(this.#timer);
    this.#timer = this.#killAfter(timeoutMs);
    if (this.#launch.freeze) this.#child.kill("SIGCONT"); // which Windows does not know
    const { functionArn } = this.#launch;
    this.#give({ id, event, functionArn, deadlineMs: Date.now() + timeoutMs });
    this.#give = undefined;
  }

  /** Not the end of it yet: what a handler leaves behind runs on until the next event is asked for. */
  #answers(id: string, answer: Answer): void {
    if (id === this.#work?.id) this.#answer ??= answer;
  }

  /** It ends by itself, and its end concludes. */
  #failsToStart(error: Answer): void {
    this.#answer = error;
  }

  #conclude(outcome: Outcome): void {
    clearTimeout(this.#timer);
    this.#work?.done(outcome);
    this.#work = undefined;
    this.#answer = undefined;
  }

  #killAfter(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#isLate = true;
      this.#child.kill("SIGKILL");
    }, milliseconds);
  }

  async #untilItEnds(callOff: () => void, stopServing: () => Promise<void>): Promise<void> {
    const [code, signal] = (await once(this.#child, "close")) as [
      number | null,
      NodeJS.Signals | null,
    ];
    this.#end = this.#isLate ? { kind: "timed out" } : { kind: "exited", code, signal };
    callOff();
    await stopServing();
    this.#conclude(this.#answer ?? this.#end);
  }
}
