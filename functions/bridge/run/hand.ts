/** The messages that this run holds, in stream order. */
import type { Queued } from "../core/order.ts";
import type { Held, Letter, Ms, Rejected } from "../core/ports.ts";

export interface Item<P> extends Queued {
  held: Held;
  /** Made once, sent as often as needed. */
  readonly prepared: P | Rejected;
  readonly size: number;
  notBefore: Ms;
  /** Its handler has asked for that time. */
  isTimed?: boolean;
  /** Until then it may wait for others to share a call with. */
  patientUntil: Ms;
  /** It was tried with nothing else under way, and had time enough to end. */
  hadFairTrial: boolean;
  /** It goes to the dead letters, and nowhere else any more. */
  letter: Letter | undefined;
}

export class Hand<P> {
  #items: Item<P>[] = [];
  readonly #bySequence = new Map<number, Item<P>>();

  get size(): number {
    return this.#items.length;
  }

  [Symbol.iterator](): Iterator<Item<P>> {
    return this.#items[Symbol.iterator]();
  }

  /** The item of this message, when it is delivered again while we have it. */
  find(sequence: number): Item<P> | undefined {
    return this.#bySequence.get(sequence);
  }

  has(item: Item<P>): boolean {
    return this.#bySequence.get(item.sequence) === item;
  }

  add(item: Item<P>): void {
    this.#bySequence.set(item.sequence, item);
    const items = this.#items;
    let place = items.length;
    while (place > 0 && (items[place - 1]?.sequence ?? 0) > item.sequence) place -= 1;
    items.splice(place, 0, item);
  }

  remove(items: Iterable<Item<P>>): void {
    const before = this.#bySequence.size;
    for (const item of items) {
      // One of the same sequence may have taken its place.
      if (this.has(item)) this.#bySequence.delete(item.sequence);
    }
    if (this.#bySequence.size < before) this.#items = this.#items.filter((item) => this.has(item));
  }
}
