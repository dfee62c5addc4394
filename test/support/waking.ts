/** A bridge whose runs end as the test says, and who is woken. */
import { expect } from "vitest";
import type { Bridge } from "../../functions/bridge/bridge.ts";
import { type Receipt, Tally } from "../../functions/bridge/run/receipt.ts";
import { HOPS_ATTRIBUTE } from "../../functions/bridge/wake/event.ts";
import type { BatchResponse } from "../../functions/bridge/wake/event.ts";
import { Waker, type WakePorts } from "../../functions/bridge/wake/wake.ts";
import { SERVED } from "./doorbell.ts";

export const NOW = 1_700_000_000_000;
const DEADLINE = 60_000;

export type Given = Partial<Receipt>;

function receipt(given: Given = {}): Receipt {
  return { ...new Tally().receipt("idle", undefined, 0, 1), drainedForMs: 0, ...given };
}

export interface Made {
  readonly waker: Waker;
  /** What the bridge was asked to do: `drain`, or `replay <id> <start>`. */
  readonly asked: string[];
  /** The hops with which the doorbell was rung again. */
  readonly rung: number[];
  readonly told: string[];
}

interface Answers {
  drain?: () => Given;
  replay?: (id: string) => Given;
  more?: Partial<WakePorts>;
}

/** A bridge whose runs end as told; by default as `idle`. */
export function wakerWith({ drain = () => ({}), more, replay = () => ({}) }: Answers = {}): Made {
  const made = { asked: [] as string[], rung: [] as number[], told: [] as string[] };
  const bridge: Bridge = {
    zombies: 0,
    async attempt(until) {
      expect(until).toEqual({ deadline: DEADLINE, idleMs: 1000 });
      made.asked.push("drain");
      return receipt(drain());
    },
    async replay(given, until) {
      expect(until).toEqual({ deadline: DEADLINE });
      const { id } = given;
      made.asked.push(
        `replay ${id} ${"startTime" in given ? given.startTime : given.startSequence}`,
      );
      return { ...receipt(replay(id)), replay: { consumer: "temporary" } };
    },
  };
  const waker = new Waker({
    bridge,
    now: () => NOW,
    observe: (event) => made.told.push(event),
    served: SERVED,
    idleMs: 1000,
    ringAgain: async (hops) => void made.rung.push(hops),
    ...more,
  });
  return { waker, ...made };
}

export const wake = (waker: Waker, event: unknown = {}): ReturnType<Waker["wake"]> =>
  waker.wake(event, DEADLINE, "invocation-1");

export interface Rung {
  readonly sentAt?: number | undefined;
  readonly hops?: number;
  readonly body?: string;
}

export function record(messageId: string, { body = "", hops, sentAt = NOW }: Rung = {}): object {
  return {
    messageId,
    body,
    eventSource: "aws:sqs",
    attributes: { SentTimestamp: String(sentAt) },
    messageAttributes: hops === undefined ? {} : { [HOPS_ATTRIBUTE]: { stringValue: `${hops}` } },
  };
}

export const replayOf = (startSequence: number): string =>
  JSON.stringify({ version: 1, kind: "replay", startSequence });

export async function ring(
  waker: Waker,
  ...records: readonly object[]
): Promise<readonly string[]> {
  const { batchItemFailures } = (await wake(waker, { Records: records })) as BatchResponse;
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}
