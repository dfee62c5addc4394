/** More time for what is held: a question for each message, and only an answer in time counts. */
import { isOurs } from "../core/lease.ts";
import type { Clock, Held, Ms } from "../core/ports.ts";
import type { Session } from "./session.ts";

/**
 * Extends the leases of those for which the server says so while they last. An answer that comes later proves nothing:
 * the question may have arrived as late, and the server extends what it has delivered to somebody else meanwhile, and
 * does not say whose it is. Never rejects.
 */
export async function extendLeases(
  session: Session,
  held: readonly Held[],
  {
    clock,
    ackWaitMs,
    timeoutMs,
  }: { readonly clock: Clock; readonly ackWaitMs: Ms; readonly timeoutMs: Ms },
): Promise<void> {
  const sentAt = clock.now();
  const extensions = held.map(async (one) => {
    const { status } = await session.request(one.token, "+WPI", timeoutMs);
    // 503: nobody took it.
    if (status === 0 && isOurs(one, clock.now())) one.leaseUntil = sentAt + ackWaitMs;
  });
  await Promise.allSettled(extensions);
}
