/** What is written down while a seed is played: runs, messages, tries, and what explains them. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import type { SqsEntry } from "../../functions/bridge/sinks/sqs/entry.ts";
import type { Connection } from "./jetstream/model-server.ts";
import type { StoredMessage } from "./jetstream/model-stream.ts";

export interface Breach {
  readonly law: number;
  readonly text: string;
}

/** One run of the loop, from its first connection to its receipt. */
export interface RunRecord {
  readonly id: number;
  readonly process: number;
  readonly startedAt: Ms;
  endedAt: Ms | undefined;
  receipt: Receipt | undefined;
  readonly connections: Set<Connection>;
  /** Up to when the server has promised a message to this run. */
  readonly leases: Map<number, Lease>;
  /** Acks that the server took from this run, by their tokens. */
  readonly acked: Set<string>;
  /** When the server last told this run how the consumer stands. */
  lookedAt: Ms;
  /** When the server last told this run that nothing is left. */
  sawNothingLeftAt: Ms;
}

interface Lease {
  readonly consumerSequence: number;
  readonly deliveredAt: Ms;
  until: Ms;
}

export interface PublishedMessage {
  readonly uid: number;
  /** The how manieth that was published. */
  readonly place: number;
  readonly group: string;
  readonly stored: StoredMessage;
  readonly publishedAt: Ms;
  /** The stream as it was then; a stream made anew is another one. */
  readonly streamCreated: string;
  /** Taken out of the stream by the scenario before it was settled. */
  goneBecause: string | undefined;
}

/** One entry of one call. */
export interface Try {
  readonly run: RunRecord;
  readonly uid: number;
  readonly target: "target" | "dead letters";
  readonly lease: Lease | undefined;
  readonly entry: SqsEntry;
  readonly sentAt: Ms;
  /** How the model dealt with it. */
  fate: "under way" | "accepted" | "failed" | "permanent" | "call failed";
  /** Accepted, and the target had it before (FIFO, within five minutes): it is not there twice. */
  isDeduplicated: boolean;
  settledAt: Ms;
  /** The answer reached the run, whole and in time, and said what is true. */
  isAnswered: boolean;
  /** The answer did not name it, whatever had become of it. */
  isMissing: boolean;
  /** Other entries of the same call that were accepted, as the answer said. */
  othersAccepted: number;
  /** Another entry of the same call failed; and failed for good. */
  besideFailed: boolean;
  besidePermanent: boolean;
  /** Of a handler: what it said. */
  said?: string;
  /** Of a handler: the first that it published, or was to, and that is not stored. */
  readonly unstored?: () => string | undefined;
}

/** Something that explains why work was done twice or not at once. `run` undefined: all of them. */
export interface Disturbance {
  readonly what: string;
  readonly from: Ms;
  readonly to: Ms;
  readonly run: RunRecord | undefined;
}
