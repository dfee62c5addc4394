// The model of nats-server in test/sim against real ones: the same steps at the wire have the same answers. A release
// of nats-server that changes one of them shows here.
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { systemClock } from "../../functions/bridge/clock.ts";
import { dialer } from "../../functions/bridge/source/connection.ts";
import { playModel } from "../sim/conformance/play-model.ts";
import { type Answers, playAgain, playSteps } from "../sim/conformance/play-steps.ts";
import { bothServers } from "../support/both-servers.ts";
import { startNatsServer } from "../support/nats-server.ts";

/** Steps last as long as they are told: on a busy machine one may be late, each time another. */
const MOST_AGAIN = 3;

function differing(wanted: Answers, said: Answers): readonly string[] {
  return Object.keys(wanted).filter((name) => !isDeepStrictEqual(said[name], wanted[name]));
}

test.for(await bothServers())("the model answers as $which does", async ({ binary }, { skip }) => {
  if (!binary) return skip("this server cannot be had here");
  const server = await startNatsServer({ binary });
  try {
    const dial = dialer({
      servers: [`127.0.0.1:${server.port}`],
      credentials: {},
      inboxPrefix: "_INBOX",
      timeoutMs: 3000,
      name: "conformance",
    });
    const wanted = await playModel(server.version);
    const said: Record<string, unknown> = { ...(await playSteps(dial, systemClock)) };
    for (let again = 1; again <= MOST_AGAIN && differing(wanted, said).length > 0; again += 1) {
      Object.assign(said, await playAgain(dial, systemClock, differing(wanted, said), again));
    }
    expect(said).toEqual(wanted);
  } finally {
    await server.stop();
  }
});
