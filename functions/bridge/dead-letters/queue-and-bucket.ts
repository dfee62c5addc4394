/** Both stores together: the queue first, and the bucket for what the queue cannot take, for its size or its characters. */
import type { Delivery, Outcome } from "../core/outcome.ts";
import { type DeadLetters, isRejected } from "../core/ports.ts";
import { stopReason } from "../sinks/failed-call.ts";

interface Prepared<Q, B> {
  /** Undefined: the queue cannot take it. */
  readonly forQueue: Q | undefined;
  readonly forBucket: B;
}

export function queueAndBucket<Q, B>(
  queue: DeadLetters<Q>,
  bucket: DeadLetters<B>,
): DeadLetters<Prepared<Q, B>> {
  return {
    limits: queue.limits,
    prepare(message, letter) {
      const forBucket = bucket.prepare(message, letter);
      if (isRejected(forBucket)) return forBucket;
      const forQueue = queue.prepare(message, letter);
      return { forQueue: isRejected(forQueue) ? undefined : forQueue, forBucket };
    },
    size: ({ forQueue }) => (forQueue === undefined ? 0 : queue.size(forQueue)),
    async deliver(batch, signal, isOver = () => signal.aborted) {
      const outcomes = new Map<Prepared<Q, B>, Outcome>();
      const inQueue = batch.filter(({ forQueue }) => forQueue !== undefined);
      const first =
        inQueue.length === 0
          ? undefined
          : await queue.deliver(
              inQueue.map(({ forQueue }) => forQueue as Q),
              signal,
              isOver,
            );
      note(outcomes, inQueue, first);
      const left = batch.filter((one) => (outcomes.get(one)?.kind ?? "rejected") === "rejected");
      // By now it may be too late for another call.
      const isTooLate = left.length > 0 && isOver();
      const second =
        left.length === 0 || isTooLate
          ? undefined
          : await bucket.deliver(
              left.map(({ forBucket }) => forBucket),
              signal,
              isOver,
            );
      if (isTooLate) for (const one of left) outcomes.set(one, NOT_STORED);
      note(outcomes, left, second);
      return together(
        batch.map((one) => outcomes.get(one)),
        [first, second],
      );
    },
  };
}

const NOT_STORED: Outcome = { kind: "unknown", reason: "not stored: out of time" };

function note<T>(
  outcomes: Map<T, Outcome>,
  batch: readonly T[],
  delivery: Delivery | undefined,
): void {
  for (const [position, one] of batch.entries()) {
    if (delivery?.kind === "unavailable")
      outcomes.set(one, { kind: "unknown", reason: delivery.reason });
    else if (delivery?.outcomes[position]) outcomes.set(one, delivery.outcomes[position]);
  }
}

/** One answer of two: unavailable only when nothing was answered at all. */
function together(
  outcomes: readonly (Outcome | undefined)[],
  deliveries: readonly (Delivery | undefined)[],
): Delivery {
  const made = deliveries.filter((delivery) => delivery !== undefined);
  const worst = made.find((delivery) => delivery.stop) ?? made[0];
  if (worst && made.every(({ kind }) => kind === "unavailable")) return worst;
  const stop = made.map(stopReason).find((reason) => reason !== undefined);
  const all = outcomes.map((outcome): Outcome => outcome ?? NOT_STORED);
  return { kind: "answered", outcomes: all, ...(stop !== undefined && { stop }) };
}
