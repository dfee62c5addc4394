// The first half: the real service forwards to a local queue, event bus or function, and is killed in the middle.
import type { Played, Stage } from "../stage.ts";
import { Relay } from "./relay.ts";
import { startTarget } from "./target.ts";

export async function forward({ natsUrl, options, screen, stream, undo }: Stage): Promise<Played> {
  const target = await startTarget(options);
  undo.push(() => target.stop());
  screen.say(target.place);
  const relay = new Relay({ natsUrl, stream, target, screen, messages: options.messages });
  undo.push(() => relay.stop());

  await relay.forwardAndKill();
  await relay.untilDrained();
  await relay.end();
  return { arrivals: await target.arrivals(), unordered: target.unordered };
}
