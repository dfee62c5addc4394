/** A bus, a function and a bucket that answer as they are told, and remember what they were sent. */
import type { Bucket } from "../../functions/bridge/dead-letters/bucket.ts";
import type { EventsAnswer } from "../../functions/bridge/sinks/eventbridge/answer.ts";
import type { EventBus } from "../../functions/bridge/sinks/eventbridge/call.ts";
import type { EventEntry } from "../../functions/bridge/sinks/eventbridge/entry.ts";
import type { FunctionAnswer } from "../../functions/bridge/sinks/lambda/answer.ts";
import type { TargetFunction } from "../../functions/bridge/sinks/lambda/call.ts";
import { utf8 } from "./messages.ts";

export interface FakeBus extends EventBus {
  /** The entries of each call. */
  readonly calls: readonly (readonly EventEntry[])[];
}

interface FakeBusAnswers {
  put?: (entries: readonly EventEntry[]) => EventsAnswer;
  describe?: () => void;
}

export function fakeBus({ put = allPut, describe }: FakeBusAnswers = {}): FakeBus {
  const calls: (readonly EventEntry[])[] = [];
  return {
    name: "orders",
    calls,
    async put(entries) {
      calls.push(entries);
      return put(entries);
    },
    async describe() {
      describe?.();
      return "arn:aws:events:eu-west-1:123456789012:event-bus/orders";
    },
  };
}

export function allPut(entries: readonly EventEntry[]): EventsAnswer {
  return { Entries: entries.map((_, at) => ({ EventId: `event-${at}` })) };
}

/** One record of the event that a function gets; the rest is as SQS has it. */
interface EventRecord {
  readonly messageId: string;
  readonly body: string;
}

export interface FakeFunction extends TargetFunction {
  /** The bodies of each call. */
  readonly calls: readonly (readonly string[])[];
}

interface FakeFunctionAnswers {
  invoke?: (records: readonly EventRecord[]) => FunctionAnswer;
  check?: () => void;
}

export const FUNCTION_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:ship-order";

export function fakeFunction(answers: FakeFunctionAnswers = {}): FakeFunction {
  const { check, invoke = () => ({}) } = answers;
  const calls: string[][] = [];
  return {
    arn: FUNCTION_ARN,
    calls,
    async invoke(event) {
      const { Records } = JSON.parse(event) as { Records: readonly EventRecord[] };
      calls.push(Records.map(({ body }) => body));
      return invoke(Records);
    },
    async check() {
      check?.();
    },
  };
}

/** What a function returned. */
export function returned(value: unknown): FunctionAnswer {
  return { Payload: utf8(JSON.stringify(value)) };
}

/** What Lambda says of a function that threw. */
export function threw(errorMessage: string, errorType: string = "Error"): FunctionAnswer {
  return {
    FunctionError: "Unhandled",
    Payload: utf8(JSON.stringify({ errorType, errorMessage, trace: [] })),
  };
}

interface StoredObject {
  readonly key: string;
  readonly body: Uint8Array | string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface FakeBucket extends Bucket {
  readonly objects: readonly StoredObject[];
}

/** `refuse` throws for what is not to be stored. */
export function fakeBucket(refuse: (key: string) => void = () => undefined): FakeBucket {
  const objects: StoredObject[] = [];
  return {
    name: "letters",
    objects,
    async put(key, body, metadata) {
      refuse(key);
      objects.push({ key, body, metadata });
    },
  };
}
