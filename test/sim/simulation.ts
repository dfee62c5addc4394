/** One seed, played to its end: the models, the bridge between them, and what goes wrong. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import { boundOf, healHandler } from "./bounds.ts";
import type { Plants } from "./plants.ts";
import { Executions } from "./executions.ts";
import { happens, type Moment, schedule } from "./faults.ts";
import { judge } from "./invariants.ts";
import type { Way } from "./jetstream/link.ts";
import type { ModelConsumer } from "./jetstream/model-consumer.ts";
import { ModelServer } from "./jetstream/model-server.ts";
import type { ModelStream } from "./jetstream/model-stream.ts";
import { Ledger } from "./ledger.ts";
import type { Breach } from "./records.ts";
import { grantedMs } from "./lambda-host.ts";
import { bodyText } from "./message-body.ts";
import { ModelQueue } from "./model-queue.ts";
import { OUTPUT_STREAM, publishFate } from "./outputs.ts";
import type { Handling } from "./plan-handling.ts";
import { QueueWeather } from "./queue-weather.ts";
import { Random } from "./random.ts";
import { type PlannedMessage, type Scenario, scenarioOf } from "./scenario.ts";
import { Supervisor } from "./supervisor.ts";
import { Wakes } from "./wakes.ts";
import { World } from "./world.ts";

/** Told to stop, it has stopped within this. */
const STOP_MS: Ms = 60_000;

/** More than this in one seed is a hot loop. */
const MOST_EVENTS = 200_000;

export interface Options {
  readonly plants?: Plants;
  readonly trace?: (line: string) => void;
}

export interface Played {
  readonly breaches: readonly Breach[];
  readonly events: number;
  readonly endedAt: Ms;
}

export async function simulate(seed: number, options: Options = {}): Promise<Played> {
  return new Simulation(scenarioOf(seed), options).play();
}

export class Simulation {
  readonly scenario: Scenario;
  readonly plants: Plants;
  readonly world: World;
  readonly ledger: Ledger;
  readonly server: ModelServer;
  readonly target: ModelQueue;
  readonly deadLetters: ModelQueue;
  readonly targetWeather: QueueWeather;
  readonly deadLettersWeather: QueueWeather;
  readonly executions: Executions;
  /** What a handler does with each message. */
  readonly handlings: Map<number, Handling>;
  /** Of a handler. */
  readonly wakes: Wakes | undefined;
  readonly supervisor: Supervisor;
  readonly way: Way;
  readonly streamName = "ORDERS";
  readonly consumerName = "bridge";
  /** What a stop may be called after. */
  readonly happened: Set<"gone" | "paused"> = new Set();
  /** Faults that wait for something to happen. */
  readonly moments: Map<Moment, readonly (() => void)[]> = new Map();
  connections = 0;
  #extra = 0;
  toldToStopAt: Ms = Number.POSITIVE_INFINITY;

  constructor(scenario: Scenario, options: Options) {
    const random = new Random(scenario.seed ^ 0x5bd1e995);
    this.scenario = scenario;
    this.plants = options.plants ?? {};
    this.world = new World(random.fork(), options.trace);
    this.ledger = new Ledger(this.world, scenario.ackWaitMs);
    this.server = new ModelServer(this.world, scenario.serverVersion, this.ledger);
    if (scenario.isClustered) this.server.cluster();
    this.targetWeather = new QueueWeather(random.fork(), scenario.sqsLatencyMs);
    this.deadLettersWeather = new QueueWeather(random.fork(), scenario.sqsLatencyMs);
    this.target = this.#queue("target", scenario.targetMaxBytes, this.targetWeather);
    this.deadLetters = this.#queue(
      "dead letters",
      scenario.deadLettersMaxBytes,
      this.deadLettersWeather,
    );
    this.way = this.#wayOf(random.fork(), scenario.natsLatencyMs);
    this.executions = new Executions(this.world, this.ledger, scenario);
    this.handlings = new Map(scenario.handler?.handlings);
    const { handler } = scenario;
    this.wakes = handler && new Wakes(this, handler, random.fork(), grantedMs(scenario));
    if (handler) this.#takesOutputs(random.fork());
    this.supervisor = new Supervisor(this);
  }

  get stream(): ModelStream | undefined {
    return this.server.stream(this.streamName);
  }

  get consumer(): ModelConsumer | undefined {
    return this.server.consumer(this.streamName, this.consumerName);
  }

  createStream(): ModelStream {
    this.ledger.anewAt = this.world.now;
    return this.server.createStream(this.streamName, ["orders.>"], this.scenario.retention);
  }

  /** As many as were lost, so that their sequences are given out again. */
  publishMore(count: number): void {
    for (let more = 0; more < count; more++) {
      const uid = this.scenario.messages.length + ++this.#extra;
      this.#publish({ uid, group: "g1", bytes: 20 });
    }
  }

  /** Taken out of the stream before it was settled, by what the scenario does. */
  gone(uid: number, why: string): void {
    const message = this.ledger.published.get(uid);
    if (message) message.goneBecause ??= why;
  }

  async play(): Promise<Played> {
    const { scenario, world, ledger } = this;
    world.trace(() => JSON.stringify({ ...scenario, messages: scenario.messages.length }));
    this.createStream();
    for (const message of scenario.messages) {
      if (message.poison) this.targetWeather.poison.set(message.uid, message.poison);
      if (message.isUnburiable) this.deadLettersWeather.poison.set(message.uid, "permanent");
      world.at(message.at, () => this.#publish(message));
    }
    for (const fault of scenario.faults) schedule(this, fault);
    world.at(scenario.quietAt, () => {
      if (scenario.handler) return healHandler(this);
      // A function names no failure that is for ever: one that fails alone for ever is not always buried.
      if (scenario.target === "function") this.targetWeather.healAll();
      else this.targetWeather.heal();
      this.deadLettersWeather.healAll();
    });
    this.supervisor.start();
    const tooMany = (): boolean => world.events > MOST_EVENTS;
    await world.run(scenario.quietAt + boundOf(this), () => this.#isDone() || tooMany());
    if (tooMany()) ledger.breach(1, `more than ${MOST_EVENTS} events, and no end`);
    await this.#stop();
    judge(this);
    return { breaches: ledger.breaches, events: world.events, endedAt: world.now };
  }

  async #stop(): Promise<void> {
    const { world, supervisor } = this;
    this.toldToStopAt = world.now;
    supervisor.stop();
    await world.run(world.now + STOP_MS, () => supervisor.hasStopped);
    if (!supervisor.hasStopped)
      this.ledger.breach(12, `told to stop, and still running after ${STOP_MS} ms`);
  }

  #isDone(): boolean {
    const { scenario, world, consumer } = this;
    if (world.now <= scenario.quietAt + 100 || !consumer) return false;
    if (!consumer.isDone) return false;
    return scenario.shape === "service" || this.supervisor.idleAt > scenario.quietAt;
  }

  #publish({ uid, group, bytes }: Pick<PlannedMessage, "uid" | "group" | "bytes">): void {
    const data = Buffer.from(bodyText(uid, bytes));
    const stored = this.server.isUp
      ? this.server.publish({ subject: `orders.${group}`, data, headers: new Map(), uid })
      : undefined;
    // Not taken: whoever publishes would know.
    if (!stored) return;
    const streamCreated = this.stream?.created ?? "";
    const place = this.ledger.published.size;
    this.ledger.published.set(uid, {
      uid,
      place,
      group,
      stored,
      publishedAt: this.world.now,
      streamCreated,
      goneBecause: undefined,
    });
    this.wakes?.doorbell?.ring();
  }

  #queue(name: "target" | "dead letters", maxBytes: number, weather: QueueWeather): ModelQueue {
    const isFifo = name === "target" && this.scenario.isOrdered;
    const hasMoment = (moment: Moment): void => happens(this, moment);
    return new ModelQueue(this.world, this.ledger, { name, isFifo, maxBytes, weather, hasMoment });
  }

  #takesOutputs(random: Random): void {
    this.server.createStream(OUTPUT_STREAM, ["out.>"], "limits");
    this.server.publishing = () => publishFate(this, random);
  }

  #wayOf(random: Random, latencyMs: Ms): Way {
    return {
      latency: () => latencyMs * (0.5 + random.next()),
      noticeMs: random.between(10_000, 20_000),
      verdict: (connection, token, payload) => {
        this.ledger.verdict(connection, token, payload);
        happens(this, "next ack");
      },
    };
  }
}
