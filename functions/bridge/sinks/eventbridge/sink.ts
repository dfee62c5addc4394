/** An EventBridge bus as a target. */
import type { Delivery } from "../../core/outcome.ts";
import type { Observe, Sink } from "../../core/ports.ts";
import { answered, deliverOrHalve } from "../failed-call.ts";
import { readiness } from "../ready.ts";
import { outcomesOf } from "./answer.ts";
import type { EventBus } from "./call.ts";
import { EVENTBRIDGE_CODES } from "./codes.ts";
import { eventEntry, type EventEntry, type EventMapping } from "./entry.ts";

/** Most entries of one PutEvents. EventBridge API Reference. */
const PUT_EVENTS_ENTRIES = 10;

/** The sum of a request may reach this in every region. */
const REQUEST_BYTES = 262_144;

export interface EventBridgeSinkOptions {
  readonly bus: EventBus;
  readonly mapping: EventMapping;
  readonly batchSize: number;
  readonly concurrency: number;
  /** Most bytes of an entry. */
  readonly maxSize: number;
  readonly observe: Observe;
  /** How an answer is read; the simulator plants its bugs here. */
  readonly read?: typeof outcomesOf;
}

export function eventBridgeSink(options: EventBridgeSinkOptions): Sink<EventEntry> {
  const { bus, mapping, maxSize, observe, read = outcomesOf } = options;
  return {
    limits: {
      entries: Math.min(options.batchSize, PUT_EVENTS_ENTRIES),
      bytes: Math.max(maxSize, REQUEST_BYTES),
      concurrency: options.concurrency,
    },
    ready: readiness({
      async ask(signal) {
        await bus.describe(signal);
      },
      target: bus.name,
      codes: EVENTBRIDGE_CODES,
      notReadable: (reason) =>
        observe("bus-not-readable", {
          bus: bus.name,
          reason,
          consequence: "a bus that does not exist drops every event, and nothing tells",
          advice: "allow events:DescribeEventBus",
        }),
    }),
    prepare(message) {
      const entry = eventEntry(message, mapping);
      if ("rejected" in entry || entry.bytes <= maxSize) return entry;
      return { rejected: `${entry.bytes} bytes as an event, and EVENT_MAX_SIZE is ${maxSize}` };
    },
    size: (entry) => entry.bytes,
    deliver(batch, signal, isOver = () => signal.aborted) {
      const send = async (entries: readonly EventEntry[]): Promise<Delivery> =>
        answered(read(entries, await bus.put(entries, signal)), EVENTBRIDGE_CODES);
      return deliverOrHalve(batch, { send, target: bus.name, codes: EVENTBRIDGE_CODES, isOver });
    },
  };
}
