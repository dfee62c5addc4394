/**
 * Calls that do not wait for each other: where each takes its own time, as handlers do, one that is slow, or never ends,
 * keeps nobody else from being pulled, handled and settled.
 */
import type { Delivery } from "../core/outcome.ts";
import type { Verdict } from "../core/settlement.ts";
import { bury } from "./bury.ts";
import { judge } from "./conclude.ts";
import type { Item } from "./hand.ts";
import type { Counted } from "./receipt.ts";
import { trialEnds } from "./trial.ts";
import type { Ending, Work } from "./work.ts";

type Deliver<P> = (call: readonly Item<P>[], lapsed: AbortSignal) => Promise<Delivery>;

export class Pool<P> {
  /** Each call by what tells it that the ack wait of its messages could not be extended. */
  readonly #calls = new Set<AbortController>();
  readonly #callOf = new Map<Item<P>, AbortController>();
  #stirring = new AbortController();
  #ending: Ending | undefined;
  #error: unknown;

  get size(): number {
    return this.#calls.size;
  }

  /** Its call goes on. */
  has(item: Item<P>): boolean {
    return this.#callOf.has(item);
  }

  /** Aborted when the next call ends, or somebody else stirs. */
  get stirred(): AbortSignal {
    return this.#stirring.signal;
  }

  stir(): void {
    this.#stirring.abort("stirred");
    this.#stirring = new AbortController();
  }

  /** Why the run has to end, as a call has shown. Throws what a call has thrown: a fault of ours. */
  get ending(): Ending | undefined {
    if (this.#error !== undefined) throw this.#error;
    return this.#ending;
  }

  start<D>(work: Work<P, D>, items: readonly Item<P>[], deliver: Deliver<P>): void {
    const call = new AbortController();
    this.#calls.add(call);
    for (const item of items) this.#callOf.set(item, call);
    void this.#see(work, items, (these) => deliver(these, call.signal))
      .catch((error: unknown) => {
        this.#error ??= error;
      })
      .then(() => {
        this.#calls.delete(call);
        for (const item of items) this.#callOf.delete(item);
        this.stir();
      });
  }

  /** Their ack wait is over: what is under way for them has to end. */
  lapse(items: readonly Item<P>[]): void {
    for (const item of items) this.#callOf.get(item)?.abort("lapsed");
  }

  /** Waits for all calls, each of which has an end of its own; until then what is held stays ours. */
  async end<D>(work: Work<P, D>): Promise<void> {
    while (this.#calls.size > 0) {
      await work.ports.clock.sleep((work.state?.ackWaitMs ?? 0) / 3, this.stirred);
      this.lapse(await work.extend());
    }
    if (this.#error !== undefined) throw this.#error;
  }

  /** From the start of a call until there is a verdict on each of its messages. */
  async #see<D>(
    work: Work<P, D>,
    items: readonly Item<P>[],
    deliver: (items: readonly Item<P>[]) => Promise<Delivery>,
  ): Promise<void> {
    const startedAt = work.now;
    const delivery = await deliver(items);
    const meaning = new Map<Verdict, Counted>();
    // One that was let go meanwhile, for another message that has its sequence, is nobody's any more.
    const isHeld = items.map((item) => work.hand.has(item));
    const held = items.filter((_, at) => isHeld[at]);
    judge(work, held, deliveryOf(delivery, isHeld), meaning);
    trialEnds(work);
    work.measure(work.now - startedAt, items.length, this.#calls.size);
    const letters = held.filter(({ letter }) => letter);
    const buried = letters.length > 0 ? await bury(work, letters, meaning) : undefined;
    work.remove(held, meaning);
    // Confirmed or not, the next may start: how much may be unsettled is the server's to bound.
    work.settle(meaning).catch((error: unknown) => {
      this.#error ??= error;
    });
    const reason = delivery.kind === "answered" ? delivery.stop : delivery.reason;
    this.#ending ??=
      buried ?? (delivery.stop ? { stop: "unavailable", reason: reason ?? "" } : undefined);
  }
}

/** What it says of those that are still held. */
function deliveryOf(delivery: Delivery, isHeld: readonly boolean[]): Delivery {
  if (delivery.kind === "unavailable") return delivery;
  return { ...delivery, outcomes: delivery.outcomes.filter((_, at) => isHeld[at]) };
}
