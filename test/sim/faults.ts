/** What can go wrong, and how it is done to the models. */
import type { Ms } from "../../functions/bridge/core/ports.ts";
import type { Simulation } from "./simulation.ts";
import type { Weather } from "./queue-weather.ts";

interface Timed {
  readonly at: Ms;
  /** It is over by then, and whatever it did can be recovered from. */
  readonly lastsMs: Ms;
}

/** At its time, or when something happens next after it: that is where the narrow places are. */
export type Moment = "now" | "next send" | "next answer" | "next ack" | "next long handling";

/** Whatever does not come within this is not waited for. */
export const MOMENT_MS: Ms = 2000;

/** Until every run has noticed what it works on is not what it was. */
const NOTICED_MS: Ms = 15_000;

export type Fault = PlannedFault & { readonly moment: Moment };

export type PlannedFault = Timed &
  (
    | { readonly kind: "kill"; readonly serverSeesAfterMs: Ms; readonly restartAfterMs: Ms }
    | { readonly kind: "freeze" }
    | { readonly kind: "freeze and replace" }
    | { readonly kind: "second copy" }
    | { readonly kind: "cut" }
    | { readonly kind: "half open"; readonly serverSeesAfterMs: Ms }
    | { readonly kind: "stall" }
    | { readonly kind: "leader change"; readonly lossMs: Ms; readonly keepsLast: boolean }
    | { readonly kind: "restart" }
    | { readonly kind: "crash"; readonly forgetsMs: Ms; readonly losesTail: number }
    | { readonly kind: "stream anew"; readonly withConsumer: boolean }
    | { readonly kind: "consumer deleted" }
    | { readonly kind: "pause" }
    | { readonly kind: "purge" | "expiry"; readonly keep: number }
    | {
        readonly kind: "weather";
        readonly queue: "target" | "dead letters";
        readonly weather: Weather;
      }
  );

function begin(simulation: Simulation, fault: Fault): void {
  const { ledger, server, supervisor, world } = simulation;
  world.trace(
    () => `** ${fault.kind} ${JSON.stringify({ ...fault, kind: undefined, at: undefined })}`,
  );
  switch (fault.kind) {
    case "kill":
      return supervisor.kill(fault.serverSeesAfterMs, fault.restartAfterMs);
    case "freeze":
      return supervisor.freeze(fault.lastsMs, false);
    case "freeze and replace":
      return supervisor.freeze(fault.lastsMs, true);
    case "second copy":
      return supervisor.secondCopy(fault.lastsMs);
    case "cut":
      ledger.disturb(fault.kind, 0);
      for (const link of supervisor.links()) link.cut();
      return undefined;
    case "half open":
      ledger.disturb(fault.kind, fault.lastsMs);
      for (const link of supervisor.links()) link.halfOpen(fault.serverSeesAfterMs);
      return undefined;
    case "stall":
      ledger.disturb(fault.kind, fault.lastsMs);
      for (const link of supervisor.links()) link.stall(fault.lastsMs);
      return undefined;
    case "leader change":
      ledger.disturb(fault.kind, fault.lastsMs);
      return server.changeLeader(fault.lossMs, fault.lastsMs - fault.lossMs, fault.keepsLast);
    case "restart":
      ledger.disturb(fault.kind, fault.lastsMs + NOTICED_MS);
      return server.crash(server.snapshots(), fault.lastsMs);
    case "crash":
      return crash(simulation, fault);
    case "stream anew":
      return streamAnew(simulation, fault.lastsMs, fault.withConsumer);
    case "consumer deleted":
      ledger.disturb(fault.kind, NOTICED_MS);
      simulation.happened.add("gone");
      server.deleteConsumer(simulation.streamName, simulation.consumerName);
      return undefined;
    case "pause":
      if (!server.behaviour.canPause) return undefined;
      simulation.happened.add("paused");
      simulation.consumer?.pause(world.now + fault.lastsMs);
      return undefined;
    case "purge":
      return purge(simulation, fault.keep);
    case "expiry":
      return expire(simulation, fault.keep);
    case "weather":
      return weather(simulation, fault.queue, fault.weather, fault.lastsMs);
  }
}

/** Begins when its moment has come. */
export function schedule(simulation: Simulation, fault: Fault): void {
  const { moments, world } = simulation;
  world.at(fault.at, () => {
    if (fault.moment === "now") return begin(simulation, fault);
    let hasBegun = false;
    const start = (): void => {
      if (!hasBegun) begin(simulation, fault);
      hasBegun = true;
    };
    moments.set(fault.moment, [...(moments.get(fault.moment) ?? []), start]);
    world.after(MOMENT_MS, start);
  });
}

/** Something happened for which faults may be waiting; they come at once, or while it is on its way. */
export function happens({ moments, world }: Simulation, moment: Moment): void {
  const waiting = moments.get(moment);
  if (!waiting) return;
  moments.delete(moment);
  for (const start of waiting) world.after(world.random.pick([0, 0, 1, 10, 40]), start);
}

/** What was acked in the last moments before is forgotten: they were not on the disk. */
function crash(simulation: Simulation, fault: Fault & { readonly kind: "crash" }): void {
  const { ledger, server, world } = simulation;
  ledger.disturb(fault.kind, fault.lastsMs + NOTICED_MS);
  const snapshots = server.snapshots();
  world.after(fault.forgetsMs, () => {
    const { stream } = simulation;
    if (stream && fault.losesTail > 0) {
      simulation.happened.add("gone");
      for (const { uid } of stream.loseTail(stream.last - fault.losesTail))
        simulation.gone(uid, "lost with the tail of the stream");
    }
    server.crash(snapshots, fault.lastsMs - fault.forgetsMs);
    // Whoever publishes is back before the bridge is, or after it.
    world.after(fault.lastsMs - fault.forgetsMs + 1, () =>
      simulation.publishMore(2 * fault.losesTail),
    );
  });
}

function streamAnew(simulation: Simulation, lastsMs: Ms, withConsumer: boolean): void {
  const { ledger, server, stream, world } = simulation;
  if (!stream) return;
  ledger.disturb("stream anew", lastsMs + NOTICED_MS);
  simulation.happened.add("gone");
  for (const { uid } of stream.messages) simulation.gone(uid, "deleted with its stream");
  const { consumer } = simulation;
  server.deleteStream(simulation.streamName);
  world.after(lastsMs, () => {
    const made = simulation.createStream();
    if (!withConsumer || !consumer) return;
    // Made anew by somebody who knows its settings, and filled again: the old tokens fit.
    server.createConsumer(made, consumer.name, consumer.config);
    simulation.publishMore(5);
  });
}

function purge(simulation: Simulation, keep: number): void {
  const { server, stream } = simulation;
  if (!stream) return;
  for (const { uid } of server.purge(stream, keep)) simulation.gone(uid, "purged");
}

/** By a limit of the stream. */
function expire(simulation: Simulation, keep: number): void {
  const { consumer, ledger, server, stream } = simulation;
  if (!stream) return;
  for (const { sequence, uid } of server.expire(stream, keep)) {
    simulation.gone(uid, "expired");
    if (!consumer?.isBehind(sequence)) ledger.expiredUndelivered += 1;
  }
}

function weather(
  simulation: Simulation,
  name: "target" | "dead letters",
  next: Weather,
  lastsMs: Ms,
): void {
  const queue = name === "target" ? simulation.targetWeather : simulation.deadLettersWeather;
  simulation.ledger.disturb(`weather at ${name}`, lastsMs);
  queue.begin(next);
  simulation.world.after(lastsMs, () => queue.end(next));
}
