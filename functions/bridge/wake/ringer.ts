/** Rings the doorbell of the bridge itself, where it is out of time and not done. */
import { randomUUID } from "node:crypto";
import type { Config } from "../config.ts";
import { lazyQueue } from "../targets.ts";
import { HOPS_ATTRIBUTE } from "./event.ts";

const TIMEOUT_MS = 3000;

const BODY = '{"version":1,"kind":"ring"}';

/** Undefined: there is no doorbell to ring. */
export function ringer(config: Config): ((hops: number) => Promise<void>) | undefined {
  const { doorbellQueueUrl: url, hasOwnSqsEndpoint: hasOwnEndpoint } = config;
  if (url === undefined) return undefined;
  const queue = lazyQueue({ url, timeoutMs: TIMEOUT_MS, concurrency: 1, hasOwnEndpoint });
  return async (hops) => {
    const ring = {
      body: BODY,
      attributes: new Map([[HOPS_ATTRIBUTE, String(hops)]]),
      bytes: BODY.length,
      // One of its own each time: a ring that is taken for the one before would be dropped.
      ...(url.endsWith(".fifo") && { group: "ring", deduplication: randomUUID() }),
    };
    const { Failed = [] } = await queue.send([ring], AbortSignal.timeout(TIMEOUT_MS));
    const [failure] = Failed;
    if (failure) throw new Error(`${failure.Code}: ${failure.Message ?? "no message"}`);
  };
}
