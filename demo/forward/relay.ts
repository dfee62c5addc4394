// The story of the first half: publish, forward, kill in the middle, start again, wait until all is through.
import { setTimeout as sleep } from "node:timers/promises";
import { type Bridge, type Line, startBridge } from "../../test/support/bridge-process.ts";
import type { Screen } from "../screen.ts";
import type { DemoStream } from "../stream.ts";
import { progressLine } from "./progress.ts";
import type { DemoTarget } from "./target.ts";

export type RelayParts = {
  readonly natsUrl: string;
  readonly stream: DemoStream;
  readonly target: DemoTarget;
  readonly screen: Screen;
  readonly messages: number;
};

/** After a crash the next run waits this long for what was in flight; 10 s where nothing is set. */
const ACK_WAIT = "2s";

/** Messages published at once, and the pause between two such bursts. */
const BURST = 250;
const PAUSE_MS = 100;

/** The service is killed when the target has this part of all messages. */
const KILL_AT = 0.4;

const PATIENCE_MS = 25_000;

/** What it is doing, as its last telling line says. */
const TELLING = new Set(["starting", "recovering", "running", "target-unavailable", "stopping"]);

export class Relay {
  readonly #parts: RelayParts;
  readonly #stopped = new AbortController();
  #service: Bridge;
  #isDead = false;
  #watching: Promise<void> = Promise.resolve();
  /** As last seen. */
  #accepted = 0;
  #unsettled = Number.POSITIVE_INFINITY;
  #published = 0;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    this.#service = this.#start();
    parts.screen.say(
      `service      process ${this.#service.pid}, forwarding ${parts.messages} messages`,
    );
    parts.screen.say();
    this.#watching = this.#watch();
  }

  /** Publishes in bursts; in the midst of one the service dies, and is started again while more arrives. */
  async forwardAndKill(): Promise<void> {
    const { messages } = this.#parts;
    const deadline = Date.now() + PATIENCE_MS;
    let killing: Promise<void> | undefined;
    while (this.#published < messages || !killing) {
      this.#stopped.signal.throwIfAborted();
      const burst = this.#burst();
      if (this.#accepted >= messages * KILL_AT) killing ??= this.#killAndRestart();
      await burst;
      if (Date.now() > deadline) throw new Error(`hardly anything arrives. ${this.#lastWords()}`);
      this.#mustLive(killing !== undefined);
      await sleep(PAUSE_MS);
    }
    await killing;
  }

  async untilDrained(): Promise<void> {
    const { messages } = this.#parts;
    const deadline = Date.now() + PATIENCE_MS;
    while (this.#unsettled > 0 || this.#accepted < messages) {
      this.#stopped.signal.throwIfAborted();
      this.#mustLive(false);
      if (Date.now() > deadline) {
        throw new Error(
          `after ${PATIENCE_MS / 1000} s ${this.#unsettled} messages are not settled. ${this.#lastWords()}`,
        );
      }
      // All settled, yet fewer arrived than were sent: the comparison shows which.
      if (this.#unsettled === 0 && Date.now() > deadline - PATIENCE_MS + 5000) return;
      await sleep(20);
    }
  }

  /** Tells the service to stop, as a platform would. */
  async end(): Promise<void> {
    const { screen } = this.#parts;
    // With few messages all is through before the restarted service has said its first word.
    await this.#service.waitFor("running", PATIENCE_MS);
    const code = await this.#service.stop();
    if (code !== 0)
      throw new Error(`told to stop, the service ended with ${code}. ${this.#lastWords()}`);
    await this.stop();
    const receipt = this.#service.receipts().at(-1);
    screen.say(
      `told to stop (SIGTERM), the service settled everything and ended with exit code ${code}`,
    );
    screen.say(
      `its receipt: pulled ${receipt?.pulled}, acked ${receipt?.acked}, sent although perhaps sent before ${receipt?.duplicates}`,
    );
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error("interrupted"));
    await this.#service.kill();
    await this.#watching;
  }

  async #burst(): Promise<void> {
    const { messages, stream } = this.#parts;
    const first = this.#published;
    const numbers = Array.from({ length: Math.min(BURST, messages - first) }, (_, i) => first + i);
    await Promise.all(numbers.map((n) => stream.publish(n)));
    this.#published += numbers.length;
  }

  async #killAndRestart(): Promise<void> {
    const { screen, stream } = this.#parts;
    await sleep(15); // into the burst that was just published
    const { pid } = this.#service;
    await this.#service.kill();
    const held = (await stream.position())?.ackPending ?? 0;
    this.#stopped.signal.throwIfAborted();
    screen.say(
      `killed       process ${pid} with SIGKILL; it held ${held} messages that were not acknowledged`,
    );
    this.#service = this.#start();
    screen.say(
      `restarted    process ${this.#service.pid}; what was held comes back after the ack wait of ${ACK_WAIT}`,
    );
  }

  #start(): Bridge {
    const { natsUrl, stream, target } = this.#parts;
    const bridge = startBridge({
      ...target.environment,
      NATS_URL: natsUrl,
      JETSTREAM_STREAM: stream.name,
      JETSTREAM_CONSUMER: stream.consumer,
      JETSTREAM_ACK_WAIT: ACK_WAIT,
      HEALTH_PORT: "off",
    });
    this.#isDead = false;
    void bridge.exited.then(() => (this.#isDead = this.#service === bridge));
    return bridge;
  }

  async #watch(): Promise<void> {
    const { screen, stream, target } = this.#parts;
    while (!this.#stopped.signal.aborted) {
      const published = stream.sent.size;
      const [position, accepted] = await Promise.all([stream.position(), target.count()]);
      this.#accepted = accepted;
      const unsettled = position ? position.pending + position.ackPending : published;
      this.#unsettled = unsettled;
      const total = stream.sent.size;
      const acknowledged = position ? Math.max(0, published - unsettled) : 0;
      const progress = {
        published: total,
        accepted,
        acknowledged,
        lag: unsettled,
        service: this.#doing,
      };
      screen.show(progressLine(screen.seconds, progress));
      await sleep(50);
    }
  }

  get #doing(): string {
    if (this.#isDead) return "dead";
    const isTelling = ({ event }: Line): boolean => TELLING.has(event);
    return this.#service.lines.findLast(isTelling)?.event ?? "starting";
  }

  #mustLive(mayBeDead: boolean): void {
    if (this.#isDead && !mayBeDead) {
      throw new Error(`the service has ended by itself. ${this.#lastWords()}`);
    }
  }

  #lastWords(): string {
    const lines = this.#service.lines.slice(-3).map((line) => JSON.stringify(line));
    return `Its last lines:\n  ${[...lines, this.#service.stderr()].join("\n  ")}`;
  }
}
