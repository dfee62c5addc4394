/** One run after the other, each with the credentials of its time. */
import type { Clock, Ms } from "./core/ports.ts";
import type { Until } from "./run/policy.ts";
import type { Receipt } from "./run/receipt.ts";
import type { Term } from "./secrets/term.ts";

export interface Ended<R extends Receipt = Receipt> {
  readonly receipt: R;
  /** It ended for the sake of its credentials, and there are others now. */
  readonly goesOn: boolean;
}

/** Once more, at once, as long as only credentials were the reason to end. Answers with the last receipt. */
export async function renewing<R extends Receipt>(once: () => Promise<Ended<R>>): Promise<R> {
  for (;;) {
    const { goesOn, receipt } = await once();
    if (!goesOn) return receipt;
  }
}

export interface RunUntil {
  readonly until: Until;
  /** The run is over. */
  release(): void;
}

/**
 * Other credentials end a run as if it were told to stop: all is settled. The signal is the run's own, so that what
 * listens to it goes when the run does, however long the process lives.
 */
export function untilRenewed(until: Until, term: Term): RunUntil {
  const over = new AbortController();
  const end = (): void => over.abort("over");
  const signals = [term.signal, ...(until.signal ? [until.signal] : [])];
  for (const signal of signals) signal.addEventListener("abort", end, { once: true });
  if (signals.some(({ aborted }) => aborted)) end();
  return {
    until: { ...until, signal: over.signal },
    release() {
      for (const signal of signals) signal.removeEventListener("abort", end);
    },
  };
}

/**
 * Whether there are other credentials than when the run began. Asking may take seconds, by which its receipt is older when
 * it is answered with: since when nothing came is still the same moment.
 */
export async function endOf<R extends Receipt>(
  term: Term,
  receipt: R,
  clock: Clock,
): Promise<{ readonly isRenewed: boolean; readonly receipt: R }> {
  const { drainedForMs } = receipt;
  const endedAt = clock.now();
  const isRenewed = await term.end();
  if (drainedForMs === undefined) return { isRenewed, receipt };
  const meanwhileMs = Math.ceil(clock.now() - endedAt);
  return { isRenewed, receipt: { ...receipt, drainedForMs: drainedForMs + meanwhileMs } };
}

/** Such a run is out of time by its name, and yet there is time. */
export function withReason(receipt: Receipt, until: Until, { signal }: Term): Receipt {
  const isForOthers = receipt.stop === "deadline" && signal.aborted && !until.signal?.aborted;
  return isForOthers ? { ...receipt, reason: "other credentials have taken its place" } : receipt;
}

export interface Circumstances {
  readonly now: Ms;
  /** What another run needs. */
  readonly leastMs: Ms;
  /** Messages whose handler goes on although the run has ended. */
  readonly zombies: number;
}

/**
 * A run that ended for any other reason would end in the same way again. Where a handler has outlived it, the process has
 * to end, and not to go on beside the redelivery of its message.
 */
export function mayGoOn(
  { stop }: Receipt,
  until: Until,
  { leastMs, now, zombies }: Circumstances,
): boolean {
  const isEnd = stop === "deadline" || stop === "broken";
  return isEnd && zombies === 0 && until.deadline - now > leastMs && !until.signal?.aborted;
}
