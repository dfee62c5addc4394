/** How long a run keeps what it has connected with: until the secret has something else. */
import type { Clock } from "../core/ports.ts";
import type { CachedSecret } from "./cached-secret.ts";

export interface Term {
  /** Aborted when the secret has changed: the run had better end, and the next one connect with what is there now. */
  readonly signal: AbortSignal;
  /** The run is over. Whether the secret is another one than when it began; the same answer each time. */
  end(): Promise<boolean>;
}

/** Of what is the same for ever. */
export const ENDLESS: Term = {
  signal: new AbortController().signal,
  end: () => Promise.resolve(false),
};

/** Begins when the run has connected. `now`: milliseconds since 1970. */
export function termOf<T>(secret: CachedSecret<T>, clock: Clock, now: () => number): Term {
  const first = secret.latest as T;
  const renewed = new AbortController();
  const over = new AbortController();
  const isAsBefore = (): boolean => secret.latest === first;

  /** What expires is read again before it does, and once more later where nothing has changed yet. */
  async function watch(): Promise<void> {
    while (isAsBefore()) {
      const at = secret.renewalAt;
      if (at === undefined) return;
      await clock.sleep(Math.max(1, at - now()), over.signal);
      if (over.signal.aborted) return;
      if (now() >= at) await secret.insteadOf(first);
    }
    renewed.abort("renewed");
  }

  async function end(): Promise<boolean> {
    over.abort("over");
    if (secret.isDoubtful) await secret.insteadOf(first);
    return !isAsBefore();
  }

  let ended: Promise<boolean> | undefined;
  void watch();
  return { signal: renewed.signal, end: () => (ended ??= end()) };
}
