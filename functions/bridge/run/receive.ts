/** Takes what a pull brought into our hands, and, where order is kept, looks whether it is all there is. */
import type { Held } from "../core/ports.ts";
import type { Ending, Work } from "./work.ts";

/** A hole in the consumer's count is the end of the run: something older may be on its way to somebody else, or back. */
export async function receive<P, D>(
  work: Work<P, D>,
  delivered: readonly Held[],
): Promise<Ending | undefined> {
  const sequences = delivered.map(({ message }) => message.consumerSequence);
  work.receive(delivered);
  if (!work.isOrdered || sequences.length === 0) return undefined;
  const last = work.decisions.follow(work.consumerSequence, sequences);
  if (last === undefined) return gapEnding(work, sequences);
  work.consumerSequence = last;
  work.pulls.mayHaveGap = false;
  return undefined;
}

/**
 * Somebody else pulls too; or the leader has changed: a replicated consumer counts its deliveries first and sends them
 * then, and what was to be sent goes down with the old leader. The next run recovers from either, and sees a real
 * overlap while it only watches.
 */
async function gapEnding<P, D>(work: Work<P, D>, sequences: readonly number[]): Promise<Ending> {
  const before = work.state?.leader;
  const state = await work.look();
  const isSameLeader = !("end" in state) && state.leader === before;
  const found = `consumer sequences ${sequences.slice(0, 3).join(", ")} … arrived after ${work.consumerSequence}`;
  if (isSameLeader && !work.pulls.mayHaveGap) {
    return { stop: "overlap", reason: `${found}: somebody else pulls from this consumer too` };
  }
  return { stop: "broken", reason: `${found}: the leader of the consumer has changed` };
}
