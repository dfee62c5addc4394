/** One process of the bridge: the real loop, source and sinks over the models, put together as `forward.ts` does it. */
import type { DeadLetters, Message, Ms, Sink, Source } from "../../functions/bridge/core/ports.ts";
import { stopOf } from "../../functions/bridge/core/stop.ts";
import { deadLetterBucket } from "../../functions/bridge/dead-letters/bucket.ts";
import { queueAndBucket } from "../../functions/bridge/dead-letters/queue-and-bucket.ts";
import { deadLetterQueue } from "../../functions/bridge/dead-letters/queue.ts";
import { fillTemplate, parseTemplate } from "../../functions/bridge/map/template.ts";
import { Memory } from "../../functions/bridge/run/memory.ts";
import {
  core,
  type Decisions,
  type Policy,
  type Until,
} from "../../functions/bridge/run/policy.ts";
import { type Receipt, Tally } from "../../functions/bridge/run/receipt.ts";
import { run } from "../../functions/bridge/run/run.ts";
import { supervise } from "../../functions/bridge/run/supervise.ts";
import type { outcomesOf as eventOutcomesOf } from "../../functions/bridge/sinks/eventbridge/answer.ts";
import { eventBridgeSink } from "../../functions/bridge/sinks/eventbridge/sink.ts";
import type { outcomesOf as functionOutcomesOf } from "../../functions/bridge/sinks/lambda/answer.ts";
import { lambdaSink } from "../../functions/bridge/sinks/lambda/sink.ts";
import type { outcomesOf } from "../../functions/bridge/sinks/sqs/answer.ts";
import type { SqsQueue } from "../../functions/bridge/sinks/sqs/call.ts";
import type { SqsEntry } from "../../functions/bridge/sinks/sqs/entry.ts";
import { sqsSink } from "../../functions/bridge/sinks/sqs/sink.ts";
import type { Incarnation } from "../../functions/bridge/source/incarnation.ts";
import { JetStreamSource } from "../../functions/bridge/source/jetstream-source.ts";
import { SourceError } from "../../functions/bridge/source/source-error.ts";
import type { Dial, Wire, WireListener } from "../../functions/bridge/source/wire.ts";
import { connect, type Link } from "./jetstream/link.ts";
import type { RunRecord } from "./ledger.ts";
import { ModelProcess } from "./model-process.ts";
import { modelBucket, modelBus, modelFunction } from "./other-targets.ts";
import type { Scenario } from "./scenario.ts";
import type { Simulation } from "./simulation.ts";

/** Where a test of the simulator plants a bug: decisions, and wrappers around the ports. */
export interface Plants {
  readonly decisions?: Partial<Decisions>;
  readonly read?: typeof outcomesOf;
  readonly readEvents?: typeof eventOutcomesOf;
  readonly readFunction?: typeof functionOutcomesOf;
  readonly deadLetters?: (stores: DeadLetters) => DeadLetters;
  readonly wire?: (wire: Wire, listener: WireListener) => Wire;
  readonly source?: (source: Source) => Source;
  readonly sink?: (sink: Sink<SqsEntry>) => Sink<SqsEntry>;
}

const SOURCE = parseTemplate("nats.{stream}");

const DETAIL_TYPE = parseTemplate("{subject}");

const FUNCTION_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders";

const silent = (): undefined => undefined;

const GROUP = parseTemplate("{subject.2}");

export class BridgeProcess {
  readonly process: ModelProcess;
  readonly links: Set<Link> = new Set();
  /** Told to stop. */
  readonly stopping: AbortController = new AbortController();
  run: RunRecord | undefined;
  lastReceipt: Receipt | undefined;
  hasEnded = false;
  readonly #number: number;
  readonly #simulation: Simulation;
  readonly #memory = new Memory();
  readonly #sink: Sink;
  readonly #deadLetters: DeadLetters | undefined;
  #known: Incarnation | undefined;
  #mayCreate = true;

  constructor(simulation: Simulation, number: number) {
    const { scenario, world } = simulation;
    this.#number = number;
    this.#simulation = simulation;
    this.process = new ModelProcess(world, `p${number}`, world.random);
    const runOf = (): RunRecord => this.run as RunRecord;
    this.#sink = sinkOf(simulation, simulation.target.client(this.process, runOf));
    this.#deadLetters = scenario.hasDeadLetters
      ? deadLettersOf(simulation, simulation.deadLetters.client(this.process, runOf))
      : undefined;
  }

  /** For as long as the process lives. Resolves when it exits by itself. */
  async serve(): Promise<Receipt> {
    const signal = this.stopping.signal;
    const receipt = await supervise(
      () => this.#attempt({ deadline: Number.POSITIVE_INFINITY, signal }),
      this.process.clock,
      signal,
    );
    this.hasEnded = true;
    return receipt;
  }

  /** One invocation. */
  async invoke(grantedMs: Ms): Promise<Receipt> {
    const deadline = this.process.clock.now() + grantedMs;
    return this.#attempt({ deadline, idleMs: 1000 });
  }

  async #attempt(until: Until): Promise<Receipt> {
    const { ledger, plants, scenario, world } = this.#simulation;
    const { clock } = this.process;
    const startedAt = clock.now();
    const record = ledger.started(this.#number);
    this.run = record;
    world.trace(() => `${this.process.name} run ${record.id} starts`);
    const report = (receipt: Receipt): void => {
      if (receipt.stop === null) return;
      world.trace(() => `${this.process.name} run ${record.id} ends: ${JSON.stringify(receipt)}`);
      ledger.ended(record, receipt);
      this.lastReceipt = receipt;
    };
    const observe = (event: string, details?: unknown): void => {
      world.trace(() => `${this.process.name} ${event} ${JSON.stringify(details ?? {})}`);
    };
    try {
      const source = await this.#open(record, observe);
      return await run(
        {
          source: plants.source?.(source) ?? source,
          sink: this.#sink,
          deadLetters: this.#deadLetters,
          clock,
          observe,
          memory: this.#memory,
          report,
        },
        policyOf(scenario, until.deadline - startedAt),
        until,
        { ...core, ...plants.decisions },
      );
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      const stop = error.end === "gone" && !this.#known ? "unavailable" : stopOf(error.end);
      const receipt = new Tally().receipt(stop, error.message, 0, clock.now() - startedAt);
      report(receipt);
      return receipt;
    }
  }

  async #open(
    record: RunRecord,
    observe: (event: string, details?: unknown) => void,
  ): Promise<JetStreamSource> {
    const { scenario, streamName, consumerName } = this.#simulation;
    const { source } = await JetStreamSource.open({
      dial: this.#dialer(record),
      clock: this.process.clock,
      observe,
      wanted: {
        stream: streamName,
        consumer: consumerName,
        filterSubjects: [],
        deliverPolicy: "all",
        ackWaitMs: scenario.ackWaitMs,
        maxAckPending: scenario.maxAckPending,
        leastMaxAckPending: scenario.window,
      },
      management: this.#mayCreate ? "create" : "verify",
      apiPrefix: "$JS.API",
      timeoutMs: scenario.natsTimeoutMs,
      known: this.#known,
    });
    this.#mayCreate = false;
    this.#known = source.incarnation;
    return source;
  }

  #dialer(record: RunRecord): Dial {
    const { ledger, plants, server, way, world } = this.#simulation;
    return async (listener) => {
      const link = await connect(
        world,
        server,
        this.process,
        way,
        listener,
        ++this.#simulation.connections,
      );
      ledger.connected(record, link);
      for (const old of this.links) if (!old.isOpen) this.links.delete(old);
      this.links.add(link);
      return plants.wire?.(link, listener) ?? link;
    };
  }
}

function sinkOf({ plants, scenario, streamName }: Simulation, queue: SqsQueue): Sink {
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
  }
}

function deadLettersOf(simulation: Simulation, client: SqsQueue): DeadLetters {
  const { plants, scenario, streamName } = simulation;
  const queue = deadLetterQueue(client, streamName, silent);
  const bucket = deadLetterBucket(modelBucket(client), streamName);
  const stores = { queue, bucket, both: queueAndBucket(queue, bucket) }[scenario.stores];
  return plants.deadLetters?.(stores) ?? stores;
}

function policyOf(scenario: Scenario, totalMs: Ms): Policy {
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
    sinkTimeoutMs: scenario.sinkTimeoutMs,
    storeTimeoutMs: scenario.sinkTimeoutMs,
    settleReserveMs: Math.min(3 * scenario.natsTimeoutMs, totalMs / 2),
    patienceMs: scenario.patienceMs,
    stateIntervalMs: 5000,
    receiptIntervalMs: 60_000,
    paused: false,
  };
}
