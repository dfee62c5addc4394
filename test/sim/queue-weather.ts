/** How a queue behaves at the moment: which calls and entries fail, and what becomes of the answers. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import type { SqsAnswer, SqsFailure, SqsSuccess } from "../../functions/bridge/sinks/sqs/answer.ts";
import type { SqsEntry } from "../../functions/bridge/sinks/sqs/entry.ts";
import { uidOf } from "./message-body.ts";
import type { Try } from "./records.ts";
import type { Random } from "./random.ts";

export interface Weather {
  /** Whole calls that fail, with one of these codes. */
  readonly callFails: number;
  readonly callCodes: readonly string[];
  /** Entries that fail on their own. */
  readonly entryFails: number;
  /** Answers that do not arrive although all was taken. */
  readonly answerLost: number;
  /** Answers that come after `slowMs`. */
  readonly slow: number;
  readonly slowMs: Ms;
  /** Answers without one of the ids; with ids that nobody asked for, in another order; with a wrong digest; with an entry
   * both sent and failed. */
  readonly missing: number;
  readonly reordered: number;
  readonly wrongDigest: number;
  readonly contradicting: number;
}

export const FAIR: Weather = {
  callFails: 0,
  callCodes: [],
  entryFails: 0,
  answerLost: 0,
  slow: 0,
  slowMs: 0,
  missing: 0,
  reordered: 0,
  wrongDigest: 0,
  contradicting: 0,
};

/** What is wrong with single messages, whatever the weather. */
export type Poison =
  /** Its own entry is refused for good. */
  | "permanent"
  /** Its own entry fails each time, with a code that may pass. */
  | "failing"
  /** The whole call is refused because of it. */
  | "refuses call";

const RETRYABLE = ["InternalError", "ServiceUnavailable", "RequestThrottled", "SomethingNew"];
const PERMANENT = ["InvalidMessageContents", "InvalidParameterValue"];

export interface Garbled {
  readonly answer: SqsAnswer;
  /** Those of which the answer does not tell the truth. */
  readonly garbled: ReadonlySet<Try>;
}

export class QueueWeather {
  readonly poison: Map<number, Poison> = new Map();
  readonly #random: Random;
  readonly #latencyMs: Ms;
  /** The newest counts, until it is over. */
  #weathers: readonly Weather[] = [FAIR];

  constructor(random: Random, latencyMs: Ms) {
    this.#random = random;
    this.#latencyMs = latencyMs;
  }

  get weather(): Weather {
    return this.#weathers.at(-1) ?? FAIR;
  }

  begin(weather: Weather): void {
    this.#weathers = [...this.#weathers, weather];
  }

  end(weather: Weather): void {
    this.#weathers = this.#weathers.filter((one) => one !== weather);
  }

  latency(): Ms {
    return this.#latencyMs * (0.5 + this.#random.next());
  }

  answerLatency(): Ms {
    return (
      this.latency() +
      (this.#random.chance(this.weather.slow) ? this.weather.slowMs * this.#random.next() : 0)
    );
  }

  /** The code with which the call as a whole is refused, or undefined. */
  wholeCall(entries: readonly SqsEntry[] = []): string | undefined {
    if (this.#random.chance(this.weather.callFails))
      return this.#random.pick(this.weather.callCodes);
    const isRefused = entries.some(({ body }) => this.poison.get(uidOf(body)) === "refuses call");
    return isRefused ? "InvalidMessageContents" : undefined;
  }

  /** What may pass has passed: one that fails alone for ever is never buried, and rightly so. */
  heal(): void {
    for (const [uid, poison] of this.poison) if (poison === "failing") this.poison.delete(uid);
  }

  /** Somebody has seen to it that everything is taken. */
  healAll(): void {
    this.poison.clear();
  }

  blamesAnEntry(code: string): boolean {
    return PERMANENT.includes(code);
  }

  /** The code with which an entry fails, or undefined. */
  entry(entry: SqsEntry): string | undefined {
    const poison = this.poison.get(uidOf(entry.body));
    if (poison === "permanent") return this.#random.pick(PERMANENT);
    if (poison === "failing") return "InternalError";
    return this.#random.chance(this.weather.entryFails) ? this.#random.pick(RETRYABLE) : undefined;
  }

  isPermanent(code: string): boolean {
    return PERMANENT.includes(code);
  }

  /** What arrives of an answer. */
  garble(answer: SqsAnswer, tries: readonly Try[]): Garbled | "lost" {
    const random = this.#random;
    const { weather } = this;
    if (random.chance(weather.answerLost)) return "lost";
    const lists: Lists = {
      sent: [...(answer.Successful ?? [])],
      failed: [...(answer.Failed ?? [])],
    };
    const victim = random.whole(0, tries.length - 1);
    const attempt = tries[victim] as Try;
    const garbled = new Set<Try>();
    if (random.chance(weather.missing)) leaveOut(lists, String(victim), attempt);
    else if (random.chance(weather.wrongDigest))
      giveWrongDigest(lists, String(victim), attempt, random.chance(0.5));
    else if (random.chance(weather.contradicting)) contradict(lists, String(victim));
    else return { answer: this.#reordered(lists), garbled };
    garbled.add(attempt);
    return { answer: this.#reordered(lists), garbled };
  }

  #reordered({ sent, failed }: Lists): SqsAnswer {
    const random = this.#random;
    if (!random.chance(this.weather.reordered)) return { Successful: sent, Failed: failed };
    return {
      Successful: random.shuffled([...sent, { Id: "77", MessageId: "nobody's" }]),
      Failed: random.shuffled([...failed, { Id: "78", Code: "InternalError" }]),
    };
  }
}

interface Lists {
  sent: readonly SqsSuccess[];
  failed: readonly SqsFailure[];
}

function leaveOut(lists: Lists, id: string, attempt: Try): void {
  lists.sent = lists.sent.filter(({ Id }) => Id !== id);
  lists.failed = lists.failed.filter(({ Id }) => Id !== id);
  attempt.isMissing = true;
}

/** Either only the answer is wrong, or what was stored is: then the message is not there. */
function giveWrongDigest(lists: Lists, id: string, attempt: Try, isStoredWrong: boolean): void {
  const MD5OfMessageBody = "0".repeat(32);
  lists.sent = lists.sent.map((one) => (one.Id === id ? { ...one, MD5OfMessageBody } : one));
  const isFifo = attempt.entry.deduplication !== undefined;
  if (attempt.fate === "accepted" && isStoredWrong && !isFifo) attempt.fate = "call failed";
}

/** Named as sent and as failed. */
function contradict(lists: Lists, id: string): void {
  if (lists.sent.some(({ Id }) => Id === id))
    lists.failed = [...lists.failed, { Id: id, Code: "InternalError" }];
  else lists.sent = [...lists.sent, { Id: id, MessageId: "made up" }];
}
