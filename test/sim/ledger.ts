/**
 * What really happened, written down by the models as it happens. Judged while it is written where a law speaks of a
 * moment, and at the end (`invariants.ts`) where it speaks of the whole.
 */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import type { Connection } from "./jetstream/model-server.ts";
import type { StoredMessage } from "./jetstream/model-stream.ts";
import type { Breach, Disturbance, PublishedMessage, RunRecord, Try } from "./records.ts";
import type { World } from "./world.ts";

/** The age that the bridge allows a proof that stream and consumer are the same. */
const PROOF_MS: Ms = 250;

export class Ledger {
  readonly published: Map<number, PublishedMessage> = new Map();
  readonly tries: Map<number, Try[]> = new Map();
  /** Acceptances by the target, in their order. */
  readonly accepted: Try[] = [];
  readonly runs: RunRecord[] = [];
  readonly disturbances: Disturbance[] = [];
  readonly breaches: Breach[] = [];
  readonly #world: World;
  readonly #runOf = new Map<Connection, RunRecord>();
  readonly #uidOf = new Map<string, number>();
  readonly #deliveries = new Map<string, number>();
  readonly #leftAt = new Map<string, Ms>();
  readonly #ackWaitMs: Ms;
  /** Of each process: what it gave back with a delay, and until when. */
  readonly #putOff = new Map<number, Map<number, Ms>>();
  /** Acked by what was under way while its stream was made anew. */
  readonly excused: Set<number> = new Set();
  /** Messages that a limit of the stream took before they were delivered. */
  expiredUndelivered = 0;
  /** When stream or consumer were last made anew, or lost their end. */
  anewAt: Ms = Number.NEGATIVE_INFINITY;

  constructor(world: World, ackWaitMs: Ms) {
    this.#world = world;
    this.#ackWaitMs = ackWaitMs;
  }

  breach(law: number, text: string): void {
    this.#world.trace(() => `!! law ${law}: ${text}`);
    if (this.breaches.length < 20)
      this.breaches.push({ law, text: `${text} (at ${this.#world.now.toFixed(0)} ms)` });
  }

  disturb(what: string, ms: Ms, run?: RunRecord): void {
    const from = this.#world.now;
    this.disturbances.push({ what, from, to: from + ms, run });
  }

  /** By anything, or by `what`. */
  isDisturbed(from: Ms, to: Ms, run: RunRecord, what?: string): boolean {
    return this.disturbances.some(
      (one) =>
        one.from <= to &&
        one.to >= from &&
        (one.run === undefined || one.run === run) &&
        (what === undefined || one.what === what),
    );
  }

  // — Runs

  started(process: number): RunRecord {
    const run: RunRecord = {
      id: this.runs.length + 1,
      process,
      startedAt: this.#world.now,
      endedAt: undefined,
      receipt: undefined,
      connections: new Set(),
      leases: new Map(),
      acked: new Set(),
      lookedAt: Number.NEGATIVE_INFINITY,
      sawNothingLeftAt: Number.NEGATIVE_INFINITY,
    };
    this.runs.push(run);
    return run;
  }

  connected(run: RunRecord, connection: Connection): void {
    run.connections.add(connection);
    this.#runOf.set(connection, run);
  }

  ended(run: RunRecord, receipt: Receipt): void {
    run.endedAt = this.#world.now;
    run.receipt = receipt;
  }

  // — What the server sees

  delivered(
    connection: Connection,
    message: StoredMessage,
    consumerSequence: number,
    token: string,
  ): void {
    const { now } = this.#world;
    this.#uidOf.set(token, message.uid);
    this.#deliveries.set(token, (this.#deliveries.get(token) ?? 0) + 1);
    this.#runOf.get(connection)?.leases.set(message.uid, {
      consumerSequence,
      deliveredAt: now,
      until: now + this.#ackWaitMs,
    });
  }

  extended(connection: Connection, message: StoredMessage): void {
    const lease = this.#runOf.get(connection)?.leases.get(message.uid);
    if (lease) lease.until = this.#world.now + this.#ackWaitMs;
  }

  acked(connection: Connection, message: StoredMessage | undefined, token: string): void {
    // A consumer made anew can give the very same token once more.
    this.#runOf.get(connection)?.acked.add(`${token} ${this.#deliveries.get(token)}`);
    if (!message) return;
    this.#checkEvidence(message.uid, token);
    for (const { leases } of this.runs) {
      const lease = leases.get(message.uid);
      // Settled by somebody: from now on nobody else can get it, whatever its holder still does.
      if (lease && lease.until > this.#world.now) lease.until = Number.POSITIVE_INFINITY;
    }
  }

  /** What its own process has put off, and is not due yet, is not left undone. */
  informed(connection: Connection, unsettled: number | undefined): void {
    const run = this.#runOf.get(connection);
    if (!run) return;
    run.lookedAt = this.#world.now;
    if (unsettled === undefined) return;
    if (unsettled <= this.#putOffBy(run.process)) run.sawNothingLeftAt = this.#world.now;
  }

  #putOffBy(process: number): number {
    const puttingOff = [...(this.#putOff.get(process)?.values() ?? [])];
    return puttingOff.filter((until) => until > this.#world.now).length;
  }

  /** Law 2, and 6 where the answer did not name the entry at all. */
  #checkEvidence(uid: number, token: string): void {
    const tries = this.tries.get(uid) ?? [];
    const accepted = tries.filter(({ fate }) => fate === "accepted");
    if (accepted.length > 0) return this.#checkOutputs(uid, accepted);
    const before = this.#uidOf.get(token);
    if (before !== uid) {
      // Nobody can call back what leaves within the age of a proof after the stream was made anew.
      if ((this.#leftAt.get(token) ?? 0) <= this.anewAt + PROOF_MS) this.excused.add(uid);
      else
        this.breach(
          2,
          `message ${uid} was acked with the token of message ${before}, of a stream or consumer before`,
        );
    } else if (tries.at(-1)?.said !== undefined) {
      this.breach(
        10,
        `message ${uid} was acked, and what its handler said was ${tries.at(-1)?.said}`,
      );
    } else if (tries.at(-1)?.isMissing) {
      this.breach(6, `message ${uid} was acked, and was missing from the answer`);
    } else {
      this.breach(
        2,
        `message ${uid} was acked, and neither the target nor the dead letters had taken it`,
      );
    }
  }

  /** What was published for it is part of it. */
  #checkOutputs(uid: number, accepted: readonly Try[]): void {
    if (accepted.some(({ target }) => target === "dead letters")) return;
    const missing = accepted.at(-1)?.unstored?.();
    if (missing !== undefined)
      this.breach(
        2,
        `message ${uid} was acked, and "${missing}", published for it, was not stored`,
      );
  }

  /** What a process has put off is known to the one that comes after it. */
  inherits(process: number, from: number): void {
    const putOff = this.#putOff.get(from);
    if (putOff) this.#putOff.set(process, new Map(putOff));
  }

  // — What the bridge does with a message while it may be somebody else's

  /** Law 11, at the moment at which something leaves the run. */
  checkLease(run: RunRecord, uid: number, what: string): void {
    // Taken out of the stream by somebody: nobody else can get it, and the server goes on saying yes.
    if (this.published.get(uid)?.goneBecause !== undefined) return;
    const lease = run.leases.get(uid);
    if (!lease)
      this.breach(
        11,
        `message ${uid} was ${what} by run ${run.id}, to which it was never delivered`,
      );
    else if (this.#world.now >= lease.until) {
      const late = (this.#world.now - lease.until).toFixed(1);
      this.breach(11, `message ${uid} was ${what} by run ${run.id} ${late} ms after its ack wait`);
    }
  }

  /** A verdict leaves. */
  verdict(connection: Connection, token: string, payload: string): void {
    this.#leftAt.set(token, this.#world.now);
    if (payload === "+ACK") return;
    const run = this.#runOf.get(connection);
    const uid = this.#uidOf.get(token);
    const delay = /^-NAK .*"delay":(\d+)/.exec(payload);
    if (run && uid !== undefined && delay) {
      const putOff = this.#putOff.get(run.process) ?? new Map<number, Ms>();
      this.#putOff.set(run.process, putOff.set(uid, this.#world.now + Number(delay[1]) / 1e6));
    }
    if (run && uid !== undefined)
      this.checkLease(run, uid, payload === "+WPI" ? "extended" : "given back");
  }

  runOf(connection: Connection): RunRecord | undefined {
    return this.#runOf.get(connection);
  }

  sent(attempt: Try): void {
    const { uid } = attempt;
    const all = this.tries.get(uid);
    if (all) all.push(attempt);
    else this.tries.set(uid, [attempt]);
    this.checkLease(attempt.run, uid, attempt.target === "target" ? "sent" : "buried");
  }
}
