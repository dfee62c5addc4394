/** What the user's handler did, execution by execution; judged at the moment at which each begins. */
import { isLapsed } from "../../functions/bridge/core/abort.ts";
import type { Outcome } from "../../functions/bridge/core/outcome.ts";
import type { Ms } from "../../functions/bridge/core/ports.ts";
import type { Ledger } from "./ledger.ts";
import type { RunRecord, Try } from "./records.ts";
import type { ModelProcess } from "./model-process.ts";
import type { Scenario } from "./scenario.ts";
import type { World } from "./world.ts";

/** What it said, in words; for each a fate of its try. */
export type Said = "nothing" | "retry" | "reject" | "a throw" | "nonsense" | "interrupted";

const FATES: Readonly<Record<Said, Try["fate"]>> = {
  nothing: "accepted",
  retry: "call failed",
  reject: "permanent",
  "a throw": "failed",
  nonsense: "failed",
  interrupted: "call failed",
};

export interface Execution {
  readonly attempt: Try;
  readonly process: ModelProcess;
  readonly id: string;
  /** The how manieth of its message. */
  readonly count: number;
  /** Nothing else was under way in its process, from its beginning to its end. */
  wasAlone: boolean;
  said: Said | undefined;
  endedAt: Ms;
  /** Of a retry: what was asked for. */
  afterMs: Ms | undefined;
  /** Of a reject. */
  reason: string | undefined;
  /** What it said has reached the loop. */
  isHeard: boolean;
  /** What the loop was told of it. */
  heardAs: Outcome["kind"] | undefined;
  /** Its process ended while it was under way. */
  wasCut: boolean;
  /** It had not ended when its time was up, or only because of that. */
  hasOverrun: boolean;
  overranAfterMs: Ms;
  /** Its ack wait was over before it ended, and it was told so. */
  hasLapsed: boolean;
  /** NATS did not say that it has stored all that was published for it. */
  isUnclear: boolean;
}

export class Executions {
  readonly all: Map<number, Execution[]> = new Map();
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #scenario: Scenario;
  readonly #live = new Map<ModelProcess, Set<Execution>>();
  /** Of each process and message. */
  readonly #newest = new Map<string, Execution>();

  constructor(world: World, ledger: Ledger, scenario: Scenario) {
    this.#world = world;
    this.#ledger = ledger;
    this.#scenario = scenario;
  }

  begin(process: ModelProcess, attempt: Try, id: string): Execution {
    const before = this.all.get(attempt.uid) ?? [];
    const execution: Execution = {
      attempt,
      process,
      id,
      count: before.length + 1,
      wasAlone: true,
      said: undefined,
      endedAt: Number.POSITIVE_INFINITY,
      afterMs: undefined,
      reason: undefined,
      isHeard: false,
      heardAs: undefined,
      wasCut: false,
      hasOverrun: false,
      overranAfterMs: 0,
      hasLapsed: false,
      isUnclear: false,
    };
    this.#nothingBeside(execution, before);
    this.#asItWasSaid(execution, before.at(-1));
    this.all.set(attempt.uid, [...before, execution]);
    this.#newest.set(`${process.name} ${id}`, execution);
    this.#joins(execution);
    this.#ledger.sent(attempt);
    return execution;
  }

  /** `signal`: its own; aborted, it was too late. */
  ended(execution: Execution, said: Said, signal: AbortSignal): void {
    const { attempt, process } = execution;
    execution.hasLapsed = isLapsed(signal);
    if (signal.aborted && !execution.hasLapsed) this.#overruns(execution);
    this.#live.get(process)?.delete(execution);
    execution.said = said;
    execution.endedAt = this.#world.now;
    attempt.said = said;
    attempt.fate = FATES[said];
    attempt.settledAt = this.#world.now;
    if (said === "nothing") this.#ledger.accepted.push(attempt);
  }

  /** One call has ended: each of its messages with its neighbours. */
  callEnded(call: readonly Execution[]): void {
    const accepted = call.filter(({ attempt }) => attempt.fate === "accepted").length;
    for (const { attempt } of call) {
      const others = call.filter((one) => one.attempt !== attempt);
      attempt.othersAccepted = accepted - (attempt.fate === "accepted" ? 1 : 0);
      attempt.besideFailed = others.some((one) => one.attempt.fate !== "accepted");
      attempt.besidePermanent = others.some((one) => one.attempt.fate === "permanent");
    }
  }

  /** What the loop was told of it. */
  heard(process: ModelProcess, id: string, outcome: Outcome): void {
    const execution = this.#newest.get(`${process.name} ${id}`);
    if (!execution) return;
    const { attempt, said } = execution;
    const isAccepted = outcome.kind === "accepted";
    // What it had published was not stored, whatever it said: nothing is known of it.
    execution.isHeard = said !== undefined && outcome.kind !== "unknown";
    execution.heardAs = outcome.kind;
    if (said === undefined) this.#overruns(execution);
    if (outcome.kind === "failed" && said !== undefined) this.#isItsOwn(execution);
    attempt.isAnswered = attempt.fate === "accepted" && isAccepted;
  }

  /** Law 11, where a process may stand still and go on beside a redelivery. */
  standsStill(process: ModelProcess): void {
    for (const { attempt } of this.#live.get(process) ?? []) {
      const text = `message ${attempt.uid} was still being handled when ${process.name} was frozen after its run`;
      this.#ledger.breach(11, text);
    }
  }

  /** Something happened to this run that it could not see, or only late. */
  isHit(from: Ms, to: Ms, run: RunRecord): boolean {
    return this.#ledger.disturbances.some(
      (one) =>
        one.from <= to &&
        one.to >= from &&
        (one.run === undefined || one.run === run) &&
        !one.what.startsWith("weather"),
    );
  }

  /** Law 11: never twice at a time. */
  #nothingBeside({ attempt, process }: Execution, before: readonly Execution[]): void {
    for (const other of before) {
      if (other.said !== undefined || other.wasCut) continue;
      const isSame = other.process === process;
      const { run, sentAt, uid } = other.attempt;
      if (!isSame && this.isHit(sentAt, this.#world.now, run)) continue;
      const where = isSame ? "in the same process" : `in ${other.process.name}`;
      const text = `message ${uid} was handled by run ${attempt.run.id} while it was still being handled ${where}`;
      this.#ledger.breach(11, text);
    }
  }

  /** Law 10: what the handler said of it the last time, and the loop has heard, is kept to. */
  #asItWasSaid({ attempt, process }: Execution, last: Execution | undefined): void {
    if (!last?.isHeard) return;
    const { now } = this.#world;
    const { run, sentAt, uid } = last.attempt;
    if (this.isHit(sentAt, now, run)) return;
    const isSameRun = run === attempt.run;
    // Held, it goes back for a while where no order is kept.
    const { isOrdered, onRejected } = this.#scenario;
    if (last.said === "reject" && last.process === process && onRejected === "bury") {
      this.#ledger.breach(
        10,
        `message ${uid} was handled again by run ${run.id}, and it had been rejected`,
      );
    }
    const dueAt = last.endedAt + (last.afterMs ?? 0);
    if (last.said === "retry" && now < dueAt && (isSameRun || !isOrdered)) {
      const text = `message ${uid} was handled again ${(dueAt - now).toFixed(0)} ms before the time its handler had asked for`;
      this.#ledger.breach(10, text);
    }
  }

  #joins(execution: Execution): void {
    const { process } = execution;
    let live = this.#live.get(process);
    if (!live) {
      live = new Set();
      this.#live.set(process, live);
      process.onDeath(() => this.#cut(process));
    }
    if (live.size > 0) for (const one of [...live, execution]) one.wasAlone = false;
    live.add(execution);
  }

  /** Law 3: what NATS has done, or not done, is no failure of a message. */
  #isItsOwn({ attempt, hasLapsed, isUnclear }: Execution): void {
    if (!hasLapsed && !isUnclear) return;
    const why = isUnclear
      ? "NATS did not confirm what it had published"
      : "its ack wait had run out while it was handled";
    this.#ledger.breach(3, `message ${attempt.uid} counts as failed, and ${why}`);
  }

  #overruns(execution: Execution): void {
    if (execution.hasOverrun) return;
    execution.hasOverrun = true;
    execution.overranAfterMs = this.#world.now - execution.attempt.sentAt;
  }

  #cut(process: ModelProcess): void {
    for (const execution of this.#live.get(process) ?? []) {
      execution.wasCut = true;
      execution.endedAt = this.#world.now;
    }
    this.#live.delete(process);
  }
}
