/** Where a consumer stands, and what a change of its filter means for what is before and behind it. */
import type { ConsumerAnswer } from "../../functions/bridge/source/api.ts";
import { areCovered } from "../subjects.ts";

export interface Position {
  /** Every message up to this stream sequence is settled, if it was meant at all. */
  readonly ackFloor: number;
  /** The last stream sequence that was delivered. */
  readonly delivered: number;
  /** Not delivered yet. */
  readonly pending: number;
  /** Delivered, and not settled: they come again. */
  readonly unsettled: number;
}

export function positionOf(answer: ConsumerAnswer): Position {
  return {
    ackFloor: answer.ack_floor.stream_seq,
    delivered: answer.delivered.stream_seq,
    pending: answer.num_pending,
    unsettled: answer.num_ack_pending,
  };
}

/** Still the same consumer, and not behind where it was. */
export function isKept(before: ConsumerAnswer, after: ConsumerAnswer): boolean {
  return (
    before.created === after.created &&
    after.ack_floor.stream_seq >= before.ack_floor.stream_seq &&
    after.delivered.stream_seq >= before.delivered.stream_seq
  );
}

export type Retention = "limits" | "workqueue" | "interest" | "unknown";

export interface FilterChange {
  /** What it means, in sentences. */
  readonly notes: readonly string[];
  /** Why it would lose messages that were delivered already, and are not settled. */
  readonly danger?: string;
}

/** Empty filters: all subjects. */
export function filterChange(
  before: readonly string[],
  after: readonly string[],
  { delivered, unsettled }: Position,
  retention: Retention,
): FilterChange {
  const notes: string[] = [];
  if (!areCovered(after, before)) {
    notes.push(
      `What the new filter adds is delivered from stream sequence ${delivered + 1} on; what is stored before that was passed over, and stays so. A consumer of another name begins anew.`,
    );
  }
  if (areCovered(before, after)) return { notes };
  notes.push(DROPPED[retention]);
  if (unsettled === 0) return { notes };
  if (retention === "limits" || retention === "workqueue") {
    notes.push(`${unsettled} unsettled come again, whether the new filter matches them or not.`);
    return { notes };
  }
  return {
    notes,
    danger: `${unsettled} unsettled: where nobody else wants them, the server removes those that the new filter does not match`,
  };
}

const DROPPED: Readonly<Record<Retention, string>> = {
  limits: "What the new filter does not match is not delivered any more.",
  workqueue:
    "What the new filter does not match stays in the stream, a work queue, until another consumer takes it.",
  interest:
    "What the new filter does not match is removed from the stream, whose retention is by interest, unless another consumer wants it.",
  unknown:
    "What the new filter does not match is not delivered any more; whether the stream keeps it depends on its retention, which this user may not read.",
};
