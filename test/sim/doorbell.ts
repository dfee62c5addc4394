/**
 * The doorbell's queue: FIFO, one group, and a batch that is not answered comes again after the visibility timeout. It
 * delivers at least once. `SentTimestamp` is AWS's clock.
 */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import { HOPS_ATTRIBUTE } from "../../functions/bridge/wake/event.ts";
import type { BatchResponse } from "../../functions/bridge/wake/event.ts";
import { EPOCH_MS } from "./jetstream/model-server.ts";
import type { DoorbellPlan } from "./with-handler.ts";
import type { Random } from "./random.ts";
import type { Simulation } from "./simulation.ts";

/** Beyond the time of an invocation. */
const VISIBILITY_MARGIN_MS: Ms = 30_000;

const MOST_OF_A_BATCH = 10;

export interface Ring {
  readonly id: string;
  readonly sentAt: Ms;
  readonly hops: number;
  visibleAt: Ms;
  /** Handed out, if it is out of sight. */
  isTaken: boolean;
}

/** As Lambda hands it over. */
export function recordOf({ hops, id, sentAt }: Ring): unknown {
  return {
    messageId: id,
    eventSource: "aws:sqs",
    body: '{"version":1,"kind":"ring"}',
    attributes: { SentTimestamp: String(EPOCH_MS + Math.floor(sentAt)) },
    messageAttributes: { [HOPS_ATTRIBUTE]: { stringValue: String(hops) } },
  };
}

export class Doorbell {
  readonly #simulation: Simulation;
  readonly #plan: DoorbellPlan;
  readonly #random: Random;
  readonly #visibilityMs: Ms;
  /** Told when there may be something to take. */
  readonly #onVisible: () => void;
  #rings: Ring[] = [];
  #count = 0;

  constructor(simulation: Simulation, random: Random, invocationMs: Ms, onVisible: () => void) {
    this.#simulation = simulation;
    this.#plan = simulation.scenario.handler?.doorbell as DoorbellPlan;
    this.#random = random;
    this.#visibilityMs = invocationMs + VISIBILITY_MARGIN_MS;
    this.#onVisible = onVisible;
  }

  /** All that was rung is answered. */
  get isEmpty(): boolean {
    return this.#rings.length === 0;
  }

  /** By whoever publishes: now, later, twice, or never. */
  ring(): void {
    const { doubled, delayed, lost } = this.#plan;
    const random = this.#random;
    if (random.chance(lost)) return;
    this.#send(random.chance(delayed) ? random.pick([500, 5000, 40_000]) : 0, 0);
    if (random.chance(doubled)) this.#send(random.pick([0, 3000]), 0);
  }

  /** By the bridge itself; false: it did not get through. */
  ringAgain(hops: number): boolean {
    const { scenario, world } = this.#simulation;
    if (world.now < scenario.quietAt && this.#random.chance(this.#plan.ringFails)) return false;
    this.#send(0, hops);
    return true;
  }

  /** The oldest, out of sight for a while; nothing while others of the group are. */
  take(): readonly Ring[] {
    const { now } = this.#simulation.world;
    if (this.#rings.some(({ isTaken, visibleAt }) => isTaken && visibleAt > now)) return [];
    const taken = this.#rings.filter(({ visibleAt }) => visibleAt <= now).slice(0, MOST_OF_A_BATCH);
    for (const ring of taken) this.#hide(ring);
    return taken;
  }

  /** What is not named as failed is done with, unless the queue hands it out once more. */
  answered(taken: readonly Ring[], answer: BatchResponse | "failed"): readonly Ring[] {
    if (answer === "failed") return [];
    const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    const done = taken.filter(({ id }) => !failed.has(id));
    const { scenario, world } = this.#simulation;
    const isQuiet = world.now >= scenario.quietAt;
    const gone = new Set(done.filter(() => isQuiet || !this.#random.chance(this.#plan.again)));
    this.#rings = this.#rings.filter((ring) => !gone.has(ring));
    this.#onVisible();
    return done;
  }

  #send(delayMs: Ms, hops: number): void {
    const { world } = this.#simulation;
    const ring = {
      id: `ring${++this.#count}`,
      sentAt: world.now,
      hops,
      visibleAt: 0,
      isTaken: false,
    };
    this.#rings.push(ring);
    this.#appears(ring, delayMs);
  }

  #hide(ring: Ring): void {
    ring.isTaken = true;
    this.#appears(ring, this.#visibilityMs);
  }

  #appears(ring: Ring, afterMs: Ms): void {
    const { world } = this.#simulation;
    ring.visibleAt = world.now + afterMs;
    world.after(afterMs, this.#onVisible);
  }
}
