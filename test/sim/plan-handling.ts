/** What a user's handler does with each message: from a seed. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import type { Random } from "./random.ts";
import type { Scenario } from "./scenario.ts";

export type Deed =
  | "throws"
  | "retries"
  | "rejects"
  /** Reads JSON that is none. */
  | "misreads"
  | "returns nonsense"
  /** Never ends, and takes no notice of its signal. */
  | "hangs"
  /** Never ends by itself, and throws once its signal is aborted. */
  | "waits for its signal"
  /** Takes seconds, and takes no notice of its signal. */
  | "takes long"
  /** Takes seconds, and throws once its signal is aborted. */
  | "takes long, and listens"
  /** Ends its process. */
  | "exits";

export interface Handling {
  readonly takesMs: Ms;
  /** Undefined: it returns. */
  readonly deed?: Deed;
  /** In so many executions; after that it returns. */
  readonly times: number;
  /** Of a retry, as the handler writes it. */
  readonly after?: string;
  /** Subjects to which it publishes. */
  readonly publishes: readonly string[];
  /** It waits for each to be stored; else it leaves that to the bridge. */
  readonly awaitsStored: boolean;
}

const DEEDS: readonly Deed[] = [
  "throws",
  "throws",
  "retries",
  "retries",
  "rejects",
  "misreads",
  "returns nonsense",
  "takes long",
];

const LONG_DEEDS: readonly Deed[] = ["takes long", "takes long, and listens"];

const LONG: ReadonlySet<Deed | undefined> = new Set(LONG_DEEDS);

/** They take a whole run, or a process, each time: a few of them in a scenario. */
const FATAL_DEEDS: readonly Deed[] = ["hangs", "waits for its signal", "exits", "exits"];

export const FATAL: ReadonlySet<Deed> = new Set(FATAL_DEEDS);

/** Their messages are buried at once. */
export const REJECTING: ReadonlySet<Deed | undefined> = new Set(["rejects", "misreads"] as const);

const MANY = 5;

const AFTER = [undefined, "200ms", "1s", "3s", "20s", "1m30s"];

const ALWAYS = Number.POSITIVE_INFINITY;

/** `isLapsing`: some last longer than their lease, if that is not extended. */
export function planHandlings(
  random: Random,
  base: Scenario,
  isLapsing: boolean,
): ReadonlyMap<number, Handling> {
  const trouble = isLapsing ? 0.3 : random.pick([0, 0.1, 0.3]);
  const deeds = isLapsing ? LONG_DEEDS : DEEDS;
  const publishing = random.pick([0, 0.5]);
  // Some take about as long as a lease lasts.
  const usualMs = random.pick([0, 0, 0, Math.min(base.ackWaitMs, 4000)]);
  let fatalLeft = base.hasDeadLetters ? random.pick([0, 0, 1, 1, 2, MANY]) : 0;
  // Each costs a run or a process: so many may only end their process, which is soon done.
  const fatalDeeds = fatalLeft === MANY ? (["exits"] as const) : FATAL_DEEDS;
  const isFatal = fatalLeft / base.messages.length;
  const handlings = new Map<number, Handling>();
  for (const { uid } of base.messages) {
    const fatal = fatalLeft > 0 && random.chance(2 * isFatal);
    if (fatal) fatalLeft -= 1;
    const deed = fatal
      ? random.pick(fatalDeeds)
      : random.chance(trouble)
        ? random.pick(deeds)
        : undefined;
    handlings.set(uid, handlingOf(random, deed, { publishing, usualMs }, base));
  }
  return handlings;
}

function handlingOf(
  random: Random,
  deed: Deed | undefined,
  { publishing, usualMs }: { readonly publishing: number; readonly usualMs: Ms },
  { hasDeadLetters }: Scenario,
): Handling {
  const after = random.pick(AFTER);
  const publishes = random.chance(publishing)
    ? random.pick([["out.a"], ["out.a", "out.a"], ["out.a", "out.b"]])
    : [];
  // Without dead letters nothing may be for ever.
  const isRejected = REJECTING.has(deed) && !hasDeadLetters;
  return {
    takesMs: LONG.has(deed)
      ? random.between(2000, 7000)
      : usualMs * random.between(0.2, 1.6) + random.pick([0, 2, 20, 20, 150]),
    ...(deed && !isRejected && { deed }),
    times: timesOf(random, deed, hasDeadLetters),
    ...(after !== undefined && { after }),
    publishes,
    awaitsStored: random.chance(0.5),
  };
}

function timesOf(random: Random, deed: Deed | undefined, hasDeadLetters: boolean): number {
  if (REJECTING.has(deed) || LONG.has(deed)) return ALWAYS;
  if (deed === "retries") return random.pick([1, 1, 2, 4]);
  return hasDeadLetters ? random.pick([1, 2, ALWAYS]) : 1;
}
