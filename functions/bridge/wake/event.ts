/** What woke us. One entry answers them all: a schedule's tick, a doorbell's messages, somebody who invokes it directly. */
import type { Command, Served } from "../core/wake.ts";
import { readBody, readCommand } from "./command.ts";

/** A message of the doorbell queue, as Lambda hands it over. */
export interface DoorbellRecord {
  /** What a partial batch response names. */
  readonly id: string;
  /** When it was rung, milliseconds since 1970; undefined where the queue does not say. */
  readonly sentAt: number | undefined;
  /** How many times in a row the bridge has rung for itself. */
  readonly hops: number;
  /** Of a replay: the message that asked for it first, where the bridge goes on by itself; else this one. */
  readonly replayId: string;
  readonly command: Command | { readonly refused: string };
}

/** What Lambda is answered about the messages of the doorbell queue: these come again. */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export type WakeEvent =
  /** On an interval, or by hand. */
  | { readonly kind: "direct"; readonly command: Command }
  | { readonly kind: "doorbell"; readonly records: readonly DoorbellRecord[] }
  | { readonly kind: "unknown"; readonly problem: string };

/** Attribute of a ring, or of a replay's command, that the bridge has sent for itself. */
export const HOPS_ATTRIBUTE = "jetstream-bridge-hops";

/** Attribute of a replay's command that goes on with another one: its `replayId`. */
export const REPLAY_ATTRIBUTE = "jetstream-bridge-replay";

const EXPECTED =
  'a tick of EventBridge Scheduler or of a rule with a schedule, messages of an SQS queue, {} or {"version":1,"kind":"ring"}, or {"version":1,"kind":"replay","startSequence":1}';

/** `now`: milliseconds since 1970. */
export function readEvent(event: unknown, served: Served, now: number): WakeEvent {
  if (event === undefined || event === null || event === "") return RING;
  if (typeof event !== "object" || Array.isArray(event)) return unknown(typeof event);
  const given = event as Readonly<Record<string, unknown>>;
  if (Object.keys(given).length === 0 || isTick(given)) return RING;
  if (Array.isArray(given["Records"])) return doorbell(given["Records"], served, now);
  if (given["kind"] === undefined) return unknown(`an event with ${keysOf(given)}`);
  const command = readCommand(given, served, now);
  if ("refused" in command) return { kind: "unknown", problem: `event: ${command.refused}` };
  return { kind: "direct", command };
}

const RING: WakeEvent = { kind: "direct", command: { kind: "ring" } };

function isTick(given: Readonly<Record<string, unknown>>): boolean {
  const isSchedule = given["source"] === "aws.scheduler" || given["source"] === "aws.events";
  return isSchedule && given["detail-type"] === "Scheduled Event";
}

function doorbell(records: readonly unknown[], served: Served, now: number): WakeEvent {
  const read = records.map((record) => recordOf(record, served, now));
  const foreign = read.findIndex((record) => record === undefined);
  if (foreign >= 0 || read.length === 0) {
    return unknown(foreign < 0 ? "no records" : `a record ${foreign} that is not of an SQS queue`);
  }
  return { kind: "doorbell", records: read.filter((record) => record !== undefined) };
}

interface SqsRecord {
  readonly messageId?: unknown;
  readonly body?: unknown;
  readonly eventSource?: unknown;
  readonly attributes?: { readonly SentTimestamp?: unknown } | null;
  readonly messageAttributes?: Readonly<
    Record<string, { readonly stringValue?: unknown } | undefined>
  > | null;
}

function recordOf(record: unknown, served: Served, now: number): DoorbellRecord | undefined {
  const { attributes, body, eventSource, messageAttributes, messageId } = (record ??
    {}) as SqsRecord;
  if (typeof messageId !== "string" || eventSource !== "aws:sqs") return undefined;
  const sentAt = numberIn(attributes?.SentTimestamp);
  const hops = numberIn(messageAttributes?.[HOPS_ATTRIBUTE]?.stringValue);
  const replayId = messageAttributes?.[REPLAY_ATTRIBUTE]?.stringValue;
  return {
    id: messageId,
    sentAt: sentAt > 0 ? sentAt : undefined,
    hops: Number.isSafeInteger(hops) && hops > 0 ? hops : 0,
    replayId: typeof replayId === "string" && replayId !== "" ? replayId : messageId,
    command: readBody(typeof body === "string" ? body : "", served, now),
  };
}

/** Attributes are text. */
function numberIn(value: unknown): number {
  return typeof value === "string" ? Number(value) : Number.NaN;
}

function unknown(given: string): WakeEvent {
  return { kind: "unknown", problem: `event: given ${given}, expected ${EXPECTED}` };
}

function keysOf(given: Readonly<Record<string, unknown>>): string {
  const keys = Object.keys(given);
  return `${keys.slice(0, 5).join(", ")}${keys.length > 5 ? ", …" : ""}`;
}
