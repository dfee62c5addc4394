/**
 * What a handler publishes is stored once, as long as the stream remembers its id. A message that may be handled again
 * later than that would be published twice: said before it happens, where it can be known.
 */
import type { Config } from "./config.ts";
import type { Observe } from "./core/ports.ts";
import type { JetStreamSource } from "./source/jetstream-source.ts";

export class PublishWindows {
  readonly #neededMs: number;
  readonly #observe: Observe;
  readonly #checked = new Set<string>();

  constructor({ consumer, wakeIntervalMs = 0 }: Config, observe: Observe) {
    this.#neededMs = consumer.ackWaitMs + wakeIntervalMs;
    this.#observe = observe;
  }

  /** Each subject once in the life of the process. Nobody waits for it. */
  check(source: Pick<JetStreamSource, "windowOf">, subjects: readonly string[]): void {
    for (const subject of subjects) {
      if (this.#checked.has(subject)) continue;
      this.#checked.add(subject);
      void this.#look(source, subject);
    }
  }

  async #look(source: Pick<JetStreamSource, "windowOf">, subject: string): Promise<void> {
    try {
      const found = await source.windowOf(subject);
      if (!found) {
        const consequence = "messages whose handler publishes to it will fail";
        this.#observe("publish-without-stream", { subject, consequence });
      } else if (found.windowMs < this.#neededMs) {
        this.#observe("publish-window", {
          subject,
          stream: found.stream,
          duplicateWindowMs: found.windowMs,
          handledAgainAfterMs: this.#neededMs,
          consequence: "what is published again after a crash may be stored twice",
          advice:
            "raise the stream's duplicate window above JETSTREAM_ACK_WAIT and WAKE_INTERVAL together",
        });
      }
    } catch (error) {
      this.#checked.delete(subject);
      this.#observe("publish-window-unknown", { subject, reason: (error as Error).message });
    }
  }
}
