/** The one narrow seam to EventBridge: entries in, answer out, or an error. */
import {
  DescribeEventBusCommand,
  EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from "@aws-sdk/client-eventbridge";
import { clientSettings } from "../client-settings.ts";
import type { EventsAnswer } from "./answer.ts";
import type { EventEntry } from "./entry.ts";

export interface EventBus {
  /** Name or ARN. */
  readonly name: string;
  put(entries: readonly EventEntry[], signal: AbortSignal): Promise<EventsAnswer>;
  /** Its ARN. Rejects when the bus does not exist: a PutEvents to such a bus succeeds, and its events are gone. */
  describe(signal: AbortSignal): Promise<string>;
}

export interface EventBusOptions {
  readonly name: string;
  readonly timeoutMs: number;
  readonly concurrency: number;
}

export function eventBus(options: EventBusOptions): EventBus {
  const { name } = options;
  const client = new EventBridgeClient(clientSettings(regionOfBus(name), options));
  return {
    name,
    async put(entries, signal) {
      const Entries = entries.map((entry) => requestEntry(entry, name));
      return client.send(new PutEventsCommand({ Entries }), { abortSignal: signal });
    },
    async describe(signal) {
      const command = new DescribeEventBusCommand({ Name: name });
      return (await client.send(command, { abortSignal: signal })).Arn ?? name;
    },
  };
}

/** That of an ARN; of a name, the SDK looks for one. */
export function regionOfBus(nameOrArn: string): string | undefined {
  return /^arn:[^:]+:events:([^:]+):/.exec(nameOrArn)?.[1];
}

function requestEntry(entry: EventEntry, bus: string): PutEventsRequestEntry {
  return {
    EventBusName: bus,
    Source: entry.source,
    DetailType: entry.detailType,
    Detail: entry.detail,
    Time: new Date(entry.time),
    ...(entry.trace !== undefined && { TraceHeader: entry.trace }),
  };
}
