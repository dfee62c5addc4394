/** The real sink of a handler round the model of a user's one, and what it tells the loop, overheard. */
import { handlerLog } from "../../functions/bridge/sinks/handler/definition.ts";
import type { Delivery } from "../../functions/bridge/core/outcome.ts";
import type { PublishTo } from "../../functions/bridge/sinks/handler/publishing.ts";
import {
  type HandlerEntry,
  type HandlerSink,
  handlerSink,
} from "../../functions/bridge/sinks/handler/sink.ts";
import type { JetStreamSource } from "../../functions/bridge/source/jetstream-source.ts";
import { SourceError } from "../../functions/bridge/source/source-error.ts";
import { modelHandler, type Residence } from "./model-handler.ts";
import type { Simulation } from "./simulation.ts";

const silent = (): undefined => undefined;

const LOG = handlerLog(silent);

/** `current`: the source of the run that goes on, as in `bridge.ts`. */
export function handlerSinkOf(
  simulation: Simulation,
  where: Residence,
  current: () => JetStreamSource | undefined,
): HandlerSink {
  const { consumerName, plants, scenario, streamName } = simulation;
  const publishTo: PublishTo = async (subject, data, id) => {
    const source = current();
    if (!source) throw new SourceError("broken", "the run of this message is over");
    return source.publish(subject, data, id);
  };
  const definition = modelHandler(simulation, where);
  const make = (): HandlerSink =>
    handlerSink({
      definition,
      origin: streamName,
      consumer: consumerName,
      batchSize: scenario.batchSize,
      concurrency: scenario.concurrency,
      clock: where.process.clock,
      log: () => LOG,
      publishTo: plants.publishTo?.(publishTo) ?? publishTo,
      ...(plants.readVerdict && { read: plants.readVerdict }),
    });
  return overheard(simulation, where, plants.handlerSink?.(make) ?? make());
}

function overheard(
  { executions }: Simulation,
  { process }: Residence,
  real: HandlerSink,
): HandlerSink {
  const deliver = async (
    batch: readonly HandlerEntry[],
    signal: AbortSignal,
  ): Promise<Delivery> => {
    const delivery = await real.deliver(batch, signal);
    if (delivery.kind === "unavailable") return delivery;
    for (const [position, { id }] of batch.entries()) {
      const outcome = delivery.outcomes[position];
      if (outcome) executions.heard(process, id, outcome);
    }
    return delivery;
  };
  return {
    limits: real.limits,
    get zombies() {
      return real.zombies;
    },
    ready: (signal) => real.ready(signal),
    prepare: (message) => real.prepare(message),
    size: (prepared) => real.size(prepared),
    deliver,
  };
}
