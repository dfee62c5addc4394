/** Calls to a target, side by side and within a time; whatever happens, each entry gets an outcome. */
import { AbortError } from "../core/abort.ts";
import type { Delivery, Outcome } from "../core/outcome.ts";
import type { Clock, Ms } from "../core/ports.ts";

interface Target<P> {
  deliver(batch: readonly P[], signal: AbortSignal, isOver: () => boolean): Promise<Delivery>;
}

/** When time is up, a call that is made of several may tell what it knows by then. */
const LAST_WORD_MS: Ms = 50;

/**
 * Sends one batch. A target that throws, or does not answer within `limitMs` or before `lapsed` is aborted, may have
 * taken it.
 */
export async function deliverWithin<P>(
  clock: Clock,
  target: Target<P>,
  batch: readonly P[],
  limitMs: Ms,
  lapsed?: AbortSignal,
): Promise<Delivery> {
  const endsAt = clock.now() + limitMs;
  const isOver = (): boolean => clock.now() >= endsAt || lapsed?.aborted === true;
  const late = new AbortController();
  const timeIsUp = new AbortController();
  const answered = new AbortController();
  const wake = (): void => timeIsUp.abort("lapsed");
  lapsed?.addEventListener("abort", wake, { once: true });
  const call = (async () => target.deliver(batch, late.signal, isOver))().catch(
    (error: unknown): Delivery => failed(String(error)),
  );
  const timer = clock.sleep(limitMs, timeIsUp.signal).then(async (): Promise<Delivery> => {
    const silence = failed(
      lapsed?.aborted ? "the ack wait ran out" : `no answer within ${Math.round(limitMs)} ms`,
    );
    if (answered.signal.aborted) return silence;
    late.abort(new AbortError(lapsed?.aborted === true));
    const lastWord = await Promise.race([call, clock.sleep(LAST_WORD_MS, answered.signal)]);
    return lastWord?.kind === "answered" ? lastWord : silence;
  });
  // Once it is late, an error is only our own abort: the timer knows the better reason.
  const inTime = call.then((delivery) => (late.signal.aborted ? timer : delivery));
  const delivery = await Promise.race([inTime, timer]);
  // A reason of our own: the one that abort() makes up is an error with a stack trace.
  answered.abort("answered");
  timeIsUp.abort("answered");
  lapsed?.removeEventListener("abort", wake);
  if (delivery.kind === "unavailable") return delivery;
  return { ...delivery, outcomes: complete(delivery.outcomes, batch.length) };
}

function failed(reason: string): Delivery {
  return { kind: "unavailable", reason, stop: false, maybeTaken: true };
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
