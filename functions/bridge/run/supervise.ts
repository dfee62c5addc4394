/** What a process that goes on does between its runs: pause and try again, or give up with the reason. */
import type { Clock, Ms } from "../core/ports.ts";
import { retryDelayMs } from "../core/retry-delay.ts";
import type { Receipt } from "./receipt.ts";

/** Between two runs; grows while they achieve nothing. */
const PAUSE = { minMs: 500, maxMs: 30_000 };

/** A run that lasted so long was no failure to start. */
const LASTING_MS: Ms = 30_000;

/** Runs until told to stop, or until no further run could help (`gone`, `overlap`). Returns the last receipt. */
export async function supervise(
  attempt: () => Promise<Receipt>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Receipt> {
  let failures = 0;
  for (;;) {
    const receipt = await attempt();
    const isFinal = receipt.stop === "gone" || receipt.stop === "overlap";
    if (isFinal || signal.aborted) return receipt;
    const achieved = receipt.acked > 0 || receipt.milliseconds >= LASTING_MS;
    failures = achieved ? 1 : failures + 1;
    await clock.sleep(retryDelayMs(failures, PAUSE, clock.random()), signal);
    if (signal.aborted) return receipt;
  }
}
