/** Calls to a target, side by side and within a time; whatever happens, each entry gets an outcome. */
import type { Delivery, Outcome } from "../core/outcome.ts";
import type { Clock, Ms } from "../core/ports.ts";

interface Target<P> {
  deliver(batch: readonly P[], signal: AbortSignal): Promise<Delivery>;
}

/** Sends one batch. A target that throws, or does not answer within `limitMs`, may have taken it. */
export async function deliverWithin<P>(
  clock: Clock,
  target: Target<P>,
  batch: readonly P[],
  limitMs: Ms,
): Promise<Delivery> {
  const late = new AbortController();
  const answered = new AbortController();
  const timer = clock.sleep(limitMs, answered.signal).then((): Delivery => {
    if (!answered.signal.aborted) late.abort();
    return {
      kind: "unavailable",
      reason: `no answer within ${Math.round(limitMs)} ms`,
      stop: false,
      maybeTaken: true,
    };
  });
  const call = (async () => target.deliver(batch, late.signal))().catch(
    (error: unknown): Delivery => {
      return { kind: "unavailable", reason: String(error), stop: false, maybeTaken: true };
    },
  );
  const delivery = await Promise.race([call, timer]);
  answered.abort();
  if (delivery.kind === "unavailable") return delivery;
  return { ...delivery, outcomes: complete(delivery.outcomes, batch.length) };
}

/** An outcome that is missing has failed. */
function complete(outcomes: readonly Outcome[], length: number): readonly Outcome[] {
  if (outcomes.length === length) return outcomes;
  return Array.from({ length }, (_, position): Outcome => {
    return (
      outcomes[position] ?? {
        kind: "failed",
        reason: "missing from the answer",
        maybeTaken: true,
      }
    );
  });
}
