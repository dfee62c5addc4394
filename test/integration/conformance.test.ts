// The model of nats-server in test/sim against real ones: the same steps at the wire have the same answers. A release
// of nats-server that changes one of them shows here.
import { expect, test } from "vitest";
import { systemClock } from "../../functions/bridge/clock.ts";
import { dialer } from "../../functions/bridge/source/connection.ts";
import { playModel } from "../sim/conformance/play-model.ts";
import { playSteps } from "../sim/conformance/play-steps.ts";
import { bothServers } from "../support/both-servers.ts";
import { startNatsServer } from "../support/nats-server.ts";

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
    expect(await playModel(server.version)).toEqual(await playSteps(dial, systemClock));
  } finally {
    await server.stop();
  }
});
