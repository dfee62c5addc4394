/** The steps against the model, in virtual time. */
import { connect } from "../jetstream/link.ts";
import { ModelServer } from "../jetstream/model-server.ts";
import { ModelProcess } from "../model-process.ts";
import { Random } from "../random.ts";
import { World } from "../world.ts";
import { type Answers, playSteps } from "./play-steps.ts";

export async function playModel(version: string): Promise<Answers> {
  const world = new World(new Random(1));
  const nobody = { acked: ignore, delivered: ignore, extended: ignore, informed: ignore };
  const server = new ModelServer(world, version, nobody);
  const client = new ModelProcess(world, "client", new Random(2));
  const way = { latency: () => 0.5, noticeMs: 10_000, verdict: ignore };
  let connections = 0;
  const answers = playSteps(
    (listener) => connect(world, server, client, way, listener, ++connections),
    client.clock,
  );
  await world.run(60_000);
  return answers;
}

function ignore(): void {}
