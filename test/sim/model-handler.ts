/** A user's handler, and a handler of batches: they do with each message what the seed says. */
import { parseDuration } from "../../functions/bridge/core/duration.ts";
import type { HandlerDefinition } from "../../functions/bridge/sinks/handler/definition.ts";
import type { JetStreamMessage } from "../../functions/bridge/sinks/handler/incoming.ts";
import { reject, retry, type Verdict } from "../../functions/bridge/sinks/handler/verdict.ts";
import type { Execution, Said } from "./executions.ts";
import { happens } from "./faults.ts";
import { judgeCall } from "./judge-calls.ts";
import type { RunRecord, Try } from "./records.ts";
import { uidOf } from "./message-body.ts";
import type { ModelProcess } from "./model-process.ts";
import { outputText, unstored } from "./outputs.ts";
import type { Handling } from "./plan-handling.ts";
import type { Simulation } from "./simulation.ts";

/** Where it runs. */
export interface Residence {
  readonly process: ModelProcess;
  runOf(): RunRecord;
  /** `process.exit()`. */
  exit(): void;
}

type Publish = (subject: string, text: string) => Promise<unknown>;

/** What it comes to: what is returned, or thrown. */
interface Deed {
  readonly said: Said;
  readonly returned?: unknown;
  /** Thrown about its message alone. */
  readonly error?: Error;
}

const NORMAL: Handling = { takesMs: 5, times: 0, publishes: [], awaitsStored: true };

const NONSENSE = { ok: true };

export function modelHandler(simulation: Simulation, where: Residence): HandlerDefinition {
  const handler = new ModelHandler(simulation, where);
  if (simulation.scenario.handler?.kind === "batch") {
    return {
      kind: "batch",
      options: {},
      handle: (messages, { signal, publish }) => handler.batch(messages, signal, publish),
    };
  }
  return {
    kind: "one",
    options: {},
    handle: (message, { signal, publish }) => handler.one(message, signal, publish),
  };
}

class ModelHandler {
  readonly #simulation: Simulation;
  readonly #where: Residence;

  constructor(simulation: Simulation, where: Residence) {
    this.#simulation = simulation;
    this.#where = where;
  }

  async one(message: JetStreamMessage, signal: AbortSignal, publish: Publish): Promise<Verdict> {
    const execution = this.#begin(message);
    const deed = await this.#work(execution, message, signal, publish);
    this.#end([execution], signal, deed.said, [deed]);
    if (deed.error) throw deed.error;
    if (deed.said === "a throw") throw new Error("the handler threw");
    return deed.returned as Verdict;
  }

  /** Works on all of them at once, and throws when one of them does. */
  async batch(
    messages: readonly JetStreamMessage[],
    signal: AbortSignal,
    publish: (from: JetStreamMessage, subject: string, text: string) => Promise<unknown>,
  ): Promise<readonly (Verdict | undefined)[]> {
    const executions = messages.map((message) => this.#begin(message));
    judgeCall(this.#simulation, executions);
    const deeds = await Promise.all(
      executions.map((execution, position) => {
        const from = messages[position] as JetStreamMessage;
        return this.#work(execution, from, signal, (...output) => publish(from, ...output));
      }),
    );
    const worst = (["a throw", "nonsense"] as const).find((bad) =>
      deeds.some(({ said }) => said === bad),
    );
    const thrown = worst ? undefined : deeds.find(({ error }) => error);
    const told = thrown ? deeds.map((deed) => (deed === thrown ? deed : INTERRUPTED)) : deeds;
    this.#end(executions, signal, worst, told);
    if (thrown?.error) throw thrown.error;
    if (worst === "a throw") throw new Error("the handler threw");
    if (worst === "nonsense") return deeds.slice(1).map(() => undefined);
    return deeds.map(({ returned }) => returned as Verdict);
  }

  #begin(message: JetStreamMessage): Execution {
    const { executions, world } = this.#simulation;
    const { process } = this.#where;
    const attempt = tryOf(this.#simulation, this.#where.runOf(), message);
    happens(this.#simulation, "next send");
    world.trace(() => `${process.name} handles ${attempt.uid}`);
    return executions.begin(process, attempt, message.id);
  }

  #end(
    call: readonly Execution[],
    signal: AbortSignal,
    all: Said | undefined,
    deeds: readonly Deed[],
  ): void {
    const { executions, world } = this.#simulation;
    for (const [position, execution] of call.entries()) {
      const { error, said, returned } = deeds[position] as Deed;
      const verdict = returned as Verdict | undefined;
      if (verdict?.kind === "retry" && verdict.after !== undefined)
        execution.afterMs = parseDuration(verdict.after);
      if (verdict?.kind === "rejected") execution.reason = verdict.reason;
      if (error) execution.reason = error.message;
      executions.ended(execution, all ?? said, signal);
      const { process } = execution;
      world.trace(() => `${process.name} handled ${execution.attempt.uid}: ${execution.said}`);
    }
    executions.callEnded(call);
    happens(this.#simulation, "next answer");
  }

  async #work(
    execution: Execution,
    message: JetStreamMessage,
    signal: AbortSignal,
    publish: Publish,
  ): Promise<Deed> {
    const { clock } = this.#where.process;
    const { handlings, targetWeather } = this.#simulation;
    const handling = handlings.get(execution.attempt.uid) ?? NORMAL;
    const listens = handling.deed === "takes long, and listens";
    if (listens || handling.deed === "takes long") happens(this.#simulation, "next long handling");
    const takesMs = handling.takesMs + targetWeather.answerLatency();
    await clock.sleep(takesMs, listens ? signal : undefined);
    if (listens && signal.aborted) return THROWS;
    if (targetWeather.wholeCall() ?? targetWeather.entry(execution.attempt.entry)) return THROWS;
    try {
      await this.#publishAll(execution, handling, publish);
    } catch {
      return THROWS;
    }
    return execution.count <= handling.times
      ? this.#misbehave(execution, handling, message, signal)
      : { said: "nothing" };
  }

  async #publishAll(execution: Execution, handling: Handling, publish: Publish): Promise<void> {
    const counts = new Map<string, number>();
    for (const subject of handling.publishes) {
      const ordinal = (counts.get(subject) ?? 0) + 1;
      counts.set(subject, ordinal);
      const stored = publish(subject, outputText(execution.attempt.uid, subject, ordinal));
      stored.catch(() => {
        execution.isUnclear = true;
      });
      if (handling.awaitsStored) await stored;
    }
  }

  #misbehave(
    execution: Execution,
    handling: Handling,
    message: JetStreamMessage,
    signal: AbortSignal,
  ): Deed | Promise<Deed> {
    switch (handling.deed) {
      case "throws":
        return THROWS;
      case "retries": {
        const { after } = handling;
        return { said: "retry", returned: retry(after === undefined ? {} : { after }) };
      }
      case "rejects":
        return { said: "reject", returned: reject(`no use for ${execution.attempt.uid}`) };
      case "misreads":
        return misread(message);
      case "returns nonsense":
        return { said: "nonsense", returned: NONSENSE };
      case "hangs":
        return never();
      case "exits":
        this.#where.exit();
        return never();
      case "waits for its signal":
        return new Promise((resolve) => {
          if (signal.aborted) resolve(THROWS);
          signal.addEventListener("abort", () => resolve(THROWS), { once: true });
        });
      case "takes long":
      case "takes long, and listens":
      default:
        return { said: "nothing" };
    }
  }
}

const THROWS: Deed = { said: "a throw" };

/** Thrown about another message of its batch. */
const INTERRUPTED: Deed = { said: "interrupted" };

/** What the simulator's messages carry is no JSON. */
function misread(message: JetStreamMessage): Deed {
  try {
    return { said: "nonsense", returned: message.json() };
  } catch (error) {
    return { said: "reject", error: error as Error };
  }
}

/** One of its own each time: whatever waits for it is forgotten with it. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}

function tryOf(simulation: Simulation, run: RunRecord, message: JetStreamMessage): Try {
  const body = message.text();
  const uid = uidOf(body);
  return {
    run,
    uid,
    target: "target",
    lease: run.leases.get(uid),
    entry: { body, attributes: new Map([["nats-id", message.id]]), bytes: body.length },
    sentAt: simulation.world.now,
    fate: "under way",
    isDeduplicated: false,
    settledAt: Number.POSITIVE_INFINITY,
    isAnswered: false,
    isMissing: false,
    othersAccepted: 0,
    besideFailed: false,
    besidePermanent: false,
    unstored: () => unstored(simulation, uid),
  };
}
