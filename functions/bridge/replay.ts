/** Messages that a stream still has, handled once more: through a consumer of its own that is removed afterwards. */
import { hash } from "node:crypto";
import type { ReplayStart } from "./core/wake.ts";
import type { Receipt } from "./run/receipt.ts";
import type { WantedConsumer } from "./source/consumer.ts";
import type { JetStreamSource } from "./source/jetstream-source.ts";

export type Replay = ReplayStart & {
  /** Of the command: one that is delivered again goes on where it was. */
  readonly id: string;
};

export interface ReplayFacts {
  readonly startSequence?: number;
  readonly startTime?: string;
  /** The temporary consumer. */
  readonly consumer: string;
  /** The stream starts here. */
  readonly firstSequence?: number;
  /** The stream ended here when the replay began, and so does the replay, however many runs it takes. */
  readonly lastSequence?: number;
  /** The messages up to before `firstSequence` that were asked for and are not in the stream any more. */
  readonly gone?: { readonly from: number; readonly to: number };
  /** Everything before this is settled: a replay that was cut short goes on from here. */
  readonly nextSequence?: number;
  /** Everything up to its end is settled, whatever its last run stopped as: it does not go on. */
  readonly done?: true;
}

export type ReplayReceipt = Receipt & { readonly replay: ReplayFacts };

/** The temporary consumer is removed by the server when nobody has pulled from it for so long. */
const INACTIVE_MS = 3_600_000;

/** Of the durable one it has the filter and the settings; its name comes from the command, its start too. */
export function replayWanted(durable: WantedConsumer, replay: Replay): WantedConsumer {
  const name = `${durable.consumer}-replay-${hash("sha256", replay.id).slice(0, 12)}`;
  const { startSequence: _sequence, startTime: _time, ...rest } = durable;
  const common = { ...rest, consumer: name, temporary: { inactiveMs: INACTIVE_MS } } as const;
  return "startTime" in replay
    ? { ...common, deliverPolicy: "by_start_time", startTime: replay.startTime }
    : { ...common, deliverPolicy: "by_start_sequence", startSequence: replay.startSequence };
}

export function replayFacts(
  replay: Replay,
  consumer: string,
  source: Pick<JetStreamSource, "extent" | "isFinished"> | undefined,
): ReplayFacts {
  const start: ReplayStart =
    "startTime" in replay
      ? { startTime: replay.startTime }
      : { startSequence: replay.startSequence };
  const { first, last, settled } = source?.extent ?? {};
  const wanted = "startSequence" in replay ? replay.startSequence : undefined;
  const isGone = wanted !== undefined && first !== undefined && first > wanted;
  return {
    ...start,
    consumer,
    ...(first !== undefined && { firstSequence: first }),
    ...(last !== undefined && { lastSequence: last }),
    ...(isGone && { gone: { from: wanted, to: first - 1 } }),
    ...(settled !== undefined && { nextSequence: Math.max(settled + 1, wanted ?? 1, first ?? 1) }),
    ...(source?.isFinished && { done: true }),
  };
}
