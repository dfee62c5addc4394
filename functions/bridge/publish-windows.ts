/**
 * What a handler publishes is stored once, as long as the stream remembers its id. A message that may be handled again
 * later than that would be published twice: said before it happens, where it can be known.
 */
import type { Config } from "./config.ts";
import type { Observe } from "./core/ports.ts";
import type { JetStreamSource } from "./source/jetstream-source.ts";

type Of = Parameters<JetStreamSource["windowOf"]>[0];

export class PublishWindows {
  readonly #neededMs: number;
  readonly #observe: Observe;
  readonly #checked = new Set<string>();
  readonly #told = new Set<string>();

  constructor({ consumer, wakeIntervalMs = 0 }: Config, observe: Observe) {
    this.#neededMs = consumer.ackWaitMs + wakeIntervalMs;
    this.#observe = observe;
  }

  /** Each subject once in the life of the process. Nobody waits for it. */
  check(source: Pick<JetStreamSource, "windowOf">, subjects: readonly string[]): void {
    for (const subject of subjects) this.#once(source, { subject });
  }

  /** The stream of something that was published: once, too. */
  published(source: Pick<JetStreamSource, "windowOf">, stream: string): void {
    this.#once(source, { stream });
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
    if (!found) {
      const consequence = "messages whose handler publishes to it will fail";
      this.#observe("publish-without-stream", { ...of, consequence });
    } else if (found.windowMs < this.#neededMs && !this.#told.has(found.stream)) {
      this.#told.add(found.stream);
      this.#observe("publish-window", {
        stream: found.stream,
        duplicateWindowMs: found.windowMs,
        handledAgainAfterMs: this.#neededMs,
        consequence: "what is published again after a crash may be stored twice",
        advice:
          "raise the stream's duplicate window above JETSTREAM_ACK_WAIT and WAKE_INTERVAL together",
      });
    }
  }
}
