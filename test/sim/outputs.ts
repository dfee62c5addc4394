/** What the user's handler publishes, in a stream that recognises its ids. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import { DUPLICATE_WINDOW_MS } from "./jetstream/model-stream.ts";
import type { PublishFate } from "./jetstream/model-server.ts";
import type { Random } from "./random.ts";
import type { Simulation } from "./simulation.ts";

export const OUTPUT_STREAM = "OUTPUT";

const NANOS_PER_MS = 1e6;

/** Which one it is, whatever id it was given. */
export function outputText(uid: number, subject: string, ordinal: number): string {
  return `m${uid} ${subject} ${ordinal}`;
}

/** What becomes of the next message that is published; all is taken once it is quiet. */
export function publishFate({ scenario, world }: Simulation, random: Random): PublishFate {
  const fails = scenario.handler?.publishFails ?? 0;
  if (world.now >= scenario.quietAt || !random.chance(fails)) return "taken";
  return random.pick(["refused", "lost", "answer lost"] as const);
}

/** The first that was to be published for this message, and is not in its stream. */
export function unstored(simulation: Simulation, uid: number): string | undefined {
  const publishes = simulation.handlings.get(uid)?.publishes ?? [];
  if (publishes.length === 0) return undefined;
  const stored = storedAt(simulation);
  const counts = new Map<string, number>();
  return publishes
    .map((subject) => {
      const ordinal = (counts.get(subject) ?? 0) + 1;
      counts.set(subject, ordinal);
      return outputText(uid, subject, ordinal);
    })
    .find((text) => !stored.has(text));
}

/** Law 9: within the window of its stream each of them is there once. */
export function judgeOutputs(simulation: Simulation): void {
  for (const [text, times] of storedAt(simulation)) {
    for (const [place, at] of times.entries()) {
      const before = times[place - 1];
      if (before === undefined || at - before >= DUPLICATE_WINDOW_MS) continue;
      simulation.ledger.breach(
        9,
        `"${text}" was stored twice, ${(at - before).toFixed(0)} ms apart`,
      );
    }
  }
}

function storedAt({ server }: Simulation): ReadonlyMap<string, readonly Ms[]> {
  const stored = new Map<string, Ms[]>();
  for (const { data, timestampNanos } of server.stream(OUTPUT_STREAM)?.messages ?? []) {
    const text = Buffer.from(data).toString();
    const at = Number(timestampNanos) / NANOS_PER_MS;
    stored.set(text, [...(stored.get(text) ?? []), at]);
  }
  return stored;
}
