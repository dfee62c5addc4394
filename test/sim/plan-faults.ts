/** Which faults a seed gets: none in one of six, else one to four, each at a random time. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import type { Fault, PlannedFault } from "./faults.ts";
import { FAIR, type Weather } from "./queue-weather.ts";
import type { Random } from "./random.ts";

interface Context {
  readonly isClustered: boolean;
  readonly hasDeadLetters: boolean;
}

type Plan = (random: Random, at: Ms, context: Context) => PlannedFault;

const STOPPING = ["AccessDenied", "QueueDoesNotExist"];
const PASSING = ["ThrottlingException", "InternalFailure", "ServiceUnavailable", "TimeoutError"];

const PLANS: readonly Plan[] = [
  (random, at) => ({
    kind: "kill",
    at,
    lastsMs: 0,
    serverSeesAfterMs: random.pick([0, 0, 1000, 15_000]),
    restartAfterMs: random.pick([0, 500, 5000]),
  }),
  (random, at) => ({ kind: "freeze", at, lastsMs: random.pick([500, 5000, 15_000, 60_000]) }),
  (random, at) => ({
    kind: "freeze and replace",
    at,
    lastsMs: random.pick([500, 5000, 15_000, 60_000]),
  }),
  (random, at) => ({ kind: "second copy", at, lastsMs: random.pick([3000, 20_000, 60_000]) }),
  (_random, at) => ({ kind: "cut", at, lastsMs: 0 }),
  (random, at) => ({
    kind: "half open",
    at,
    lastsMs: 20_000,
    serverSeesAfterMs: random.pick([0, 5000, 60_000]),
  }),
  (random, at) => ({ kind: "stall", at, lastsMs: random.pick([200, 2000, 8000]) }),
  (random, at, { isClustered }) => {
    const lossMs = random.pick([0, 5, 30]);
    if (!isClustered) return { kind: "cut", at, lastsMs: 0 };
    return {
      kind: "leader change",
      at,
      lossMs,
      keepsLast: random.chance(0.5),
      lastsMs: lossMs + random.pick([5, 300, 4000]),
    };
  },
  (random, at) => {
    const forgetsMs = random.between(0, 100);
    const losesTail = random.chance(0.4) ? random.whole(1, 4) : 0;
    return {
      kind: "crash",
      at,
      forgetsMs,
      losesTail,
      lastsMs: forgetsMs + random.pick([50, 2000, 10_000]),
    };
  },
  (random, at) => ({
    kind: "stream anew",
    at,
    lastsMs: random.pick([0, 100, 5000]),
    withConsumer: random.chance(0.5),
  }),
  (_random, at) => ({ kind: "consumer deleted", at, lastsMs: 0 }),
  (random, at) => ({ kind: "pause", at, lastsMs: random.pick([500, 10_000]) }),
  (random, at) => ({
    // Not drawn, so that seeds stay what they were.
    kind: Math.floor(at) % 2 === 0 ? "purge" : "expiry",
    at,
    lastsMs: 0,
    keep: random.pick([0, 3, 20]),
  }),
  weatherFault,
  weatherFault,
  weatherFault,
  weatherFault,
];

export function planFaults(random: Random, context: Context): readonly Fault[] {
  const count = random.chance(1 / 6) ? 0 : random.whole(1, 4);
  return Array.from({ length: count }, () => {
    // Most in the first seconds, where the work is done.
    const at = random.chance(0.5) ? random.between(0, 1000) : random.between(0, 25_000);
    const fault = random.pick(PLANS)(random, at, context);
    const moment = random.chance(0.5)
      ? "now"
      : random.pick(["next send", "next answer", "next ack"] as const);
    return { ...fault, moment };
  });
}

function weatherFault(random: Random, at: Ms, { hasDeadLetters }: Context): PlannedFault {
  const queue = hasDeadLetters && random.chance(0.25) ? "dead letters" : "target";
  return {
    kind: "weather",
    at: at / 2,
    lastsMs: random.pick([500, 5000, 25_000]),
    queue,
    weather: weatherOf(random),
  };
}

function weatherOf(random: Random): Weather {
  switch (random.whole(1, 6)) {
    case 1:
      return { ...FAIR, callFails: random.pick([0.3, 1]), callCodes: PASSING };
    case 2:
      return {
        ...FAIR,
        callFails: random.pick([0.1, 1]),
        callCodes: random.chance(0.5) ? STOPPING : PASSING,
      };
    case 3:
      return { ...FAIR, entryFails: random.pick([0.05, 0.3, 0.8]) };
    case 4:
      return { ...FAIR, answerLost: random.pick([0.1, 0.5]), entryFails: 0.05 };
    case 5:
      return { ...FAIR, slow: random.pick([0.2, 0.8]), slowMs: random.pick([1000, 8000, 40_000]) };
    default:
      return {
        ...FAIR,
        missing: 0.3,
        reordered: 0.3,
        wrongDigest: 0.1,
        contradicting: 0.1,
        entryFails: 0.3,
      };
  }
}
