/** A nats-server with JetStream: streams, consumers, connections, and what can happen to it. */
import type { Ms } from "../../../functions/bridge/core/ports.ts";
import type { World } from "../world.ts";
import { type Behaviour, behaviourOf } from "./behaviour.ts";
import type { ModelConfig } from "./consumer-config.ts";
import { type ConsumerSnapshot, ModelConsumer } from "./model-consumer.ts";
import { ModelStream, matcher, type NewMessage, type StoredMessage } from "./model-stream.ts";
import type { Receiver } from "./waiting-pulls.ts";
import type { Watcher } from "./watcher.ts";

/** One connection, as the server sees it. */
export interface Connection extends Receiver {
  reply(subject: string, status: number, text: string): void;
  /** The server hangs up, or is no more. */
  hangUp(): void;
}

/** What becomes of what a client publishes: taken; or refused, lost on the way, or taken and the answer lost. */
export type PublishFate = "taken" | "refused" | "lost" | "answer lost";

/** Where the wall clock stands at 0 of the virtual time. */
export const EPOCH_MS: Ms = Date.UTC(2026, 0, 1);

export class ModelServer {
  readonly behaviour: Behaviour;
  readonly watcher: Watcher;
  /** Asked for each message that a client publishes. */
  publishing: () => PublishFate = () => "taken";
  readonly #world: World;
  readonly #streams = new Map<string, ModelStream>();
  readonly #consumers = new Map<string, ModelConsumer>();
  readonly #connections = new Set<Connection>();
  /** Until then no leader: requests and acks go nowhere. */
  #leaderlessUntil: Ms = 0;
  /** An ack that arrives before this is taken by a leader that is about to lose it. */
  #losesAcksUntil: Ms = 0;
  #leaderAgainAt: Ms = 0;
  #keepsLast = false;
  #isClustered = false;
  #leaders = 0;
  #downUntil: Ms = 0;
  #made = 0;

  constructor(world: World, version: string, watcher: Watcher) {
    this.#world = world;
    this.watcher = watcher;
    this.behaviour = behaviourOf(version);
  }

  get isUp(): boolean {
    return this.#world.now >= this.#downUntil;
  }

  get hasLeader(): boolean {
    return this.#world.now >= this.#leaderlessUntil;
  }

  get leader(): string | undefined {
    return this.#isClustered ? `n${this.#leaders % 3}` : undefined;
  }

  /** RFC 3339 with nanoseconds, as the API writes it. */
  get time(): string {
    return new Date(EPOCH_MS + this.#world.now).toISOString().replace("Z", "000000Z");
  }

  stream(name: string): ModelStream | undefined {
    return this.#streams.get(name);
  }

  consumer(stream: string, name: string): ModelConsumer | undefined {
    return this.#consumers.get(`${stream}.${name}`);
  }

  /** It has more than one node, and so a leader that may change. */
  cluster(): void {
    this.#isClustered = true;
  }

  // — Connections

  connected(connection: Connection): void {
    this.#connections.add(connection);
  }

  /** Gone, or not listening any more. */
  disconnected(connection: Connection): void {
    this.#connections.delete(connection);
    this.stopped(connection);
  }

  stopped(connection: Connection): void {
    for (const consumer of this.#consumers.values()) consumer.waiting.drop(connection);
  }

  // — Streams and consumers

  createStream(
    name: string,
    subjects: readonly string[],
    retention: "limits" | "workqueue",
  ): ModelStream {
    const stream = new ModelStream(name, subjects, retention, this.#newTime());
    this.#streams.set(name, stream);
    return stream;
  }

  deleteStream(name: string): void {
    this.#streams.delete(name);
    for (const consumer of this.#consumers.values()) {
      if (consumer.stream.name === name) this.deleteConsumer(name, consumer.name);
    }
  }

  createConsumer(stream: ModelStream, name: string, config: ModelConfig): ModelConsumer {
    const consumer = new ModelConsumer(
      this.#world,
      this.behaviour,
      this.watcher,
      stream,
      name,
      config,
      this.#newTime(),
    );
    this.#consumers.set(`${stream.name}.${name}`, consumer);
    return consumer;
  }

  deleteConsumer(stream: string, name: string): boolean {
    this.consumer(stream, name)?.delete();
    return this.#consumers.delete(`${stream}.${name}`);
  }

  publish(message: NewMessage): StoredMessage | undefined {
    const stream = this.streamOf(message.subject);
    if (!stream) return undefined;
    const nanos =
      BigInt(EPOCH_MS) * 1_000_000n + BigInt(Math.round(this.#world.now * 1000)) * 1000n;
    const stored = stream.append(message, nanos + BigInt(++this.#made % 1000));
    this.#pump(stream);
    return stored;
  }

  /** The one that takes this subject. */
  streamOf(subject: string): ModelStream | undefined {
    for (const stream of this.#streams.values()) {
      if (matcher(stream.subjects)(subject)) return stream;
    }
    return undefined;
  }

  /** All but the last `keep`; consumers move on to what is left. */
  purge(stream: ModelStream, keep: number): readonly StoredMessage[] {
    const removed = this.expire(stream, keep);
    for (const consumer of this.#consumersOf(stream)) consumer.purged();
    return removed;
  }

  /** The same, by a limit of the stream: consumers stand where they stood. */
  expire(stream: ModelStream, keep: number): readonly StoredMessage[] {
    const sequences = [...stream.messages].map(({ sequence }) => sequence);
    const removed = sequences
      .slice(0, Math.max(0, sequences.length - keep))
      .flatMap((sequence) => stream.remove(sequence) ?? []);
    for (const consumer of this.#consumersOf(stream)) {
      for (const { sequence } of removed) consumer.removed(sequence);
    }
    return removed;
  }

  // — Acks

  /** Undefined: nobody is there to take it. */
  ack(
    connection: Connection,
    subject: string,
    payload: string,
    reply: string,
  ): "done" | "lost" | "nobody" {
    const [, , stream = "", name = ""] = subject.split(".");
    const consumer = this.consumer(stream, name);
    if (!consumer) return "nobody";
    if (!this.hasLeader) return "lost";
    if (this.#world.now < this.#losesAcksUntil) {
      if (reply !== "" && this.#keepsLast) this.#handOver(connection, subject, payload, reply);
      return "lost";
    }
    return consumer.settle(connection, subject, payload) ? "done" : "lost";
  }

  /** Taken by the new leader, which knows nothing of those before it. */
  #handOver(connection: Connection, subject: string, payload: string, reply: string): void {
    this.#world.at(this.#leaderAgainAt, () => {
      if (this.ack(connection, subject, payload, reply) === "done") connection.reply(reply, 0, "");
    });
  }

  // — Faults

  /**
   * What is acked in the last `lossMs` of a leader is lost with it; then `gapMs` without any. `keepsLast`: an ack that
   * asks for a reply is not lost but taken by the next leader.
   */
  changeLeader(lossMs: Ms, gapMs: Ms, keepsLast: boolean): void {
    const { now } = this.#world;
    this.#losesAcksUntil = now + lossMs;
    this.#leaderAgainAt = now + lossMs + gapMs;
    this.#keepsLast = keepsLast;
    this.#world.after(lossMs, () => {
      this.#leaders += 1;
      this.#leaderlessUntil = this.#world.now + gapMs;
      for (const consumer of this.#consumers.values())
        consumer.waiting.end(409, "Leadership Change");
      this.#world.after(gapMs, () => {
        for (const consumer of this.#consumers.values()) consumer.restore(consumer.snapshot());
      });
    });
  }

  /** Everything since `snapshotMs` ago is forgotten, all connections end, and it stays away for `awayMs`. */
  crash(snapshots: ReadonlyMap<ModelConsumer, ConsumerSnapshot>, awayMs: Ms): void {
    this.#downUntil = this.#world.now + awayMs;
    for (const connection of this.#connections) {
      connection.hangUp();
      this.disconnected(connection);
    }
    for (const consumer of this.#consumers.values()) {
      consumer.waiting.forget();
      consumer.restore(snapshots.get(consumer) ?? consumer.snapshot());
      if (this.behaviour.createdAnewAtStart) consumer.created = this.#newTime();
    }
  }

  snapshots(): ReadonlyMap<ModelConsumer, ConsumerSnapshot> {
    return new Map(
      [...this.#consumers.values()].map((consumer) => [consumer, consumer.snapshot()]),
    );
  }

  #consumersOf(stream: ModelStream): readonly ModelConsumer[] {
    return [...this.#consumers.values()].filter((consumer) => consumer.stream === stream);
  }

  #pump(stream: ModelStream): void {
    for (const consumer of this.#consumers.values())
      if (consumer.stream === stream) consumer.pump();
  }

  /** Never twice the same. */
  #newTime(): string {
    return this.time.replace("000000Z", `${String(++this.#made % 1_000_000).padStart(6, "0")}Z`);
  }
}
