/**
 * A durable pull consumer, as nats-server was measured to behave: redeliveries first and without regard to max ack
 * pending, plain naks in the order in which they were sent, expired ones in stream order.
 */
import type { Ms } from "../../../functions/bridge/core/ports.ts";
import type { Timer, World } from "../world.ts";
import type { Behaviour } from "./behaviour.ts";
import { filtersOf, type ModelConfig, startOf } from "./consumer-config.ts";
import { matcher, type ModelStream, sizeOf, type StoredMessage } from "./model-stream.ts";
import { type Pull, type PullOptions, type Receiver, WaitingPulls } from "./waiting-pulls.ts";
import type { Watcher } from "./watcher.ts";

/** What is kept on disk. */
export interface ConsumerSnapshot {
  readonly next: number;
  readonly consumerSequence: number;
  readonly floor: number;
  readonly pending: ReadonlyMap<number, Ms>;
  readonly counts: ReadonlyMap<number, number>;
}

const NANOS_PER_MS = 1_000_000;

export class ModelConsumer {
  readonly name: string;
  readonly config: ModelConfig;
  readonly stream: ModelStream;
  created: string;
  leader: string | undefined;
  readonly waiting: WaitingPulls;
  readonly #world: World;
  readonly #behaviour: Behaviour;
  readonly #watcher: Watcher;
  readonly #matches: (subject: string) => boolean;
  /** Stream sequence → since when its ack wait runs. */
  #pending = new Map<number, Ms>();
  /** How often each was delivered, while it is unsettled. */
  #counts = new Map<number, number>();
  /** To be delivered again, in this order. */
  #again: number[] = [];
  #next: number;
  #consumerSequence = 0;
  #pausedUntil: Ms = 0;
  #timer: Timer | undefined;
  #isDeleted = false;

  constructor(
    world: World,
    behaviour: Behaviour,
    watcher: Watcher,
    stream: ModelStream,
    name: string,
    config: ModelConfig,
    created: string,
  ) {
    this.#world = world;
    this.#watcher = watcher;
    this.#behaviour = behaviour;
    this.stream = stream;
    this.name = name;
    this.config = config;
    this.created = created;
    this.waiting = new WaitingPulls(world, behaviour);
    this.#matches = matcher(filtersOf(config));
    this.#next = startOf(stream, config);
  }

  get ackWaitMs(): Ms {
    return (this.config.ack_wait ?? 30_000 * NANOS_PER_MS) / NANOS_PER_MS;
  }

  get consumerSequence(): number {
    return this.#consumerSequence;
  }

  /** Matching, and never delivered. */
  get numPending(): number {
    return this.stream.count(this.#next, this.#matches);
  }

  get numAckPending(): number {
    return this.#pending.size;
  }

  get numRedelivered(): number {
    return [...this.#counts.values()].filter((count) => count > 1).length;
  }

  get deliveredStream(): number {
    return this.#next - 1;
  }

  /** All up to here is settled. */
  get ackFloor(): number {
    return this.#pending.size === 0 ? this.#next - 1 : Math.min(...this.#pending.keys()) - 1;
  }

  /** Nothing to deliver, nothing to settle, and not only because it is paused. */
  get isDone(): boolean {
    return !this.isPaused && this.numAckPending === 0 && this.numPending === 0;
  }

  /** How many are unsettled while nothing is left to deliver; undefined: something is. */
  get unsettledAtRest(): number | undefined {
    return this.isPaused || this.numPending > 0 ? undefined : this.numAckPending;
  }

  get isPaused(): boolean {
    return this.#world.now < this.#pausedUntil;
  }

  get pauseRemainingMs(): Ms {
    return Math.max(0, this.#pausedUntil - this.#world.now);
  }

  isPending(sequence: number): boolean {
    return this.#pending.has(sequence);
  }

  /** Delivered, or not to be delivered at all. */
  isBehind(sequence: number): boolean {
    return sequence < this.#next;
  }

  pause(until: Ms): void {
    this.#pausedUntil = until;
    this.#world.at(until, () => this.pump());
    this.pump();
  }

  pull(receiver: Receiver, reply: string, options: PullOptions): void {
    const nothing = this.#again.length === 0 && this.numPending === 0;
    if (options.noWait && options.expiresMs === 0 && nothing) {
      receiver.status(reply, 404, "No Messages");
      return;
    }
    this.waiting.add(receiver, reply, options);
    this.pump();
  }

  /** Delivers as long as there is somebody who asks and something to give. */
  pump(): void {
    if (this.isPaused || this.#isDeleted) return;
    for (;;) {
      const pull = this.waiting.first();
      if (!pull) break;
      const message = this.#peek();
      if (message === "full") break;
      if (message === "empty") {
        this.waiting.drained();
        break;
      }
      const token = this.#tokenFor(message, 1);
      if (!this.waiting.hasRoom(pull, sizeOf(message, token))) continue;
      this.#deliver(pull, message);
    }
    this.#setTimer();
  }

  /** False: it is not taken, and not answered. */
  settle(receiver: Receiver, token: string, payload: string): boolean {
    const sequence = Number(token.split(".")[5]);
    const isEarly = sequence >= this.#next;
    if (isEarly && this.#behaviour.ignoresEarlyAcks) return false;
    // Of a message that nobody has, only a work queue takes notice.
    if (isEarly && this.stream.retention === "limits") {
      if (payload === "+ACK") this.#watcher.acked(receiver, undefined, token);
      return true;
    }
    const message = this.stream.get(sequence);
    const [verb = ""] = payload.split(" ", 1);
    switch (verb) {
      case "":
      case "+ACK":
        this.#watcher.acked(receiver, message, token);
        this.#forget(sequence);
        if (this.stream.retention === "workqueue") this.stream.remove(sequence);
        break;
      case "+TERM":
        this.#forget(sequence);
        if (this.stream.retention === "workqueue") this.stream.remove(sequence);
        break;
      case "+WPI":
        if (!this.#pending.has(sequence)) break;
        this.#pending.set(sequence, this.#world.now);
        if (message) this.#watcher.extended(receiver, message);
        break;
      case "-NAK":
        this.#nak(sequence, payload.slice(verb.length).trim());
        break;
      default:
        break;
    }
    this.pump();
    return true;
  }

  /** Messages are gone from the stream. */
  removed(sequence: number): void {
    this.#forget(sequence);
    this.#setTimer();
  }

  purged(): void {
    this.#next = Math.max(this.#next, this.stream.first);
  }

  delete(): void {
    this.#isDeleted = true;
    this.#world.cancel(this.#timer);
    this.waiting.end(409, "Consumer Deleted");
  }

  snapshot(): ConsumerSnapshot {
    return {
      next: this.#next,
      consumerSequence: this.#consumerSequence,
      floor: this.ackFloor,
      pending: new Map(this.#pending),
      counts: new Map(this.#counts),
    };
  }

  /** As after a start of the server: what was on disk, no pulls, nothing queued. */
  restore(snapshot: ConsumerSnapshot): void {
    const { last } = this.stream;
    const exists = ([sequence]: [number, unknown]): boolean =>
      this.stream.get(sequence) !== undefined;
    this.waiting.forget();
    this.#again = [];
    this.#next = Math.min(snapshot.next, last + 1);
    this.#consumerSequence = snapshot.consumerSequence;
    this.#pending = new Map([...snapshot.pending].filter(exists));
    this.#counts = new Map([...snapshot.counts].filter(exists));
    this.#setTimer();
  }

  #peek(): StoredMessage | "empty" | "full" {
    for (;;) {
      const again = this.#again[0];
      if (again === undefined) break;
      const message = this.stream.get(again);
      if (message && this.#pending.has(again)) return message;
      this.#again.shift();
      this.#pending.delete(again);
    }
    const limit = this.config.max_ack_pending ?? -1;
    if (limit > 0 && this.#pending.size >= limit) return "full";
    return this.stream.next(this.#next, this.#matches) ?? "empty";
  }

  #deliver(pull: Pull, message: StoredMessage): void {
    const { sequence } = message;
    if (this.#again[0] === sequence) this.#again.shift();
    else this.#next = sequence + 1;
    const count = (this.#counts.get(sequence) ?? 0) + 1;
    this.#counts.set(sequence, count);
    this.#pending.set(sequence, this.#world.now);
    this.#consumerSequence += 1;
    const token = this.#tokenFor(message, count);
    this.#watcher.delivered(pull.receiver, message, this.#consumerSequence, token);
    pull.receiver.delivery(message, token);
    this.waiting.delivered(pull, sizeOf(message, token));
  }

  #tokenFor(message: StoredMessage, count: number): string {
    const { sequence, timestampNanos } = message;
    const pending = this.stream.count(this.#next, this.#matches);
    return `$JS.ACK.${this.stream.name}.${this.name}.${count}.${sequence}.${this.#consumerSequence}.${timestampNanos}.${pending}`;
  }

  #nak(sequence: number, options: string): void {
    if (!this.#pending.has(sequence)) return;
    const delay = options === "" ? 0 : ((JSON.parse(options) as { delay?: number }).delay ?? 0);
    if (delay > 0) {
      // As if its ack wait had begun so long ago that it ends after the delay.
      this.#pending.set(sequence, this.#world.now - this.ackWaitMs + delay / NANOS_PER_MS);
    } else if (!this.#again.includes(sequence)) {
      this.#again.push(sequence);
    }
  }

  #forget(sequence: number): void {
    this.#pending.delete(sequence);
    this.#counts.delete(sequence);
    if (this.#again.includes(sequence)) this.#again = this.#again.filter((one) => one !== sequence);
  }

  #setTimer(): void {
    this.#world.cancel(this.#timer);
    let first = Number.POSITIVE_INFINITY;
    for (const [sequence, since] of this.#pending) {
      if (since < first && !this.#again.includes(sequence)) first = since;
    }
    this.#timer = Number.isFinite(first)
      ? this.#world.at(first + this.ackWaitMs, () => this.#expire())
      : undefined;
  }

  #expire(): void {
    const due = this.#world.now - this.ackWaitMs;
    const expired = [...this.#pending].filter(
      ([sequence, since]) => since <= due && !this.#again.includes(sequence),
    );
    this.#again.push(...expired.map(([sequence]) => sequence).toSorted((a, b) => a - b));
    this.pump();
    this.#setTimer();
  }
}
