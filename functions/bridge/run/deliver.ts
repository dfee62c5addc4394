/** Calls to a target, side by side and within a time; whatever happens, each entry gets an outcome. */
import type { Delivery, Outcome } from "../core/outcome.ts";
import type { Clock, Ms } from "../core/ports.ts";

interface Target<P> {
  deliver(batch: readonly P[], signal: AbortSignal, isOver: () => boolean): Promise<Delivery>;
}

/** When time is up, a call that is made of several may tell what it knows by then. */
const LAST_WORD_MS: Ms = 50;

/** Sends one batch. A target that throws, or does not answer within `limitMs`, may have taken it. */
export async function deliverWithin<P>(
  clock: Clock,
  target: Target<P>,
  batch: readonly P[],
  limitMs: Ms,
): Promise<Delivery> {
  const endsAt = clock.now() + limitMs;
  const late = new AbortController();
  const answered = new AbortController();
  const call = (async () =>
    target.deliver(batch, late.signal, () => clock.now() >= endsAt))().catch(
    (error: unknown): Delivery => {
      return { kind: "unavailable", reason: String(error), stop: false, maybeTaken: true };
    },
  );
  const timer = clock.sleep(limitMs, answered.signal).then(async (): Promise<Delivery> => {
    const silence: Delivery = {
      kind: "unavailable",
      reason: `no answer within ${Math.round(limitMs)} ms`,
      stop: false,
      maybeTaken: true,
    };
    if (answered.signal.aborted) return silence;
    late.abort();
    const lastWord = await Promise.race([call, clock.sleep(LAST_WORD_MS, answered.signal)]);
    return lastWord?.kind === "answered" ? lastWord : silence;
  });
  // Once it is late, an error is only our own abort: the timer knows the better reason.
  const inTime = call.then((delivery) => (late.signal.aborted ? timer : delivery));
  const delivery = await Promise.race([inTime, timer]);
  // A reason of our own: the one that abort() makes up is an error with a stack trace.
  answered.abort("answered");
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
