/** One connection, from dial to close: requests with their answers, and why it ended. */
import type { Clock, Ms } from "../core/ports.ts";
import { isDelivery } from "./delivery.ts";
import { SourceError } from "./source-error.ts";
import type { Dial, Wire, WireMessage, WireTrouble } from "./wire.ts";

export interface SessionListener {
  delivery(message: WireMessage): void;
  /** A status or answer to `subject`, which is no request's. */
  status(subject: string, message: WireMessage): void;
  /** The connection is over, or the server refuses something that the bridge cannot do without. */
  ended(error: SourceError): void;
}

/** Where nothing is pulled, every trouble reaches the request that it is about. */
export const ANSWERS_ONLY: SessionListener = { delivery: ignore, status: ignore, ended: ignore };

function ignore(): void {}

interface Waiting {
  readonly subject: string;
  readonly end: (result: WireMessage | SourceError) => void;
}

export class Session {
  readonly #clock: Clock;
  readonly #listener: SessionListener;
  readonly #waiting = new Map<string, Waiting>();
  #wire: Wire | undefined;
  #ended: SourceError | undefined;
  #count = 0;
  /** So many messages have left; and so many, as an answer shows, the server has had. */
  #published = 0;
  #received = 0;

  private constructor(clock: Clock, listener: SessionListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  static async open(dial: Dial, clock: Clock, listener: SessionListener): Promise<Session> {
    const session = new Session(clock, listener);
    session.#wire = await dial({
      message: (message) => session.#message(message),
      trouble: (trouble) => session.#trouble(trouble),
    });
    return session;
  }

  /** Why nothing goes any more, or undefined while it does. */
  get ended(): SourceError | undefined {
    return this.#ended;
  }

  get serverVersion(): string {
    return this.#wire?.serverVersion ?? "";
  }

  get maxPayload(): number {
    return this.#wire?.maxPayload ?? 0;
  }

  /** A fresh subject for the statuses of a pull. */
  pullInbox(): string {
    return `${this.#wire?.pullInbox}.${this.#next()}`;
  }

  publish(subject: string, payload: string, reply?: string): void {
    if (this.#ended) return;
    this.#published += 1;
    this.#wire?.publish(subject, payload, reply);
  }

  /** Rejects with a `SourceError`: the connection ended, the subject is denied, or no answer came in time. */
  request(
    subject: string,
    payload: string | Uint8Array,
    timeoutMs: Ms,
    headers?: ReadonlyMap<string, string>,
  ): Promise<WireMessage> {
    const reply = `${this.#wire?.inbox}.${this.#next()}`;
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      const answered = new AbortController();
      const end = (result: WireMessage | SourceError): void => {
        if (!this.#waiting.delete(reply)) return;
        answered.abort("answered");
        if (result instanceof SourceError) return reject(result);
        this.#received = Math.max(this.#received, place);
        resolve(result);
      };
      this.#waiting.set(reply, { subject, end });
      this.#published += 1;
      const place = this.#published;
      this.#wire?.publish(subject, payload, reply, headers);
      void this.#clock.sleep(timeoutMs, answered.signal).then(() => {
        end(new SourceError("broken", `no answer from NATS on ${subject} within ${timeoutMs} ms`));
      });
    });
  }

  async stopReceiving(timeoutMs: Ms): Promise<void> {
    await this.#atMost(timeoutMs, this.#wire?.stopReceiving());
  }

  async close(timeoutMs: Ms): Promise<void> {
    this.#end(new SourceError("broken", "the connection was closed"), false);
    await this.#atMost(timeoutMs, this.#wire?.close(this.#received < this.#published));
  }

  async #atMost(timeoutMs: Ms, work: Promise<void> | undefined): Promise<void> {
    const over = new AbortController();
    await Promise.race([work?.catch(() => undefined), this.#clock.sleep(timeoutMs, over.signal)]);
    over.abort("over");
  }

  #message(message: WireMessage): void {
    if (isDelivery(message)) return this.#listener.delivery(message);
    const waiting = this.#waiting.get(message.subject);
    if (waiting) waiting.end(message);
    else this.#listener.status(message.subject, message);
  }

  #trouble(trouble: WireTrouble): void {
    if (trouble.kind === "closed") {
      const message = `the connection to NATS ended: ${trouble.error.message}`;
      return this.#end(new SourceError("broken", message, { cause: trouble.error }), true);
    }
    const { subject } = trouble;
    const error = new SourceError(
      "refused",
      `NATS denies this user ${subject}: ${trouble.error.message}`,
      { denied: subject },
    );
    const denied = [...this.#waiting.values()].filter((waiting) => waiting.subject === subject);
    for (const waiting of denied) waiting.end(error);
    // An answer that cannot arrive, a pull or an ack that cannot leave: without these there is no bridge.
    const isVital = subject.startsWith("$JS.ACK") || subject.includes(".CONSUMER.MSG.NEXT.");
    const isInbox = subject === this.#wire?.inbox || subject === this.#wire?.pullInbox;
    if (isVital || isInbox) this.#end(error, true);
  }

  #next(): string {
    return (++this.#count).toString(36);
  }

  #end(error: SourceError, tell: boolean): void {
    if (this.#ended) return;
    this.#ended = error;
    for (const waiting of this.#waiting.values()) waiting.end(error);
    if (tell) this.#listener.ended(error);
  }
}
