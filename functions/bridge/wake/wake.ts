/** From what woke us to what is done, and to what Lambda is answered. */
import type { Bridge } from "../bridge.ts";
import type { Ms, Observe } from "../core/ports.ts";
import { isGood } from "../core/stop.ts";
import type { Command, Served } from "../core/wake.ts";
import type { Receipt } from "../run/receipt.ts";
import { type BatchResponse, type DoorbellRecord, readEvent } from "./event.ts";
import { isStale } from "./rings.ts";

export interface WakePorts {
  readonly bridge: Bridge;
  /** Wall clock, milliseconds since 1970. */
  readonly now: () => number;
  readonly observe: Observe;
  readonly served: Served;
  readonly idleMs: Ms;
  /** Rings the doorbell once more; undefined: the next wake goes on. */
  readonly ringAgain: ((hops: number) => Promise<void>) | undefined;
}

/** AWS cuts chains of a function that rings itself after 16. */
const MOST_HOPS = 10;

const NEXT_WAKE = "the next wake goes on";
const RINGS_COME_BACK =
  "the rings of this wake come back after their visibility timeout, as often as maxReceiveCount allows";

/** So many replays that were done are remembered, in case their command is delivered once more. */
const MOST_DONE = 1000;

export class Waker {
  readonly #ports: WakePorts;
  readonly #doneReplays = new Set<string>();
  /** When the last empty pull of the last run that left nothing unsettled was sent. */
  #emptyPullAt: number | undefined;

  constructor(ports: WakePorts) {
    this.#ports = ports;
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
        ? await this.#drain(deadline)
        : await this.#ports.bridge.replay({ ...command, id }, { deadline });
    if (command.kind === "ring") await this.#goOn(receipt, 0, NEXT_WAKE);
    if (isGood(receipt)) return receipt;
    throw new Error(
      `the run stopped as ${receipt.stop}: ${receipt.reason ?? "see its receipt in the log"}`,
    );
  }

  /** Many rings, one drain; a replay each. What failed stays in the queue, and comes again. */
  async #doorbell(records: readonly DoorbellRecord[], deadline: Ms): Promise<BatchResponse> {
    const failed = new Set<string>();
    const rings = records.filter(({ command }) => "kind" in command && command.kind === "ring");
    if (!(await this.#answerRings(rings, deadline))) for (const { id } of rings) failed.add(id);
    for (const { id, command } of records) {
      if ("refused" in command) {
        this.#ports.observe("doorbell-refused", { messageId: id, problem: command.refused });
        failed.add(id);
      } else if (command.kind === "replay" && !(await this.#replayOnce(id, command, deadline))) {
        failed.add(id);
      }
    }
    return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
  }

  async #answerRings(rings: readonly DoorbellRecord[], deadline: Ms): Promise<boolean> {
    const [first] = rings;
    if (!first) return true;
    if (rings.every(({ sentAt }) => isStale(sentAt, this.#emptyPullAt))) {
      this.#ports.observe("rings-skipped", { rings: rings.length });
      return true;
    }
    const receipt = await this.#drain(deadline);
    const hops = Math.max(...rings.map((ring) => ring.hops));
    return (await this.#goOn(receipt, hops, RINGS_COME_BACK)) && isGood(receipt);
  }

  async #drain(deadline: Ms): Promise<Receipt> {
    const { bridge, idleMs, now } = this.#ports;
    const receipt = await bridge.attempt({ deadline, idleMs });
    // What is unsettled, for whatever reason, a ring may be needed for.
    const isDone = receipt.stop === "idle" && receipt.ackPending === 0;
    if (isDone) this.#emptyPullAt = now() - (receipt.drainedForMs ?? 0);
    return receipt;
  }

  /** Time was too short: somebody has to go on. False: nobody could be told. */
  async #goOn(receipt: Receipt, hops: number, otherwise: string): Promise<boolean> {
    const { observe, ringAgain } = this.#ports;
    if (receipt.stop !== "deadline" || !hasLeftSome(receipt)) return true;
    const { ackPending, delayed, pending, released } = receipt;
    const left = { pending, released, ackPending, delayed };
    if (!ringAgain || hops >= MOST_HOPS) {
      observe("backlog-left", { ...left, consequence: NEXT_WAKE });
      return true;
    }
    try {
      await ringAgain(hops + 1);
      observe("rung-again", { ...left, hops: hops + 1 });
      return true;
    } catch (error) {
      const reason = (error as Error).message;
      observe("not-rung-again", { ...left, reason, consequence: otherwise });
      return false;
    }
  }

  /** A queue may deliver its command twice. */
  async #replayOnce(
    id: string,
    command: Extract<Command, { readonly kind: "replay" }>,
    deadline: Ms,
  ): Promise<boolean> {
    if (this.#doneReplays.has(id)) return true;
    const { ackPending, stop } = await this.#ports.bridge.replay({ ...command, id }, { deadline });
    // What was put off comes back to this replay's consumer, and somebody has to be there for it.
    if (stop !== "idle" || ackPending > 0) return false;
    if (this.#doneReplays.size >= MOST_DONE) this.#doneReplays.clear();
    this.#doneReplays.add(id);
    return true;
  }
}

/** What this bridge has put off is not left: its time has not come. What others hold is, since they may have died. */
function hasLeftSome({ ackPending, delayed, pending, released }: Receipt): boolean {
  return pending > 0 || released > 0 || ackPending > delayed;
}
