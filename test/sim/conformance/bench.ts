/** What a step of the conformance scenario works with: a wire, a clock, and short words for what comes back. */
import type { Clock, Ms } from "../../../functions/bridge/core/ports.ts";
import type { Dial, Wire, WireMessage } from "../../../functions/bridge/source/wire.ts";

export interface Setup {
  readonly messages?: number;
  readonly bytes?: number;
  readonly ackWaitMs?: Ms;
  readonly maxAckPending?: number;
  readonly retention?: "limits" | "workqueue";
}

/** One thing that arrived: `seq 3, delivery 2, consumer seq 7`, or a status. */
export interface Arrival {
  readonly text: string;
  readonly token: string;
  readonly afterMs: Ms;
}

const NANOS_PER_MS = 1_000_000;

/** Less than this is at once. */
const SOON_MS: Ms = 200;

export class Bench {
  readonly clock: Clock;
  readonly stream: string;
  readonly consumer = "worker";
  readonly #arrivals: Arrival[] = [];
  readonly #waiting = new Map<string, (message: WireMessage) => void>();
  #wire: Wire | undefined;
  #count = 0;
  #sentAt: Ms = 0;

  private constructor(clock: Clock, stream: string) {
    this.clock = clock;
    this.stream = stream;
  }

  static async open(dial: Dial, clock: Clock, stream: string): Promise<Bench> {
    const bench = new Bench(clock, stream);
    bench.#wire = await dial({
      message: (message) => bench.#message(message),
      trouble: () => undefined,
    });
    return bench;
  }

  get wire(): Wire {
    return this.#wire as Wire;
  }

  async setUp(setup: Setup = {}): Promise<void> {
    const { messages = 0, bytes = 20, retention = "limits" } = setup;
    await this.makeStream(retention);
    await this.makeConsumer(setup);
    for (let number = 0; number < messages; number++) await this.put(bytes);
  }

  makeStream(retention: "limits" | "workqueue" = "limits"): Promise<unknown> {
    const config = {
      name: this.stream,
      subjects: [`${this.stream}.>`],
      retention,
      storage: "file",
    };
    return this.api(`STREAM.CREATE.${this.stream}`, config);
  }

  makeConsumer(setup: Setup = {}, action = {}): Promise<unknown> {
    const config = {
      durable_name: this.consumer,
      name: this.consumer,
      ack_policy: "explicit",
      deliver_policy: "all",
      ack_wait: (setup.ackWaitMs ?? 30_000) * NANOS_PER_MS,
      max_ack_pending: setup.maxAckPending ?? 100,
    };
    const request = { stream_name: this.stream, config, ...action };
    return this.api(`CONSUMER.CREATE.${this.stream}.${this.consumer}`, request);
  }

  put(bytes = 20): Promise<unknown> {
    return this.request(`${this.stream}.a`, "x".repeat(bytes));
  }

  /** The answer's `err_code`, or what it says. */
  async api(subject: string, body: unknown = ""): Promise<Record<string, unknown>> {
    const payload = body === "" ? "" : JSON.stringify(body);
    const answer = await this.request(`$JS.API.${subject}`, payload);
    if (!answer) return { error: { err_code: "no answer" } };
    return answer.status === 0
      ? (JSON.parse(textOf(answer)) as Record<string, unknown>)
      : { status: answer.status };
  }

  async info(): Promise<Record<string, unknown>> {
    return this.api(`CONSUMER.INFO.${this.stream}.${this.consumer}`);
  }

  /** `ack pending 2, pending 3, delivered 5` */
  async counts(): Promise<string> {
    const info = await this.info();
    const delivered = info["delivered"] as { consumer_seq: number } | undefined;
    return `ack pending ${String(info["num_ack_pending"])}, pending ${String(info["num_pending"])}, delivered ${delivered?.consumer_seq}`;
  }

  /** Undefined: no answer came. */
  request(subject: string, payload: string): Promise<WireMessage | undefined> {
    const reply = `${this.wire.inbox}.${++this.#count}`;
    return new Promise((resolve) => {
      this.#waiting.set(reply, resolve);
      this.wire.publish(subject, payload, reply);
      void this.clock.sleep(2000).then(() => resolve(undefined));
    });
  }

  pull(body: Record<string, unknown>): void {
    this.#arrivals.length = 0;
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.stream}.${this.consumer}`;
    this.#sentAt = this.clock.now();
    this.wire.publish(subject, JSON.stringify(body), `${this.wire.pullInbox}.${++this.#count}`);
  }

  /** Pulls, and tells all that arrives within `ms`. */
  async pulled(body: Record<string, unknown>, ms: Ms = 300): Promise<readonly string[]> {
    this.pull(body);
    return this.arrived(ms);
  }

  async arrived(ms: Ms): Promise<readonly string[]> {
    await this.clock.sleep(ms);
    return this.#arrivals.map(({ text, afterMs }) => (afterMs < SOON_MS ? text : `${text}, late`));
  }

  /** Of what the last pull brought, by stream sequence. */
  token(sequence: number): string {
    const found = this.#arrivals.findLast(
      ({ token }) => Number(token.split(".").at(-4)) === sequence,
    );
    if (!found) throw new Error(`sequence ${sequence} did not arrive`);
    return found.token;
  }

  /** Settles without asking for an answer. */
  say(payload: string, ...tokens: readonly string[]): void {
    for (const token of tokens) this.wire.publish(token, payload);
  }

  /** `answered`, `no answer`, or the status. */
  async ask(payload: string, token: string): Promise<string> {
    const answer = await this.request(token, payload);
    if (!answer) return "no answer";
    return answer.status === 0 ? "answered" : String(answer.status);
  }

  #message(message: WireMessage): void {
    const answer = this.#waiting.get(message.subject);
    if (answer) {
      this.#waiting.delete(message.subject);
      answer(message);
      return;
    }
    const afterMs = this.clock.now() - this.#sentAt;
    if (message.reply.startsWith("$JS.ACK.")) {
      const [deliveries, sequence, consumerSequence] = message.reply.split(".").slice(-5);
      const text = `${sequence} (delivery ${deliveries}, consumer sequence ${consumerSequence})`;
      this.#arrivals.push({ text, token: message.reply, afterMs });
    } else {
      this.#arrivals.push({
        text: `${message.status} ${message.description}`.trim(),
        token: "",
        afterMs,
      });
    }
  }
}

function textOf(message: WireMessage): string {
  return new TextDecoder().decode(message.data);
}
