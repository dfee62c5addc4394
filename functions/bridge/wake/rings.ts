/** Which rings need no drain of their own. */

/** Two clocks are compared, AWS's and ours: so far apart they are not. */
const CLOCK_MARGIN_MS = 5000;

/**
 * What a ring tells of was in the stream before it rang. A drain that ended as `idle`, left nothing unsettled, and whose
 * last pull found nothing, has had it, when the ring is older than the start of that pull.
 *
 * @param sentAt when it was rung, milliseconds since 1970; undefined: unknown.
 * @param emptyPullAt when the last empty pull of the last such drain was sent; undefined: there was none.
 */
export function isStale(sentAt: number | undefined, emptyPullAt: number | undefined): boolean {
  if (sentAt === undefined || emptyPullAt === undefined) return false;
  return sentAt + CLOCK_MARGIN_MS < emptyPullAt;
}
