/** An SQS queue behind the narrow seam of the sink: standard or FIFO, with the faults of the moment. */
import { hash } from "node:crypto";
import type { Ms } from "../../functions/bridge/core/ports.ts";
import type { SqsAnswer, SqsFailure, SqsSuccess } from "../../functions/bridge/sinks/sqs/answer.ts";
import type { SqsQueue } from "../../functions/bridge/sinks/sqs/call.ts";
import type { SqsEntry } from "../../functions/bridge/sinks/sqs/entry.ts";
import type { Ledger } from "./ledger.ts";
import type { RunRecord, Try } from "./records.ts";
import { uidOf } from "./message-body.ts";
import type { ModelProcess } from "./model-process.ts";
import type { QueueWeather } from "./queue-weather.ts";
import type { World } from "./world.ts";

/** SQS forgets a deduplication id after this. "Exactly-once processing", SQS Developer Guide. */
const DEDUPLICATION_MS: Ms = 300_000;

export interface ModelQueueOptions {
  readonly name: "target" | "dead letters";
  readonly isFifo: boolean;
  /** Attribute `MaximumMessageSize`. */
  readonly maxBytes: number;
  readonly weather: QueueWeather;
  /** Told when a call leaves, and when its answer does. */
  hasMoment(moment: "next send" | "next answer"): void;
}

export class ModelQueue {
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #options: ModelQueueOptions;
  /** Deduplication id → by which message, and when, it was first taken. */
  readonly #taken = new Map<string, { readonly at: Ms; readonly uid: number }>();
  #count = 0;

  constructor(world: World, ledger: Ledger, options: ModelQueueOptions) {
    this.#world = world;
    this.#ledger = ledger;
    this.#options = options;
  }

  /** The queue as one process reaches it. */
  client(process: ModelProcess, runOf: () => RunRecord): SqsQueue {
    return {
      url: `https://sqs.eu-west-1.amazonaws.com/1/${this.#options.name.replace(" ", "-")}`,
      attributes: () => this.#attributes(process),
      send: (entries, signal) => this.#send(process, runOf(), entries, signal),
    };
  }

  async #attributes(process: ModelProcess): Promise<Readonly<Record<string, string>>> {
    const { maxBytes, weather } = this.#options;
    const error = weather.wholeCall();
    await process.later(weather.latency() * 2, () => undefined);
    if (error) throw named(error);
    return { MaximumMessageSize: String(maxBytes) };
  }

  #send(
    process: ModelProcess,
    run: RunRecord,
    entries: readonly SqsEntry[],
    signal: AbortSignal,
  ): Promise<SqsAnswer> {
    const { name, weather } = this.#options;
    if (signal.aborted) return Promise.reject(named("AbortError"));
    const tries = entries.map((entry) => this.#tryOf(run, entry));
    this.#options.hasMoment("next send");
    this.#world.trace(
      () => `${process.name} ⇒ ${name}: ${entries.map(({ body }) => uidOf(body)).join(" ")}`,
    );
    return new Promise((resolve, reject) => {
      let isOver = false;
      const give = (act: () => void): void => {
        if (!isOver) act();
        isOver = true;
      };
      // What is under way is not called back by that.
      signal.addEventListener("abort", () => give(() => reject(named("AbortError"))), {
        once: true,
      });
      this.#world.after(weather.latency(), () => {
        const result = this.#handle(entries, tries);
        this.#options.hasMoment("next answer");
        this.#world.trace(
          () =>
            `${process.name} ⇐ ${name}: ${result instanceof Error ? result.name : tries.map(({ fate }) => fate).join(" ")}`,
        );
        const answer = result instanceof Error ? result : weather.garble(result, tries);
        this.#world.after(weather.answerLatency(), () => {
          process.reach(() => {
            give(() => {
              if (answer instanceof Error) return reject(answer);
              if (answer === "lost") return reject(named("TimeoutError"));
              for (const attempt of tries) attempt.isAnswered = !answer.garbled.has(attempt);
              resolve(answer.answer);
            });
          });
        });
      });
    });
  }

  #tryOf(run: RunRecord, entry: SqsEntry): Try {
    const uid = uidOf(entry.body);
    const attempt: Try = {
      run,
      uid,
      target: this.#options.name,
      lease: run.leases.get(uid),
      entry,
      sentAt: this.#world.now,
      fate: "under way",
      isDeduplicated: false,
      settledAt: Number.POSITIVE_INFINITY,
      isAnswered: false,
      isMissing: false,
      othersAccepted: 0,
      besideFailed: false,
      besidePermanent: false,
    };
    this.#ledger.sent(attempt);
    return attempt;
  }

  #handle(entries: readonly SqsEntry[], tries: readonly Try[]): SqsAnswer | Error {
    const { weather } = this.#options;
    const error = weather.wholeCall(entries);
    if (error) {
      const fate = weather.blamesAnEntry(error) ? "permanent" : "call failed";
      for (const attempt of tries)
        this.#settle(attempt, entries.length === 1 ? fate : "call failed");
      return named(error);
    }
    const successes: SqsSuccess[] = [];
    const failures: SqsFailure[] = [];
    for (const [position, entry] of entries.entries()) {
      const attempt = tries[position] as Try;
      const code = this.#tooLarge(entry) ?? weather.entry(entry);
      if (code === undefined) {
        attempt.isDeduplicated = this.#take(attempt);
        this.#settle(attempt, "accepted");
        if (this.#options.name === "target") this.#ledger.accepted.push(attempt);
        const digest = hash("md5", entry.body);
        successes.push({
          Id: String(position),
          MessageId: `r${++this.#count}`,
          MD5OfMessageBody: digest,
        });
      } else {
        const isPermanent = weather.isPermanent(code);
        this.#settle(attempt, isPermanent ? "permanent" : "failed");
        failures.push({ Id: String(position), Code: code, SenderFault: isPermanent });
      }
    }
    const accepted = successes.length;
    for (const attempt of tries) {
      attempt.othersAccepted = accepted - (attempt.fate === "accepted" ? 1 : 0);
      attempt.besideFailed = tries.some((other) => other !== attempt && other.fate !== "accepted");
      attempt.besidePermanent = tries.some(
        (other) => other !== attempt && other.fate === "permanent",
      );
    }
    return { Successful: successes, Failed: failures };
  }

  #settle(attempt: Try, fate: Try["fate"]): void {
    attempt.fate = fate;
    attempt.settledAt = this.#world.now;
  }

  #tooLarge(entry: SqsEntry): string | undefined {
    return entry.bytes > this.#options.maxBytes ? "InvalidParameterValue" : undefined;
  }

  /** True when it was there already. */
  #take({ entry, uid }: Try): boolean {
    if (!this.#options.isFifo || entry.deduplication === undefined) return false;
    const { now } = this.#world;
    const before = this.#taken.get(entry.deduplication);
    if (!before || now - before.at >= DEDUPLICATION_MS) {
      this.#taken.set(entry.deduplication, { at: now, uid });
      return false;
    }
    if (before.uid !== uid) {
      this.#ledger.breach(
        9,
        `message ${uid} has the deduplication id of message ${before.uid}, and is lost by that`,
      );
    }
    return true;
  }
}

function named(name: string): Error {
  const error = new Error(`${name} from the model`);
  error.name = name;
  return error;
}
