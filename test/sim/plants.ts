/** Where a test of the simulator plants a bug: decisions, and wrappers around the ports. */
import type { DeadLetters, Sink, Source } from "../../functions/bridge/core/ports.ts";
import type { Journal } from "../../functions/bridge/run/journal.ts";
import type { Decisions } from "../../functions/bridge/run/policy.ts";
import type { outcomesOf as eventOutcomesOf } from "../../functions/bridge/sinks/eventbridge/answer.ts";
import type { outcomesOf as functionOutcomesOf } from "../../functions/bridge/sinks/lambda/answer.ts";
import type { outcomesOf } from "../../functions/bridge/sinks/sqs/answer.ts";
import type { PublishTo } from "../../functions/bridge/sinks/handler/publishing.ts";
import type { HandlerSink } from "../../functions/bridge/sinks/handler/sink.ts";
import type { outcomeOf as verdictOutcomeOf } from "../../functions/bridge/sinks/handler/verdict.ts";
import type { SqsEntry } from "../../functions/bridge/sinks/sqs/entry.ts";
import type { Wire, WireListener } from "../../functions/bridge/source/wire.ts";
import type { Waker, WakePorts } from "../../functions/bridge/wake/wake.ts";

/** What answers an event. */
export type Woken = Pick<Waker, "wake">;

export interface Plants {
  readonly decisions?: Partial<Decisions>;
  readonly read?: typeof outcomesOf;
  readonly readEvents?: typeof eventOutcomesOf;
  readonly readFunction?: typeof functionOutcomesOf;
  readonly deadLetters?: (stores: DeadLetters) => DeadLetters;
  readonly wire?: (wire: Wire, listener: WireListener) => Wire;
  readonly source?: (source: Source) => Source;
  readonly sink?: (sink: Sink<SqsEntry>) => Sink<SqsEntry>;
  /** Of a handler. `make`: the real one; each that is made knows nothing of the others. */
  readonly handlerSink?: (make: () => HandlerSink) => HandlerSink;
  readonly readVerdict?: typeof verdictOutcomeOf;
  readonly publishTo?: (publishTo: PublishTo) => PublishTo;
  readonly journal?: (journal: Journal) => Journal;
  readonly wake?: (ports: WakePorts) => WakePorts;
  readonly waker?: (waker: Woken) => Woken;
}
