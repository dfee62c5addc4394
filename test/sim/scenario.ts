/** From a seed to everything that is going to be: the bridge's settings, the messages, and what goes wrong when. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import { type Fault, MOMENT_MS } from "./faults.ts";
import { planFaults } from "./plan-faults.ts";
import { type HandlerPlan, withHandler } from "./with-handler.ts";
import type { Poison } from "./queue-weather.ts";
import { Random } from "./random.ts";

export interface PlannedMessage {
  readonly uid: number;
  readonly at: Ms;
  readonly group: string;
  readonly bytes: number;
  readonly poison: Poison | undefined;
  /** The dead letters refuse it as well, until somebody sees to it. */
  readonly isUnburiable: boolean;
}

export interface Scenario {
  readonly seed: number;
  readonly serverVersion: string;
  readonly isClustered: boolean;
  readonly retention: "limits" | "workqueue";
  /** A process that goes on, or one that is started for a while again and again. */
  readonly shape: "service" | "lambda";
  readonly isOrdered: boolean;
  readonly target: "sqs" | "eventbridge" | "function" | "handler";
  /** Where the target is one. */
  readonly handler: HandlerPlan | undefined;
  /** Of a function. */
  readonly bisectOnError: boolean;
  /** Dead letters: in a queue, a bucket, or the bucket what the queue does not take. */
  readonly stores: "queue" | "bucket" | "both";
  readonly onRejected: "bury" | "hold";
  readonly hasDeadLetters: boolean;
  readonly ackWaitMs: Ms;
  readonly window: number;
  readonly maxAckPending: number;
  readonly batchSize: number;
  readonly concurrency: number;
  readonly lingerMs: Ms;
  /** Most bytes of one pull. */
  readonly pullBytes: number;
  readonly natsTimeoutMs: Ms;
  /** Of one call to the target, a handler's apart, or to the dead letters. */
  readonly sinkTimeoutMs: Ms;
  readonly patienceMs: Ms;
  readonly maximumRetryAttempts: number;
  readonly retryMinMs: Ms;
  readonly retryMaxMs: Ms;
  readonly targetMaxBytes: number;
  readonly deadLettersMaxBytes: number;
  readonly natsLatencyMs: Ms;
  readonly sqsLatencyMs: Ms;
  readonly messages: readonly PlannedMessage[];
  readonly faults: readonly Fault[];
  /** Nothing new happens after this. */
  readonly quietAt: Ms;
}

/** So many scenarios have a handler as their target. */
const HANDLERS = 0.3;

const VERSIONS = ["2.9.10", "2.10.27", "2.11.6", "2.15.2"];

export function scenarioOf(seed: number): Scenario {
  const base = forwarding(seed);
  const ofHandlers = new Random(seed ^ 0x2545f491);
  return ofHandlers.chance(HANDLERS) ? withHandler(base, ofHandlers) : base;
}

function forwarding(seed: number): Scenario {
  const random = new Random(seed);
  const isOrdered = random.chance(0.5);
  const isClustered = random.chance(0.3);
  const ackWaitMs = random.pick([2000, 4000, 10_000, 10_000, 30_000]);
  const batchSize = random.pick([1, 3, 10, 10]);
  const concurrency = random.pick([1, 2, 4]);
  const window = batchSize * concurrency * random.pick([1, 2]);
  const targetMaxBytes = random.pick([2048, 4096, 1_048_576]);
  const hasDeadLetters = random.chance(0.9);
  const isHolding = random.chance(0.04);
  const plannedFaults = planFaults(random.fork(), { isClustered, hasDeadLetters });
  const messages = planMessages(random.fork(), targetMaxBytes, hasDeadLetters);
  // By a chance of their own: what a seed was before there were others, it still is.
  const others = new Random(seed ^ 0x1b873593);
  const target =
    isOrdered || others.chance(0.3) ? "sqs" : others.pick(["eventbridge", "function"] as const);
  const stores = others.chance(0.5) ? "queue" : others.pick(["bucket", "both"] as const);
  const faults = plannedFaults.map((fault) => asTold(fault, target));
  return {
    seed,
    serverVersion: random.pick(VERSIONS),
    isClustered,
    retention: random.chance(0.3) ? "workqueue" : "limits",
    shape: random.chance(0.7) ? "service" : "lambda",
    isOrdered,
    target,
    handler: undefined,
    bisectOnError: others.chance(0.5),
    stores,
    onRejected: isHolding ? "hold" : "bury",
    hasDeadLetters,
    ackWaitMs,
    window,
    maxAckPending: window * random.pick([1, 1, 2]),
    batchSize,
    concurrency,
    lingerMs: random.pick([0, 0, 0, 200]),
    pullBytes: random.pick([1_048_576, 1_048_576, 6000, 1500]),
    natsTimeoutMs: random.pick([500, 3000]),
    sinkTimeoutMs: Math.min(random.pick([1000, 5000]), ackWaitMs / 2),
    patienceMs: random.pick([20_000, 60_000]),
    maximumRetryAttempts: random.pick([2, 5, 5, -1]),
    retryMinMs: random.pick([200, 1000]),
    retryMaxMs: random.pick([5000, 20_000]),
    targetMaxBytes,
    deadLettersMaxBytes: 1_048_576,
    natsLatencyMs: random.pick([0.5, 5, 25]),
    sqsLatencyMs: random.pick([2, 10, 60]),
    messages,
    faults,
    quietAt: Math.max(
      messages.at(-1)?.at ?? 0,
      ...faults.map(({ at, lastsMs }) => at + MOMENT_MS + lastsMs),
    ),
  };
}

/** Only SQS tells digests and names an entry twice; only with ids can an answer be in another order, or leave one out. */
function asTold(fault: Fault, target: Scenario["target"]): Fault {
  if (fault.kind !== "weather" || fault.queue !== "target" || target === "sqs") return fault;
  const weather = { ...fault.weather, wrongDigest: 0, contradicting: 0 };
  if (target === "eventbridge") return { ...fault, weather: { ...weather, missing: 0.3 } };
  return { ...fault, weather: { ...weather, missing: 0, reordered: 0 } };
}

/** Some at once at the beginning, the others in bursts over half a minute. */
function planMessages(
  random: Random,
  targetMaxBytes: number,
  hasDeadLetters: boolean,
): readonly PlannedMessage[] {
  const count = random.whole(5, 70);
  const groups = random.pick([1, 3, 10]);
  const poisonous = random.chance(0.4) && hasDeadLetters ? random.pick([0.02, 0.1]) : 0;
  const big = random.chance(0.3) && hasDeadLetters && targetMaxBytes < 10_000 ? 0.05 : 0;
  const messages: PlannedMessage[] = [];
  let at = 0;
  for (let uid = 1; uid <= count; uid++) {
    if (random.chance(0.2)) at += random.pick([0, 50, 1000, 4000]);
    messages.push({
      uid,
      at,
      group: `g${random.whole(1, groups)}`,
      bytes: random.chance(big) ? targetMaxBytes + 100 : random.pick([20, 200, 900]),
      poison: random.chance(poisonous)
        ? random.pick(["permanent", "failing", "refuses call"] as const)
        : undefined,
      isUnburiable: random.chance(0.1),
    });
  }
  return messages;
}
