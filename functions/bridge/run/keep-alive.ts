/** What is held stays ours while calls are under way. */
import type { Work } from "./work.ts";

/** Runs `calls`, and meanwhile asks for more time for all that is held; `lapsed` when it was not granted. */
export async function whileExtending<P, D, T>(
  work: Work<P, D>,
  calls: (lapsed: AbortSignal) => Promise<T>,
): Promise<T> {
  const done = new AbortController();
  const lapsed = new AbortController();
  const keepAlive = async (): Promise<void> => {
    while (!done.signal.aborted) {
      await work.ports.clock.sleep((work.state?.ackWaitMs ?? 0) / 3, done.signal);
      if (done.signal.aborted) return;
      const notOurs = await work.extend();
      if (notOurs.length > 0) lapsed.abort("lapsed");
    }
  };
  const extending = keepAlive();
  const result = await calls(lapsed.signal);
  done.abort("done");
  await extending;
  return result;
}
