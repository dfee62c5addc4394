/** One process of the bridge: the real loop, source and sinks over the models, put together as `forward.ts` does it. */
import type { DeadLetters, Ms, Sink } from "../../functions/bridge/core/ports.ts";
import { stopOf } from "../../functions/bridge/core/stop.ts";
import { Memory } from "../../functions/bridge/run/memory.ts";
import { core, type Until } from "../../functions/bridge/run/policy.ts";
import { type Receipt, Tally } from "../../functions/bridge/run/receipt.ts";
import { run } from "../../functions/bridge/run/run.ts";
import { supervise } from "../../functions/bridge/run/supervise.ts";
import type { HandlerSink } from "../../functions/bridge/sinks/handler/sink.ts";
import type { Incarnation } from "../../functions/bridge/source/incarnation.ts";
import { JetStreamSource } from "../../functions/bridge/source/jetstream-source.ts";
import { SourceError } from "../../functions/bridge/source/source-error.ts";
import type { Dial } from "../../functions/bridge/source/wire.ts";
import { handlerSinkOf } from "./handler-sink.ts";
import { connect, type Link } from "./jetstream/link.ts";
import type { RunRecord } from "./records.ts";
import { ModelProcess } from "./model-process.ts";
import type { Sandbox } from "./sandbox.ts";
import { deadLettersOf, policyOf, sinkOf } from "./parts.ts";
import type { Simulation } from "./simulation.ts";

interface Surroundings {
  readonly sandbox: Sandbox | undefined;
  /** Called by a handler that ends its process. */
  exit(one: BridgeProcess): void;
}

export class BridgeProcess {
  readonly process: ModelProcess;
  readonly number: number;
  /** Its disk, in Lambda. */
  readonly sandbox: Sandbox | undefined;
  readonly links: Set<Link> = new Set();
  /** Told to stop. */
  readonly stopping: AbortController = new AbortController();
  run: RunRecord | undefined;
  lastReceipt: Receipt | undefined;
  hasEnded = false;
  readonly #simulation: Simulation;
  readonly #memory: Memory;
  readonly #sink: Sink;
  readonly #handlers: HandlerSink | undefined;
  readonly #deadLetters: DeadLetters | undefined;
  /** Of the run that goes on. */
  #current: JetStreamSource | undefined;
  #known: Incarnation | undefined;
  #mayCreate = true;

  constructor(simulation: Simulation, number: number, around: Surroundings) {
    const { sandbox } = around;
    const { plants, scenario, world } = simulation;
    this.sandbox = sandbox;
    this.#memory = new Memory(sandbox && (plants.journal?.(sandbox) ?? sandbox));
    this.number = number;
    this.#simulation = simulation;
    this.process = new ModelProcess(world, `p${number}`, world.random);
    const runOf = (): RunRecord => this.run as RunRecord;
    const where = { process: this.process, runOf, exit: () => around.exit(this) };
    this.#handlers = scenario.handler && handlerSinkOf(simulation, where, () => this.#current);
    this.#sink =
      this.#handlers ?? sinkOf(simulation, simulation.target.client(this.process, runOf));
    this.#deadLetters = scenario.hasDeadLetters
      ? deadLettersOf(simulation, simulation.deadLetters.client(this.process, runOf))
      : undefined;
  }

  /** For as long as the process lives. Resolves when it exits by itself. */
  async serve(): Promise<Receipt> {
    const signal = this.stopping.signal;
    const receipt = await supervise(
      () => this.attempt({ deadline: Number.POSITIVE_INFINITY, signal }),
      this.process.clock,
      signal,
    );
    this.hasEnded = true;
    return receipt;
  }

  /** One invocation. */
  async invoke(grantedMs: Ms): Promise<Receipt> {
    const deadline = this.process.clock.now() + grantedMs;
    return this.attempt({ deadline, idleMs: 1000 });
  }

  /** Messages whose handler goes on although its run has ended. */
  get zombies(): number {
    return this.#handlers?.zombies ?? 0;
  }

  /** As in `bridge.ts`. */
  async attempt(until: Until): Promise<Receipt> {
    const { ledger, plants, scenario, world } = this.#simulation;
    const { clock } = this.process;
    const startedAt = clock.now();
    const record = ledger.started(this.number);
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
      this.#current = source;
      const receipt = await run(
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
      this.#current = undefined;
      return this.#forgetGone(receipt);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      const stop = error.end === "gone" && !this.#known ? "unavailable" : stopOf(error.end);
      const receipt = new Tally().receipt(stop, error.message, 0, clock.now() - startedAt);
      report(receipt);
      return this.#forgetGone(receipt);
    }
  }

  #forgetGone(receipt: Receipt): Receipt {
    if (receipt.stop === "gone") {
      this.#known = undefined;
      this.#memory.clear();
    }
    return receipt;
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
