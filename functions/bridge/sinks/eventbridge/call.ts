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
  /** Rejects when the bus does not exist. A PutEvents to such a bus succeeds, and its events are gone. */
  describe(signal: AbortSignal): Promise<void>;
}

export interface EventBusOptions {
  readonly name: string;
  readonly timeoutMs: number;
  readonly concurrency: number;
}

export function eventBus(options: EventBusOptions): EventBus {
  const { name } = options;
  const region = /^arn:[^:]+:events:([^:]+):/.exec(name)?.[1];
  const client = new EventBridgeClient(clientSettings(region, options));
  return {
    name,
    async put(entries, signal) {
      const Entries = entries.map((entry) => requestEntry(entry, name));
      return client.send(new PutEventsCommand({ Entries }), { abortSignal: signal });
    },
    async describe(signal) {
      await client.send(new DescribeEventBusCommand({ Name: name }), { abortSignal: signal });
    },
  };
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
