/** Rings the doorbell of the bridge itself, where it is out of time and not done. */
import { randomUUID } from "node:crypto";
import type { Config } from "../config.ts";
import type { Replay } from "../replay.ts";
import { lazyQueue } from "../targets.ts";
import { HOPS_ATTRIBUTE, REPLAY_ATTRIBUTE } from "./event.ts";

/** AWS cuts chains of a function that rings itself after 16. */
export const MOST_HOPS = 10;

/** A ring, or the command of a replay that goes on. `hops`: so many times in a row, this one included. */
export type RingAgain = (hops: number, replay?: Replay) => Promise<void>;

const TIMEOUT_MS = 3000;

/** Undefined: there is no doorbell to ring. */
export function ringer(config: Config): RingAgain | undefined {
  const { doorbellQueueUrl: url, hasOwnSqsEndpoint: hasOwnEndpoint } = config;
  if (url === undefined) return undefined;
  const queue = lazyQueue({ url, timeoutMs: TIMEOUT_MS, concurrency: 1, hasOwnEndpoint });
  return async (hops, replay) => {
    const body = bodyOf(replay);
    const ring = {
      body,
      attributes: new Map([
        [HOPS_ATTRIBUTE, String(hops)],
        ...(replay ? ([[REPLAY_ATTRIBUTE, replay.id]] as const) : []),
      ]),
      bytes: body.length,
      // One of its own each time: a ring that is taken for the one before would be dropped.
      ...(url.endsWith(".fifo") && {
        group: replay ? "command" : "ring",
        deduplication: randomUUID(),
      }),
    };
    const { Failed = [] } = await queue.send([ring], AbortSignal.timeout(TIMEOUT_MS));
    const [failure] = Failed;
    if (failure) throw new Error(`${failure.Code}: ${failure.Message ?? "no message"}`);
  };
}

/** The command as it was: the temporary consumer is compared with it. */
function bodyOf(replay: Replay | undefined): string {
  if (!replay) return '{"version":1,"kind":"ring"}';
  const { id: _, ...command } = replay;
  return JSON.stringify({ version: 1, kind: "replay", ...command });
}
