/** The pulls that wait at a consumer, and how the server ends them. Its answers differ between versions. */
import type { Ms } from "../../../functions/bridge/core/ports.ts";
import type { Timer, World } from "../world.ts";
import type { Behaviour } from "./behaviour.ts";
import type { StoredMessage } from "./model-stream.ts";

/** Whoever sent a pull or an ack: one connection. */
export interface Receiver {
  /** Still subscribed. */
  readonly isReceiving: boolean;
  delivery(message: StoredMessage, token: string): void;
  status(subject: string, status: number, description: string): void;
}

export interface PullOptions {
  readonly batch: number;
  readonly maxBytes: number;
  readonly noWait: boolean;
  /** 0: never. */
  readonly expiresMs: Ms;
}

export interface Pull {
  readonly receiver: Receiver;
  readonly reply: string;
  readonly options: PullOptions;
  left: number;
  bytesLeft: number;
  timer: Timer | undefined;
}

export class WaitingPulls {
  readonly #world: World;
  readonly #behaviour: Behaviour;
  #pulls: Pull[] = [];

  constructor(world: World, behaviour: Behaviour) {
    this.#world = world;
    this.#behaviour = behaviour;
  }

  get size(): number {
    return this.#pulls.length;
  }

  add(receiver: Receiver, reply: string, options: PullOptions): void {
    const { batch, maxBytes, expiresMs } = options;
    const pull: Pull = {
      receiver,
      reply,
      options,
      left: batch,
      bytesLeft: maxBytes,
      timer: undefined,
    };
    if (expiresMs > 0) {
      pull.timer = this.#world.after(expiresMs, () => this.#finish(pull, 408, "Request Timeout"));
    }
    this.#pulls.push(pull);
  }

  /** Whose turn it is; those whose receiver is gone are dropped. */
  first(): Pull | undefined {
    while (this.#pulls[0] && !this.#pulls[0].receiver.isReceiving) this.#remove(this.#pulls[0]);
    return this.#pulls[0];
  }

  /** Ends the pull when the message does not fit its bytes. */
  hasRoom(pull: Pull, size: number): boolean {
    if (pull.options.maxBytes === 0 || size <= pull.bytesLeft) return true;
    this.#finish(pull, 409, "Message Size Exceeds MaxBytes");
    return false;
  }

  delivered(pull: Pull, size: number): void {
    pull.left -= 1;
    pull.bytesLeft -= size;
    if (pull.left > 0) {
      // To the end of the queue: several pulls get one message each in turn.
      this.#pulls = [...this.#pulls.filter((one) => one !== pull), pull];
    } else if (pull.options.maxBytes > 0 && this.#behaviour.saysBatchCompleted) {
      this.#finish(pull, 409, "Batch Completed");
    } else {
      this.#remove(pull);
    }
  }

  /** There is nothing more: whoever did not want to wait, and has something, is told so. */
  drained(): void {
    for (const pull of this.#pulls) {
      const brought = pull.options.batch - pull.left;
      if (!pull.options.noWait || (brought === 0 && pull.options.expiresMs > 0)) continue;
      const { drained } = this.#behaviour;
      this.#finish(pull, drained, drained === 404 ? "No Messages" : "Request Timeout");
    }
  }

  /** The connection is gone, and with it its interest. */
  drop(receiver: Receiver): void {
    for (const pull of this.#pulls) if (pull.receiver === receiver) this.#remove(pull);
  }

  end(status: number, description: string): void {
    for (const pull of this.#pulls) this.#finish(pull, status, description);
  }

  forget(): void {
    for (const pull of this.#pulls) this.#remove(pull);
  }

  #finish(pull: Pull, status: number, description: string): void {
    this.#remove(pull);
    if (pull.receiver.isReceiving) pull.receiver.status(pull.reply, status, description);
  }

  #remove(pull: Pull): void {
    this.#world.cancel(pull.timer);
    this.#pulls = this.#pulls.filter((one) => one !== pull);
  }
}
