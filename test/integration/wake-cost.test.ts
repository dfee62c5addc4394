// What a wake costs that finds nothing to do: round trips to NATS, seen through a proxy that delays every byte.
import { afterAll, describe, expect, test } from "vitest";
import { systemClock } from "../../functions/bridge/clock.ts";
import { onMessage } from "../../functions/bridge/handler.ts";
import { bothServers } from "../support/both-servers.ts";
import { handlerBridge } from "../support/in-process.ts";
import { operate } from "../support/jetstream.ts";
import { type NatsProxy, startNatsProxy } from "../support/nats-proxy.ts";
import { startNatsServer } from "../support/nats-server.ts";

const IDLE_MS = 500;

/** One way. */
const DELAYS_MS = [0, 20, 80];

/** The server's greeting comes with the handshakes, but half a way later; a quarter is left for the machine. */
const MOST_ROUND_TRIPS = 4;

const MOST_TRIES = 12;

const measured: string[] = [];

afterAll(() => console.log(measured.join("\n")));

/** An empty wake, without the time that it waits for messages. */
async function wake(proxy: NatsProxy): Promise<number> {
  const sleeper = handlerBridge(
    onMessage(() => undefined),
    {
      NATS_URL: proxy.url,
      JETSTREAM_STREAM: "EMPTY",
      JETSTREAM_CONSUMER: "sleeper",
    },
  );
  const startedAt = systemClock.now();
  const receipt = await sleeper.attempt({ deadline: startedAt + 30_000, idleMs: IDLE_MS });
  expect(receipt).toMatchObject({ stop: "idle", pulled: 0, calls: 0 });
  return systemClock.now() - startedAt - IDLE_MS;
}

/** What it takes where nothing else does: a busy machine only adds. One that is above `most` is tried some more. */
async function leastOf(measure: () => Promise<number>, most: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 3 || (tries < MOST_TRIES && least > most); tries += 1) {
    least = Math.min(least, await measure());
  }
  return least;
}

describe.each(await bothServers())("on $which ($version)", ({ binary, version }) => {
  test.skipIf(!binary)("an empty wake takes at most four round trips", async () => {
    const server = await startNatsServer({ binary: binary! });
    const operator = await operate(server.url);
    await operator.stream("EMPTY");
    await operator.consumer("EMPTY", "sleeper", { ack_wait: 10e9 });
    await using proxy = await startNatsProxy(server);
    const costs: number[] = [];
    for (const delay of DELAYS_MS) {
      proxy.setDelay(delay);
      const most = (costs[0] ?? Number.POSITIVE_INFINITY) + MOST_ROUND_TRIPS * 2 * delay;
      costs.push(await leastOf(() => wake(proxy), most));
    }
    const [local = 0, , far = 0] = costs;
    const roundTrips = (far - local) / (2 * DELAYS_MS.at(-1)!);
    measured.push(
      `${version}: an empty wake takes ${costs.map((ms) => ms.toFixed(0)).join(", ")} ms beside IDLE_TIMEOUT at ${DELAYS_MS.map((ms) => 2 * ms).join(", ")} ms a round trip: ${roundTrips.toFixed(2)} round trips`,
    );
    expect(roundTrips).toBeLessThanOrEqual(MOST_ROUND_TRIPS);
    await operator.close();
    await server.stop();
  });
});
