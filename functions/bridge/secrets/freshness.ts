/** For how long what was read of a secret may be used, and when it is worth reading again. */

/** Times in milliseconds since 1970: a process that was frozen meanwhile must know it. */
export interface Known {
  /** When it was last read. */
  readonly readAt: number;
  /** When that was last tried: later than `readAt` where it failed. */
  readonly triedAt: number;
  /** Undefined: never. */
  readonly expiresAt: number | undefined;
}

/** As long as AWS's own caching clients keep a secret, give or take: a rotated one is used by then. */
export const KEPT_MS = 5 * 60_000;

/** After a try that failed, while what is known still serves. */
export const PAUSE_MS = 30_000;

const SHARE_OF_LIFE = 0.8;

/** Close to its end it is not asked for more often. */
const LEAST_MS = 250;

export function isExpired({ expiresAt }: Known, now: number): boolean {
  return expiresAt !== undefined && now >= expiresAt;
}

/** At 80 % of the life that was left at the last try; undefined: it does not expire, or has expired. */
export function renewalAt({ expiresAt, triedAt }: Known): number | undefined {
  if (expiresAt === undefined || expiresAt <= triedAt) return undefined;
  return triedAt + Math.max(LEAST_MS, (expiresAt - triedAt) * SHARE_OF_LIFE);
}

/** Whether it is read again before the next connection. A clock that was set back proves nothing. */
export function isStale(known: Known, now: number): boolean {
  if (isExpired(known, now) || now < known.readAt) return true;
  if (known.triedAt > known.readAt && now - known.triedAt < PAUSE_MS) return false;
  return now - known.readAt >= KEPT_MS || now >= (renewalAt(known) ?? Number.POSITIVE_INFINITY);
}
