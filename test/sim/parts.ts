/** What a bridge is put together from: sink, dead letters, policy; as `targets.ts` does it. */
import type { DeadLetters, Message, Ms, Sink } from "../../functions/bridge/core/ports.ts";
import { deadLetterBucket } from "../../functions/bridge/dead-letters/bucket.ts";
import { queueAndBucket } from "../../functions/bridge/dead-letters/queue-and-bucket.ts";
import { deadLetterQueue } from "../../functions/bridge/dead-letters/queue.ts";
import { fillTemplate, parseTemplate } from "../../functions/bridge/map/template.ts";
import type { Policy } from "../../functions/bridge/run/policy.ts";
import { eventBridgeSink } from "../../functions/bridge/sinks/eventbridge/sink.ts";
import { lambdaSink } from "../../functions/bridge/sinks/lambda/sink.ts";
import type { SqsQueue } from "../../functions/bridge/sinks/sqs/call.ts";
import { sqsSink } from "../../functions/bridge/sinks/sqs/sink.ts";
import { modelBucket, modelBus, modelFunction } from "./other-targets.ts";
import type { Scenario } from "./scenario.ts";
import type { Simulation } from "./simulation.ts";

const SOURCE = parseTemplate("nats.{stream}");

const DETAIL_TYPE = parseTemplate("{subject}");

const FUNCTION_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders";

const silent = (): undefined => undefined;

/** A handler may take as long as its function. */
const HANDLER_TIMEOUT_MS: Ms = 905_000;

const GROUP = parseTemplate("{subject.2}");

export function sinkOf({ plants, scenario, streamName }: Simulation, queue: SqsQueue): Sink {
  const { batchSize, bisectOnError, concurrency, isOrdered, target, targetMaxBytes } = scenario;
  const common = { batchSize, concurrency, observe: silent };
  switch (target) {
    case "sqs": {
      const fifo = { group: GROUP, deduplicationId: "message-id" } as const;
      const mapping = { origin: streamName, ...(isOrdered && { fifo }) };
      const { read } = plants;
      const sink = sqsSink({ ...common, queue, mapping, ...(read && { read }) });
      return plants.sink?.(sink) ?? sink;
    }
    case "eventbridge": {
      const mapping = { origin: streamName, source: SOURCE, detailType: DETAIL_TYPE };
      const { readEvents: read } = plants;
      const given = { bus: modelBus(queue), maxSize: targetMaxBytes, mapping };
      return eventBridgeSink({ ...common, ...given, ...(read && { read }) });
    }
    case "function": {
      const mapping = { origin: streamName, functionArn: FUNCTION_ARN };
      const { readFunction: read } = plants;
      const given = { target: modelFunction(queue), bisectOnError, mapping };
      return lambdaSink({ ...common, ...given, ...(read && { read }) });
    }
    case "handler":
      throw new Error("a handler runs in the process of the bridge");
  }
}

export function deadLettersOf(simulation: Simulation, client: SqsQueue): DeadLetters {
  const { plants, scenario, streamName } = simulation;
  const queue = deadLetterQueue(client, streamName, silent);
  const bucket = deadLetterBucket(modelBucket(client), streamName);
  const stores = { queue, bucket, both: queueAndBucket(queue, bucket) }[scenario.stores];
  return plants.deadLetters?.(stores) ?? stores;
}

export function policyOf(scenario: Scenario, totalMs: Ms): Policy {
  const order = (message: Message): string | undefined => {
    const text = fillTemplate(GROUP, message);
    return typeof text === "string" ? text : undefined;
  };
  return {
    order: scenario.isOrdered ? order : undefined,
    settlement: {
      ordered: scenario.isOrdered,
      onRejected: scenario.onRejected,
      maximumRetryAttempts: scenario.maximumRetryAttempts,
      retryDelay: { minMs: scenario.retryMinMs, maxMs: scenario.retryMaxMs },
      keepUpToMs: scenario.ackWaitMs / 2,
    },
    window: scenario.window,
    maxBytes: scenario.pullBytes,
    lingerMs: scenario.lingerMs,
    maximumAgeMs: undefined,
    sinkTimeoutMs: scenario.handler ? HANDLER_TIMEOUT_MS : scenario.sinkTimeoutMs,
    storeTimeoutMs: scenario.sinkTimeoutMs,
    settleReserveMs: Math.min(3 * scenario.natsTimeoutMs, totalMs / 2),
    patienceMs: scenario.patienceMs,
    stateIntervalMs: 5000,
    receiptIntervalMs: 60_000,
    paused: false,
  };
}
