/** A scenario in which the target is a user's handler: how it is run and woken. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import { type Fault, MOMENT_MS } from "./faults.ts";
import { type Handling, planHandlings } from "./plan-handling.ts";
import type { Random } from "./random.ts";
import type { PlannedMessage, Scenario } from "./scenario.ts";

export interface HandlerPlan {
  readonly kind: "one" | "batch";
  readonly handlings: ReadonlyMap<number, Handling>;
  /** Of what it publishes: refused, lost, or the answer lost. */
  readonly publishFails: number;
  /** How often the disk of a sandbox is lost with its process. */
  readonly losesSandbox: number;
  /** Between two ticks of the schedule. */
  readonly tickMs: Ms;
  /** Undefined: it is woken by its schedule alone. */
  readonly doorbell: DoorbellPlan | undefined;
  readonly missesTicks: number;
  /** The schedule begins only when all that was rung is answered: until then nothing but the doorbell wakes it. */
  readonly ringsAlone: boolean;
  /** Of the wall clock of the process, against that of everybody else. */
  readonly skewMs: Ms;
}

export interface DoorbellPlan {
  readonly lost: number;
  readonly doubled: number;
  readonly delayed: number;
  /** A batch that was answered is handed out once more. */
  readonly again: number;
  /** What the bridge rings itself does not get through. */
  readonly ringFails: number;
}

/** In so many the ack wait is short, and the way to the server is closed while a handler is at work. */
const LAPSING = 0.25;

/** In so many nothing but the doorbell wakes it. */
const RINGS_ALONE = 0.4;

const LAPSED = {
  ackWaitMs: 2000,
  sinkTimeoutMs: 1000,
  natsTimeoutMs: 3000,
  isOrdered: false,
} satisfies Partial<Scenario>;

/** A scenario with a handler: as Lambda runs it, one message a call unless the handler takes batches. */
export function withHandler(forwarding: Scenario, random: Random): Scenario {
  const isLapsing = random.chance(LAPSING);
  const base = isLapsing ? { ...forwarding, ...LAPSED } : forwarding;
  const kind = isLapsing || random.chance(0.7) ? "one" : "batch";
  const batchSize = kind === "one" ? 1 : base.batchSize;
  const concurrency = random.pick(isLapsing ? [4, 16] : [1, 2, 4, 16]);
  const window = batchSize * concurrency * 2;
  const given = isLapsing ? base.messages.map((one) => ({ ...one, at: 0 })) : base.messages;
  const messages = inBursts(random.fork(), given);
  const ringsAlone = random.chance(RINGS_ALONE);
  const others = isLapsing && random.chance(0.7) ? [] : base.faults;
  const faults = [
    ...others,
    ...(isLapsing ? [longStall(random, base)] : []),
    ...(ringsAlone ? [awayWhileAwake(random, messages)] : []),
  ];
  return {
    ...base,
    shape: "lambda",
    target: "handler",
    batchSize,
    concurrency,
    window,
    messages,
    faults,
    quietAt: Math.max(
      messages.at(-1)?.at ?? 0,
      ...faults.map(({ at, lastsMs }) => at + MOMENT_MS + lastsMs),
    ),
    maxAckPending: window * random.pick([1, 1, 2]),
    handler: {
      kind,
      handlings: planHandlings(random.fork(), base, isLapsing),
      publishFails: random.pick([0, 0, 0.05, 0.3]),
      losesSandbox: random.pick([0, 0.1, 0.5]),
      tickMs: random.pick([base.ackWaitMs / 2, 10_000, 60_000]),
      doorbell: ringsAlone || random.chance(0.4) ? planDoorbell(random.fork()) : undefined,
      missesTicks: random.pick([0, 0.3]),
      ringsAlone,
      skewMs: random.between(-4500, 4500),
    },
  };
}

/** Some come long after the others, when the bridge is asleep. */
function inBursts(random: Random, messages: readonly PlannedMessage[]): readonly PlannedMessage[] {
  const pauses = Array.from({ length: random.pick([0, 1, 3]) }, () => ({
    before: random.whole(1, messages.length),
    ms: random.pick([3000, 10_000, 40_000]),
  }));
  return messages.map((message) => {
    const passed = pauses.filter(({ before }) => message.uid >= before);
    const at = passed.reduce((sum, { ms }) => sum + ms, message.at);
    return { ...message, at, poison: undefined };
  });
}

/** So long that the leases of what is being handled run out. */
function longStall(random: Random, { ackWaitMs }: Scenario): Fault {
  const lastsMs = ackWaitMs * random.between(1, 1.8);
  return { kind: "stall", moment: "next long handling", at: 0, lastsMs };
}

/** The run for some rings goes wrong, and they come back. */
function awayWhileAwake(random: Random, messages: readonly PlannedMessage[]): Fault {
  const { at } = random.pick(messages);
  return { kind: "restart", moment: "next send", at, lastsMs: random.pick([3000, 10_000]) };
}

function planDoorbell(random: Random): DoorbellPlan {
  return {
    lost: random.pick([0, 0.2, 0.5]),
    doubled: random.pick([0, 0.2]),
    delayed: random.pick([0, 0.3]),
    again: random.pick([0, 0.2]),
    ringFails: random.pick([0, 0, 0.3]),
  };
}
