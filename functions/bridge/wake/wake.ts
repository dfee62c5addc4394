/** From what woke us to what is done, and to what Lambda is answered. */
import type { Bridge } from "../bridge.ts";
import type { Clock, Ms, Observe } from "../core/ports.ts";
import { isGood } from "../core/stop.ts";
import type { Command, Served } from "../core/wake.ts";
import type { Replay } from "../replay.ts";
import type { Receipt } from "../run/receipt.ts";
import { type BatchResponse, type DoorbellRecord, readEvent } from "./event.ts";
import { Replays } from "./replays.ts";
import { MOST_HOPS, type RingAgain } from "./ringer.ts";
import { isStale } from "./rings.ts";

export interface WakePorts {
  readonly bridge: Bridge;
  /** By which deadlines are. */
  readonly clock: Pick<Clock, "now">;
  /** Wall clock, milliseconds since 1970. */
  readonly now: () => number;
  readonly observe: Observe;
  readonly served: Served;
  readonly idleMs: Ms;
  /** Rings the doorbell once more; undefined: the next wake goes on. */
  readonly ringAgain: RingAgain | undefined;
  /** With less a run may come to nothing: it is not cut shorter for the sake of others. */
  readonly leastRunMs: Ms;
}

/** How far the chain of a wake's rings has come, and that of whatever came with them: AWS may count them together. */
interface Hops {
  readonly own: number;
  readonly most: number;
}

const NO_HOPS: Hops = { own: 0, most: 0 };
const OTHERS_HOPS = `a command of the same batch has been sent ${MOST_HOPS} times in a row`;
const NEXT_WAKE = "the next wake goes on";
const RINGS_COME_BACK =
  "the rings of this wake come back after their visibility timeout, as often as maxReceiveCount allows";

export class Waker {
  readonly #ports: WakePorts;
  readonly #replays: Replays;
  /** When the last empty pull of the last run that left nothing unsettled was sent. */
  #emptyPullAt: number | undefined;

  constructor(ports: WakePorts) {
    this.#ports = ports;
    this.#replays = new Replays(ports);
  }

  /** `deadline` by the clock; `id` is the invocation's own. Rejects when the event is refused, or a run went wrong. */
  async wake(event: unknown, deadline: Ms, id: string): Promise<Receipt | BatchResponse> {
    const wake = readEvent(event, this.#ports.served, this.#ports.now());
    switch (wake.kind) {
      case "unknown":
        this.#ports.observe("event-refused", { problem: wake.problem });
        throw new Error(wake.problem);
      case "direct":
        return this.#direct(wake.command, deadline, id);
      case "doorbell":
        return this.#doorbell(wake.records, deadline);
    }
  }

  async #direct(command: Command, deadline: Ms, id: string): Promise<Receipt> {
    const receipt =
      command.kind === "ring"
        ? (await this.#drain(deadline, NO_HOPS, NEXT_WAKE)).receipt
        : (await this.#replays.run({ ...command, id }, 0, deadline)).receipt;
    if (isGood(receipt)) return receipt;
    throw new Error(
      `the run stopped as ${receipt.stop}: ${receipt.reason ?? "see its receipt in the log"}`,
    );
  }

  /** Many rings, one drain; a replay each. What failed stays in the queue, and comes again. */
  async #doorbell(records: readonly DoorbellRecord[], deadline: Ms): Promise<BatchResponse> {
    const failed = new Set<string>();
    const rings: DoorbellRecord[] = [];
    const replays: { readonly id: string; readonly replay: Replay }[] = [];
    for (const record of records) {
      const { command, id, replayId } = record;
      if ("refused" in command) {
        this.#ports.observe("doorbell-refused", { messageId: id, problem: command.refused });
        failed.add(id);
      } else if (command.kind === "ring") rings.push(record);
      else replays.push({ id, replay: { ...command, id: replayId } });
    }
    const most = Math.max(...records.map(({ hops }) => hops));
    const hops: Hops = { own: Math.max(0, ...rings.map((ring) => ring.hops)), most };
    if (!(await this.#answerRings(rings, hops, this.#share(deadline, 1 + replays.length)))) {
      for (const { id } of rings) failed.add(id);
    }
    for (const [at, { id, replay }] of replays.entries()) {
      const until = this.#share(deadline, replays.length - at);
      // After a run that a handler has outlived the process ends, and with it what is known of replays.
      const isOver = this.#ports.bridge.zombies > 0;
      if (isOver || !(await this.#replays.answer(id, replay, most, until))) failed.add(id);
    }
    return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
  }

  /** The deadline of the first of so many runs: what it leaves of its time is for the others. */
  #share(deadline: Ms, runs: number): Ms {
    const { clock, leastRunMs } = this.#ports;
    const now = clock.now();
    return Math.min(deadline, now + Math.max((deadline - now) / runs, leastRunMs));
  }

  async #answerRings(rings: readonly DoorbellRecord[], hops: Hops, deadline: Ms): Promise<boolean> {
    const [first] = rings;
    if (!first) return true;
    if (rings.every(({ sentAt }) => isStale(sentAt, this.#emptyPullAt))) {
      this.#ports.observe("rings-skipped", { rings: rings.length });
      return true;
    }
    const { isTold, receipt } = await this.#drain(deadline, hops, RINGS_COME_BACK);
    return isTold && isGood(receipt);
  }

  /** `isTold`: where time was too short, somebody goes on. */
  async #drain(
    deadline: Ms,
    hops: Hops,
    otherwise: string,
  ): Promise<{ readonly receipt: Receipt; readonly isTold: boolean }> {
    const { bridge, idleMs, now } = this.#ports;
    const receipt = await bridge.attempt({ deadline, idleMs });
    // What is unsettled, for whatever reason, a ring may be needed for.
    const isDone = receipt.stop === "idle" && receipt.ackPending === 0;
    if (isDone) this.#emptyPullAt = now() - (receipt.drainedForMs ?? 0);
    return { receipt, isTold: await this.#goOn(receipt, hops, otherwise) };
  }

  /** Time was too short: somebody has to go on. False: nobody could be told. */
  async #goOn(receipt: Receipt, hops: Hops, otherwise: string): Promise<boolean> {
    const { observe, ringAgain } = this.#ports;
    if (receipt.stop !== "deadline" || !hasLeftSome(receipt)) return true;
    const { ackPending, delayed, pending, released } = receipt;
    const left = { pending, released, ackPending, delayed };
    if (!ringAgain || hops.own >= MOST_HOPS) {
      observe("backlog-left", { ...left, consequence: NEXT_WAKE });
      return true;
    }
    try {
      if (hops.most >= MOST_HOPS) throw new Error(OTHERS_HOPS);
      await ringAgain(hops.most + 1);
      observe("rung-again", { ...left, hops: hops.most + 1 });
      return true;
    } catch (error) {
      const reason = (error as Error).message;
      observe("not-rung-again", { ...left, reason, consequence: otherwise });
      return false;
    }
  }
}

/** What this bridge has put off is not left: its time has not come. What others hold is, since they may have died. */
function hasLeftSome({ ackPending, delayed, pending, released }: Receipt): boolean {
  return pending > 0 || released > 0 || ackPending > delayed;
}
