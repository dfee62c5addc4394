/** Replays that are asked for: each comes to its end once, in as many wakes as that takes. */
import type { Bridge } from "../bridge.ts";
import type { Ms, Observe } from "../core/ports.ts";
import type { Replay, ReplayReceipt } from "../replay.ts";
import { MOST_HOPS, type RingAgain } from "./ringer.ts";

export interface ReplaysPorts {
  readonly bridge: Pick<Bridge, "replay" | "zombies">;
  readonly observe: Observe;
  readonly ringAgain: RingAgain | undefined;
}

/** So many are remembered, in case their message is delivered once more. */
const MOST_REMEMBERED = 1000;

export class Replays {
  readonly #ports: ReplaysPorts;
  /** Ids of replays that have come to their end. */
  readonly #done = new Remembered();
  /** Ids of messages with whose replay another message goes on. */
  readonly #handedOver = new Remembered();

  constructor(ports: ReplaysPorts) {
    this.#ports = ports;
  }

  /** For a message of the doorbell; a queue may deliver it twice. True: it is not needed any more. */
  async answer(messageId: string, replay: Replay, hops: number, deadline: Ms): Promise<boolean> {
    if (this.#done.has(replay.id) || this.#handedOver.has(messageId)) return true;
    const { isDone, isHandedOver } = await this.run(replay, hops, deadline);
    if (isHandedOver) this.#handedOver.add(messageId);
    return isDone || isHandedOver;
  }

  /** `isHandedOver`: another message of the doorbell goes on with it. */
  async run(
    replay: Replay,
    hops: number,
    deadline: Ms,
  ): Promise<{
    readonly receipt: ReplayReceipt;
    readonly isDone: boolean;
    readonly isHandedOver: boolean;
  }> {
    const receipt = await this.#ports.bridge.replay(replay, { deadline });
    if (receipt.replay.done) {
      this.#done.add(replay.id);
      return { receipt, isDone: true, isHandedOver: false };
    }
    // What was put off comes back to this replay's consumer, and somebody has to be there for it.
    return { receipt, isDone: false, isHandedOver: await this.#goOn(receipt, replay, hops) };
  }

  /**
   * Time was too short: a message of its own goes on, with all its deliveries before it. A run that got nowhere leaves that
   * to the deliveries of its own message, which have an end; so does one that a handler has outlived, since the process
   * ends with that, and its message is delivered again in any case.
   */
  async #goOn(receipt: ReplayReceipt, replay: Replay, hops: number): Promise<boolean> {
    const { acked, buried, pending, released, stop } = receipt;
    const { bridge, observe, ringAgain } = this.#ports;
    if (stop !== "deadline" || acked + buried === 0 || bridge.zombies > 0) return false;
    const { consumer, nextSequence } = receipt.replay;
    const left = { replay: consumer, nextSequence, pending, released };
    if (!ringAgain || hops >= MOST_HOPS) {
      observe("backlog-left", { ...left, consequence: COMES_AGAIN });
      return false;
    }
    try {
      await ringAgain(hops + 1, replay);
      observe("rung-again", { ...left, hops: hops + 1 });
      return true;
    } catch (error) {
      observe("not-rung-again", {
        ...left,
        reason: (error as Error).message,
        consequence: COMES_AGAIN,
      });
      return false;
    }
  }
}

const COMES_AGAIN =
  "it goes on when its message is delivered again; otherwise ask for a replay from nextSequence";

class Remembered {
  readonly #ids = new Set<string>();

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    if (this.#ids.size >= MOST_REMEMBERED) this.#ids.clear();
    this.#ids.add(id);
  }
}
