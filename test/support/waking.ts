/** A bridge whose runs end as the test says, and who is woken. */
import { expect } from "vitest";
import type { Bridge } from "../../functions/bridge/bridge.ts";
import type { Until } from "../../functions/bridge/run/policy.ts";
import { type Receipt, Tally } from "../../functions/bridge/run/receipt.ts";
import { HOPS_ATTRIBUTE, REPLAY_ATTRIBUTE } from "../../functions/bridge/wake/event.ts";
import type { BatchResponse } from "../../functions/bridge/wake/event.ts";
import { Waker, type WakePorts } from "../../functions/bridge/wake/wake.ts";
import { SERVED } from "./doorbell.ts";

export const NOW = 1_700_000_000_000;
export const DEADLINE = 60_000;

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
  /** Replays that go on with a message of their own: `<id> <hops>`. */
  readonly handedOver: string[];
  /** Of each drain and each replay. */
  readonly deadlines: number[];
  readonly told: string[];
}

interface Answers {
  drain?: () => Given;
  /** `done`: as told; by default where it is `idle` and has nothing unsettled. */
  replay?: (id: string) => Given & { readonly done?: true };
  /** Milliseconds that each of its runs takes of the time it has; default 0. */
  takes?: (deadline: number) => number;
  more?: Partial<WakePorts>;
  /** Handlers that have outlived the first run. */
  zombies?: number;
}

/** A bridge whose runs end as told; by default as `idle`. */
export function wakerWith({
  drain = () => ({}),
  more,
  replay = () => ({}),
  takes = () => 0,
  zombies = 0,
}: Answers = {}): Made {
  const made = {
    asked: [] as string[],
    rung: [] as number[],
    handedOver: [] as string[],
    deadlines: [] as number[],
    told: [] as string[],
  };
  let now = 0;
  const passes = ({ deadline }: Until): void => {
    made.deadlines.push(deadline);
    now += takes(deadline);
  };
  const bridge: Bridge = {
    get zombies() {
      return made.asked.length > 0 ? zombies : 0;
    },
    async attempt(until) {
      expect(until).toEqual({ deadline: expect.any(Number) as number, idleMs: 1000 });
      passes(until);
      made.asked.push("drain");
      return receipt(drain());
    },
    async replay(given, until) {
      expect(until).toEqual({ deadline: expect.any(Number) as number });
      passes(until);
      const { id } = given;
      made.asked.push(
        `replay ${id} ${"startTime" in given ? given.startTime : given.startSequence}`,
      );
      const { done, ...told } = replay(id);
      const ended = receipt(told);
      const isDone = done ?? (ended.stop === "idle" && ended.ackPending === 0);
      return { ...ended, replay: { consumer: "temporary", ...(isDone && { done: true }) } };
    },
  };
  const waker = new Waker({
    bridge,
    clock: { now: () => now },
    now: () => NOW,
    observe: (event) => made.told.push(event),
    served: SERVED,
    idleMs: 1000,
    async ringAgain(hops, going) {
      if (going) made.handedOver.push(`${going.id} ${hops}`);
      else made.rung.push(hops);
    },
    leastRunMs: 0,
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
  /** Of the replay that it goes on with. */
  readonly replayId?: string;
}

export function record(
  messageId: string,
  { body = "", hops, replayId, sentAt = NOW }: Rung = {},
): object {
  return {
    messageId,
    body,
    eventSource: "aws:sqs",
    attributes: { SentTimestamp: String(sentAt) },
    messageAttributes: {
      ...(hops !== undefined && { [HOPS_ATTRIBUTE]: { stringValue: `${hops}` } }),
      ...(replayId !== undefined && { [REPLAY_ATTRIBUTE]: { stringValue: replayId } }),
    },
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
