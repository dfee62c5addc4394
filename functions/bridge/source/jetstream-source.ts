/** A durable JetStream consumer as the loop's `Source`: own pulls, own acks, all of it confirmed. */
import { isOurs } from "../core/lease.ts";
import type {
  Clock,
  ConsumerState,
  Held,
  Message,
  Ms,
  Observe,
  Pulled,
  PullRequest,
  Settled,
  Source,
  Trouble,
} from "../core/ports.ts";
import type { Verdict } from "../core/settlement.ts";
import {
  type ApiSubjects,
  apiSubjects,
  type ConsumerAnswer,
  leaderOf,
  type Published,
  publishedOf,
  type StreamAnswer,
} from "./api.ts";
import {
  replayEndOf,
  requestLimitsOf,
  type RequestLimits,
  type WantedConsumer,
  withinLimits,
} from "./consumer.ts";
import { ConsumerApi } from "./consumer-api.ts";
import { messageOf } from "./delivery.ts";
import { extendLeases } from "./extending.ts";
import { compareIncarnations, type Incarnation, incarnationOf } from "./incarnation.ts";
import { type PullEnd, pullEnd } from "./pull-status.ts";
import { Pulling } from "./pulling.ts";
import { Session } from "./session.ts";
import { Settling } from "./settling.ts";
import { SourceError, troubleOf } from "./source-error.ts";
import { type OfWindow, type Window, windowOf } from "./window.ts";
import { streamStateOf } from "./stream-state.ts";
import type { Dial, WireMessage } from "./wire.ts";

export interface SourceOptions {
  readonly dial: Dial;
  readonly clock: Clock;
  readonly observe: Observe;
  readonly wanted: WantedConsumer;
  /** `create` makes the consumer where it is missing, `verify` compares it, `none` takes it as it is. */
  readonly management: "create" | "verify" | "none";
  /** `$JS.API`, or that of a domain or account. */
  readonly apiPrefix: string;
  /** For an answer of the server. */
  readonly timeoutMs: Ms;
  /** What an earlier run of this process worked on; anything else is `gone`. */
  readonly known?: Incarnation | undefined;
}

const NANOS_PER_MS = 1_000_000;

type Proof = "same" | "other" | "unknown";

/** A verdict is only sent on proof, not older than this, that consumer and stream are still the same. */
const PROOF_MS: Ms = 250;

/** A question that is asked while a leader is elected gets no answer: better ask again than wait for it. */
const PROOF_TIMEOUT_MS: Ms = 500;

export class JetStreamSource implements Source {
  readonly #options: SourceOptions;
  readonly #clock: Clock;
  readonly #subjects: ApiSubjects;
  readonly #api: ConsumerApi;
  readonly #settling: Settling;
  #session: Session | undefined;
  /** The first session is over, and with it all pulling: what is left is settled on another one. */
  #lost: SourceError | undefined;
  #incarnation: Incarnation | undefined;
  /** The state when it was opened, for whoever asks first. */
  #found: ConsumerState | undefined;
  #provenAt: Ms = Number.NEGATIVE_INFINITY;
  /** A delivery did not go on from the one before: only the consumer itself can prove that it is the same. */
  #isInDoubt = false;
  /** Consumer or stream are not those that our messages came from: nothing is sent to them any more. */
  #estranged: Trouble | undefined;
  /** A proof under way: until it is there, nothing is pulled either. */
  #proving: Promise<Proof> | undefined;
  #leader: string | undefined;
  #limits: RequestLimits = {};
  #duplicateWindowMs: Ms | undefined;
  #ackWaitMs: Ms;
  #extent: { readonly first?: number; readonly last?: number; readonly settled?: number } = {};
  /** Of a replay: what was stored later is not part of it. */
  #lastWanted = Number.POSITIVE_INFINITY;
  #isBeyondEnd = false;
  /** Nothing left to deliver or to settle, when it was last looked at. */
  #isFinished = false;
  #lastConsumerSequence = 0;
  #highestStreamSequence = 0;
  #arrived: Held[] = [];
  #pulling: Pulling | undefined;
  #pullSentAt: Ms = 0;
  /** A pull was given up that the server may still answer. */
  #hasAbandoned = false;

  private constructor(options: SourceOptions) {
    const { apiPrefix, observe, timeoutMs, wanted } = options;
    this.#options = options;
    this.#clock = options.clock;
    this.#subjects = apiSubjects(apiPrefix, wanted.stream, wanted.consumer);
    this.#api = new ConsumerApi({ observe, wanted, subjects: this.#subjects, timeoutMs });
    this.#settling = new Settling(options.clock, timeoutMs);
    this.#ackWaitMs = wanted.ackWaitMs;
  }

  /** Connects, and finds, makes or compares the consumer. Throws a `SourceError`. */
  static async open(options: SourceOptions): Promise<{ source: JetStreamSource; made: boolean }> {
    const source = new JetStreamSource(options);
    const session = await source.#dial();
    try {
      const { info, made } = await source.#api.ensure(session, options.management);
      source.#adopt(...info);
      return { source, made };
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** For the next run, see `known`. */
  get incarnation(): Incarnation | undefined {
    return this.#incarnation;
  }

  /** How long the stream recognises a `Nats-Msg-Id`; undefined without the permission for STREAM.INFO. */
  get duplicateWindowMs(): Ms | undefined {
    return this.#duplicateWindowMs;
  }

  /** Most bytes of one message at this server, headers included. */
  get maxPayload(): number {
    return this.#session?.maxPayload ?? 0;
  }

  /** What was found when it was opened is still true right after. */
  state(): Promise<ConsumerState | Trouble> {
    const found = this.#found;
    this.#found = undefined;
    const isFresh = this.#clock.now() - this.#provenAt <= PROOF_MS && !this.#estranged;
    return found && isFresh ? Promise.resolve(found) : this.#look(this.#options.timeoutMs);
  }

  /**
   * Publishes to a stream under `id`, which the stream takes once within its duplicate window. Rejects with a
   * `SourceError` when no stream has confirmed it.
   */
  async publish(subject: string, data: Uint8Array, id: string): Promise<Published> {
    const headers = new Map([["Nats-Msg-Id", id]]);
    const session = this.#openSession();
    return publishedOf(
      await session.request(subject, data, this.#options.timeoutMs, headers),
      subject,
    );
  }

  async #look(timeoutMs: Ms): Promise<ConsumerState | Trouble> {
    try {
      const session = this.#openSession();
      const askedAt = this.#clock.now();
      const [consumer, stream] = await this.#api.info(session, timeoutMs);
      const trouble = this.#checkIncarnation(consumer, stream, false, askedAt);
      if (trouble) return trouble;
      await this.#settleAgainAfterLeaderChange(session, consumer);
      return this.#stateOf(consumer, stream);
    } catch (error) {
      return troubleOf(error);
    }
  }

  /** For how long a stream recognises an id: a stream by its name, or the one that takes a subject. Undefined: none does. */
  async windowOf(of: OfWindow): Promise<Window | undefined> {
    return windowOf(this.#openSession(), this.#subjects, of, this.#options.timeoutMs);
  }

  /** Of a replay: where the stream began when it was opened, where the replay ends, and up to where all is settled. */
  get extent(): { readonly first?: number; readonly last?: number; readonly settled?: number } {
    return this.#extent;
  }

  /** Of a replay: all up to its end was settled when it was last looked at. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  async pull(request: PullRequest): Promise<Pulled> {
    this.#found = undefined;
    await this.#proving;
    if (this.#isBeyondEnd) {
      // Nothing more comes, and whoever asks for ever must not do so at once.
      await this.#clock.sleep(request.waitMs, request.signal);
      return this.#take({ end: "drained" });
    }
    if (this.#estranged) return this.#take(this.#estranged);
    if (this.#lost) return this.#take({ end: this.#lost.end, cause: this.#lost });
    // What came while nobody waited is handed over at once.
    if (this.#arrived.length > 0) return this.#takeProven({ end: "waited" });
    const pulling = this.#pulling ?? this.#sendPull(request);
    let end = await pulling.wait(request.waitMs, this.#options.timeoutMs, request.signal);
    if (!end) {
      // Silence: before 2.10 that is also how a missing consumer answers.
      pulling.finish({ end: "waited" });
      this.#hasAbandoned = true;
      const state = await this.state();
      end =
        "end" in state
          ? state
          : { end: "interrupted", cause: new Error("the server did not answer a pull") };
    }
    if (pulling.isOver) this.#pulling = undefined;
    if (end.end === "gone") this.#estranged = { end: end.end, cause: end.cause };
    return this.#takeProven(end);
  }

  async extend(held: readonly Held[]): Promise<void> {
    const session = this.#session;
    if (!session || this.#estranged) return;
    await extendLeases(session, held, {
      clock: this.#clock,
      ackWaitMs: this.#ackWaitMs,
      timeoutMs: this.#options.timeoutMs,
    });
  }

  /**
   * One write: all verdicts, the last one with a reply. When that answer does not come, every one is sent again with a
   * reply of its own, over a new connection if need be: a late answer to the last alone would prove nothing about the
   * others.
   */
  async settle(verdicts: readonly Verdict[]): Promise<Settled> {
    this.#found = undefined;
    if (verdicts.length === 0) return { confirmed: [], unconfirmed: [] };
    const proof = this.#needsProof() ? await this.#prove() : "same";
    if (proof === "other") return { confirmed: [], unconfirmed: verdicts };
    const now = this.#clock.now();
    const late = verdicts.filter(({ kind, held }) => kind !== "ack" && !isOurs(held, now));
    const inTime = verdicts.filter((verdict) => !late.includes(verdict));
    const session = this.#session;
    const isOpen = proof === "same" && session !== undefined && !session.ended;
    if (isOpen && (await this.#settling.atOnce(session, inTime))) {
      return { confirmed: inTime, unconfirmed: late };
    }
    const prove = (since: Ms): Promise<Proof> => this.#prove(since);
    const settled = await this.#settling.oneByOne(await this.#sessionForSettling(), inTime, prove);
    this.#options.observe("settled-again", {
      confirmed: settled.confirmed.length,
      unconfirmed: settled.unconfirmed.length,
    });
    return { confirmed: settled.confirmed, unconfirmed: [...settled.unconfirmed, ...late] };
  }

  /** In doubt where it came from, it stays for the next pull, which asks. */
  arrived(): readonly Held[] {
    return this.#isInDoubt || this.#estranged ? [] : this.#arrived.splice(0);
  }

  async stopReceiving(): Promise<readonly Held[]> {
    // When the server has ended every pull, nothing can be on its way.
    if (this.#pulling || this.#hasAbandoned)
      await this.#session?.stopReceiving(this.#options.timeoutMs);
    this.#pulling?.finish({ end: "waited" });
    this.#pulling = undefined;
    return this.#arrived.splice(0);
  }

  async close(): Promise<void> {
    await this.#removeWhenDone();
    await this.#session?.close(this.#options.timeoutMs);
  }

  /** A temporary consumer that has nothing left to do. */
  async #removeWhenDone(): Promise<void> {
    const session = this.#session;
    if (!this.#options.wanted.temporary || !this.#isFinished || !session || session.ended) return;
    await this.#api.remove(session).catch(() => undefined);
  }

  // — Connection and consumer

  async #dial(): Promise<Session> {
    const session: Session = await Session.open(this.#options.dial, this.#clock, {
      delivery: (message) => this.#deliver(message),
      status: (subject, message) => this.#status(subject, message),
      ended: (error) => {
        this.#lost ??= error;
        this.#pulling?.finish({ end: error.end, cause: error });
      },
    });
    this.#session = session;
    return session;
  }

  #openSession(): Session {
    if (!this.#session) throw new SourceError("broken", "there is no connection to NATS");
    return this.#session;
  }

  /** What is found at the start is what everything later is compared with. */
  #adopt(consumer: ConsumerAnswer, stream: StreamAnswer | undefined): void {
    this.#incarnation = this.#options.known;
    const trouble = this.#checkIncarnation(consumer, stream, true, this.#clock.now());
    if (trouble?.end === "gone") throw trouble.cause;
    this.#estranged = undefined;
    this.#incarnation = incarnationOf(consumer, stream);
    this.#provenAt = this.#clock.now();
    this.#ackWaitMs = (consumer.config.ack_wait ?? 0) / NANOS_PER_MS || this.#ackWaitMs;
    this.#lastConsumerSequence = consumer.delivered.consumer_seq;
    this.#leader = leaderOf(consumer);
    this.#limits = requestLimitsOf(consumer.config);
    if (stream) this.#duplicateWindowMs = (stream.config.duplicate_window ?? 0) / NANOS_PER_MS;
    const replayEnd = replayEndOf(consumer.config);
    if (this.#options.wanted.temporary && stream && replayEnd !== undefined) {
      this.#extent = { first: stream.state.first_seq, last: replayEnd };
      this.#lastWanted = replayEnd;
    }
    this.#found = this.#stateOf(consumer, stream);
  }

  #stateOf(consumer: ConsumerAnswer, stream: StreamAnswer | undefined): ConsumerState {
    const leader = leaderOf(consumer);
    const isAtEnd = consumer.delivered.stream_seq >= this.#lastWanted;
    const ackPending = consumer.num_ack_pending;
    const pending = isAtEnd ? 0 : consumer.num_pending;
    this.#isFinished = pending === 0 && ackPending === 0;
    // As long as something is unsettled it may come once more: an earlier try of the replay has held it.
    this.#isBeyondEnd = isAtEnd && this.#isFinished;
    if (this.#options.wanted.temporary)
      this.#extent = {
        ...this.#extent,
        settled: Math.min(consumer.ack_floor.stream_seq, this.#lastWanted),
      };
    return {
      ...(leader !== undefined && { leader }),
      ackPending,
      pending,
      paused: consumer.paused === true,
      deliveredConsumerSequence: consumer.delivered.consumer_seq,
      settledConsumerSequence: consumer.ack_floor.consumer_seq,
      deliveredStreamSequence: consumer.delivered.stream_seq,
      ackFloor: consumer.ack_floor.stream_seq,
      maxAckPending: consumer.config.max_ack_pending ?? -1,
      ackWaitMs: this.#ackWaitMs,
      ...(stream && { stream: streamStateOf(stream, consumer.config) }),
      ...(consumer.ts !== undefined && { serverTime: Date.parse(consumer.ts) }),
    };
  }

  // — Incarnation

  #checkIncarnation(
    consumer: ConsumerAnswer,
    stream: StreamAnswer | undefined,
    reconnected: boolean,
    askedAt: Ms,
  ): Trouble | undefined {
    if (this.#estranged) return this.#estranged;
    const now = incarnationOf(consumer, stream);
    const serverVersion = this.#session?.serverVersion ?? "";
    const verdict = compareIncarnations(this.#incarnation ?? now, now, {
      serverVersion,
      reconnected,
    });
    const lostTail = reconnected ? this.#lostTail(consumer, stream) : undefined;
    if (verdict === "same" && lostTail === undefined) {
      this.#isInDoubt = false;
      this.#provenAt = Math.max(this.#provenAt, askedAt);
      return undefined;
    }
    const { stream: name, consumer: durable } = this.#options.wanted;
    const orRestarted = verdict === "unclear" ? ", or this server (before 2.10) was restarted" : "";
    const why = lostTail ?? `stream ${name} or consumer ${durable} was made anew${orRestarted}`;
    this.#options.observe("verdicts-dropped", { reason: why });
    const end = verdict === "other" ? "gone" : "broken";
    this.#estranged = { end, cause: new SourceError(end, why) };
    return this.#estranged;
  }

  /** After a crash a server may have lost the last messages or deliveries, and gives out the same sequences again. */
  #lostTail(consumer: ConsumerAnswer, stream: StreamAnswer | undefined): string | undefined {
    const highest = this.#highestStreamSequence;
    const { stream: name, consumer: durable } = this.#options.wanted;
    if (stream !== undefined && stream.state.last_seq < highest) {
      return `stream ${name} ends at ${stream.state.last_seq}, and ${highest} was delivered: it has lost its tail`;
    }
    if (consumer.delivered.stream_seq < highest) {
      return `consumer ${durable} has delivered up to ${consumer.delivered.stream_seq}, and ${highest} has arrived: it has lost its tail`;
    }
    return undefined;
  }

  /** The last proof is too old, or from before `since`. */
  #needsProof(since: Ms = Number.NEGATIVE_INFINITY): boolean {
    const isOld = this.#clock.now() - this.#provenAt > PROOF_MS || this.#provenAt < since;
    return this.#estranged !== undefined || this.#isInDoubt || isOld;
  }

  /** A proof that is fresh enough, or a new one: one at a time, however many ask for it. */
  #prove(since?: Ms): Promise<Proof> {
    if (this.#estranged) return Promise.resolve("other");
    if (!this.#needsProof(since)) return Promise.resolve("same");
    this.#proving ??= this.#proveAnew().finally(() => {
      this.#proving = undefined;
    });
    return this.#proving;
  }

  async #proveAnew(): Promise<Proof> {
    // Without a connection there is nothing to ask; a new one is proven when it is made.
    if (this.#session?.ended) return "unknown";
    const state = await this.#look(Math.min(this.#options.timeoutMs, PROOF_TIMEOUT_MS));
    if (!("end" in state)) return "same";
    return this.#estranged || state.end === "gone" ? "other" : "unknown";
  }

  // — Receiving

  #sendPull(wanted: PullRequest): Pulling {
    const session = this.#openSession();
    const request = withinLimits(wanted, this.#limits);
    const pulling = new Pulling(this.#clock, session.pullInbox(), request, this.#arrived);
    this.#pulling = pulling;
    this.#pullSentAt = pulling.sentAt;
    const body = {
      batch: request.batch,
      no_wait: true,
      expires: Math.round(request.waitMs * NANOS_PER_MS),
      ...(Number.isFinite(request.maxBytes) && { max_bytes: request.maxBytes }),
    };
    session.publish(this.#subjects.pull, JSON.stringify(body), pulling.inbox);
    return pulling;
  }

  #deliver(wire: WireMessage): void {
    const message = messageOf(wire);
    const leaseUntil = this.#pullSentAt + this.#ackWaitMs;
    const held: Held = { message, token: wire.reply, leaseUntil };
    // A consumer that was made anew counts from 1 again. Once in doubt, what follows proves nothing.
    if (message.consumerSequence <= this.#lastConsumerSequence) this.#isInDoubt = true;
    if (message.streamSequence > this.#lastWanted) return this.#skip(wire, message);
    // It left the server after the pull had left us; how long ago, a process that was frozen cannot tell.
    if (!this.#isInDoubt) this.#provenAt = Math.max(this.#provenAt, this.#pullSentAt);
    this.#lastConsumerSequence = message.consumerSequence;
    this.#highestStreamSequence = Math.max(this.#highestStreamSequence, message.streamSequence);
    if (this.#pulling) this.#pulling.add(held);
    else this.#arrived.push(held);
  }

  /** Not part of the replay. Unsettled it would come once more, to a run that waits for it, or between others in order. */
  #skip({ reply }: WireMessage, { consumerSequence }: Message): void {
    this.#lastConsumerSequence = consumerSequence;
    // One that was made anew under this name may end later.
    if (!this.#isInDoubt && !this.#estranged) this.#session?.publish(reply, "+ACK");
    this.#pulling?.skip();
  }

  #status(subject: string, wire: WireMessage): void {
    const pulling = this.#pulling;
    if (!pulling || pulling.inbox !== subject) return;
    const { stream, consumer } = this.#options.wanted;
    const context = { delivered: pulling.delivered, expired: pulling.isExpired, stream, consumer };
    pulling.finish(pullEnd(wire.status, wire.description, context));
  }

  /** What came from a consumer that may be another one is handed over only when it is not. */
  async #takeProven(end: PullEnd): Promise<Pulled> {
    if (!this.#isInDoubt) return this.#take(end);
    const state = await this.state();
    return this.#take("end" in state ? state : end);
  }

  #take(end: PullEnd): Pulled {
    const held = this.#arrived.splice(0);
    if (this.#pulling?.isOver) this.#pulling = undefined;
    return { held, ...end };
  }

  // — Settling

  /** The one that is open, or a new one on which consumer and stream turned out to be the same. */
  async #sessionForSettling(): Promise<Session | undefined> {
    if (this.#session && !this.#session.ended) return this.#session;
    if (this.#estranged || this.#lost?.end === "refused") return undefined;
    try {
      const session = await this.#dial();
      const askedAt = this.#clock.now();
      const [consumer, stream] = await this.#api.info(session);
      if (this.#checkIncarnation(consumer, stream, true, askedAt)) return undefined;
      // What was confirmed before stays as it is: a server that crashed may have given its sequences to others since.
      this.#settling.forgetRecent();
      return session;
    } catch (error) {
      this.#options.observe("not-reconnected", { reason: troubleOf(error).cause.message });
      return undefined;
    }
  }

  /** A confirmation given by a new leader says nothing about acks that the old one had taken. */
  async #settleAgainAfterLeaderChange(session: Session, consumer: ConsumerAnswer): Promise<void> {
    const leader = leaderOf(consumer);
    const isChanged = this.#leader !== undefined && leader !== this.#leader;
    if (leader !== undefined) this.#leader = leader;
    if (!isChanged) {
      this.#settling.forgetRecent();
      return;
    }
    const acksSentAgain = await this.#settling.recentAgain(session);
    this.#options.observe("leader-changed", { acksSentAgain });
  }
}
