/** How long to wait before the next try. */
import type { Ms } from "./ports.ts";

export interface RetryDelay {
  readonly minMs: Ms;
  readonly maxMs: Ms;
}

/**
 * Doubles with each failure, from `minMs` up to `maxMs`; the upper half of it is random, so that messages that failed
 * together do not come back together.
 */
export function retryDelayMs(failures: number, { minMs, maxMs }: RetryDelay, random: number): Ms {
  const doubled = minMs * 2 ** Math.min(Math.max(failures, 1) - 1, 30);
  const full = Math.min(doubled, maxMs);
  return Math.max(minMs, Math.round(full * (0.5 + random / 2)));
}
