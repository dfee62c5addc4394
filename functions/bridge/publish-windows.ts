/**
 * What a handler publishes is stored once, as long as the stream remembers its id. A message that may be handled again
 * later than that would be published twice: said before it happens, where it can be known.
 */
import type { Config } from "./config.ts";
import type { Ms, Observe } from "./core/ports.ts";
import { isOwnFault } from "./sinks/handler/publishing.ts";
import type { JetStreamSource } from "./source/jetstream-source.ts";

type Of = Parameters<JetStreamSource["windowOf"]>[0];

/**
 * From when something is published until its message is handled again: the handler goes on, `runMs` at most; then the ack
 * wait runs out, or the longest delay of a retry; then the next wake comes.
 */
export function neededWindowMs(
  { consumer, retryDelay, wakeIntervalMs = 0 }: Config,
  runMs: Ms,
): Ms {
  return runMs + Math.max(consumer.ackWaitMs, retryDelay.maxMs) + wakeIntervalMs;
}

/** Where the window is shorter. */
export const LONGER_WINDOW =
  "raise the stream's duplicate window above the longest run of the handler, RETRY_DELAY_MAX (or JETSTREAM_ACK_WAIT, if that is longer) and WAKE_INTERVAL together";

const HANDLED_AGAIN = "messages whose handler publishes to it are handled again";

export class PublishWindows {
  readonly #config: Config;
  readonly #observe: Observe;
  #runMs: Ms = 0;
  readonly #checked = new Set<string>();
  readonly #told = new Set<string>();
  /** Subjects to which nothing can be published at the moment, and whether that is due to what is published. */
  readonly #failing = new Map<string, boolean>();

  constructor(config: Config, observe: Observe) {
    this.#config = config;
    this.#observe = observe;
  }

  /** When a run begins, which may last for so long: each subject once in the life of the process. Nobody waits for it. */
  check(source: Pick<JetStreamSource, "windowOf">, subjects: readonly string[], runMs: Ms): void {
    this.#runMs = Math.max(this.#runMs, runMs);
    for (const subject of subjects) this.#once(source, { subject });
  }

  /** The stream of something that was published: once, too. */
  published(source: Pick<JetStreamSource, "windowOf">, stream: string, subject: string): void {
    this.#failing.delete(subject);
    this.#once(source, { stream });
  }

  /** Once, until something is stored there again. */
  failed(subject: string, error: Error): void {
    const isOwn = isOwnFault(error);
    if (this.#failing.get(subject) === isOwn) return;
    this.#failing.set(subject, isOwn);
    const consequence = isOwn
      ? "the message whose handler publishes this has failed by its own fault, and is buried if that goes on"
      : HANDLED_AGAIN;
    this.#observe("publish-failed", { subject, reason: error.message, consequence });
  }

  #once(source: Pick<JetStreamSource, "windowOf">, of: Of): void {
    const key = JSON.stringify(of);
    if (this.#checked.has(key)) return;
    this.#checked.add(key);
    void this.#look(source, of).catch((error: unknown) => {
      this.#checked.delete(key);
      this.#observe("publish-window-unknown", { ...of, reason: (error as Error).message });
    });
  }

  async #look(source: Pick<JetStreamSource, "windowOf">, of: Of): Promise<void> {
    const found = await source.windowOf(of);
    const neededMs = neededWindowMs(this.#config, this.#runMs);
    if (!found) {
      this.#observe("publish-without-stream", { ...of, consequence: HANDLED_AGAIN });
    } else if (found.windowMs < neededMs && !this.#told.has(found.stream)) {
      this.#told.add(found.stream);
      this.#observe("publish-window", {
        stream: found.stream,
        duplicateWindowMs: found.windowMs,
        handledAgainAfterMs: Math.round(neededMs),
        consequence: "what is published again after a crash may be stored twice",
        advice: LONGER_WINDOW,
      });
    }
  }
}
