// The way to NATS is bad: slow, cut, stuck, half open. Nothing is lost, and order holds.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { expectArrivals, expectGoodEnd } from "../support/arrivals.ts";
import { type NatsProxy, startNatsProxy } from "../support/nats-proxy.ts";
import { partsOfFile } from "../support/parts-of-file.ts";

const COUNT = 1500;

const { parts } = await partsOfFile();

/** What happens to the link, from the moment when the first acks are on their way. */
const TROUBLES: Readonly<Record<string, (nats: NatsProxy) => Promise<void>>> = {
  "every byte comes 20 ms late": async (nats) => {
    nats.setDelay(20);
  },
  "it is reset again and again": async (nats) => {
    for (let i = 0; i < 5; i += 1) {
      nats.cut();
      await sleep(500);
    }
  },
  "everything is stuck for two seconds, and then all comes at once": async (nats) => {
    nats.setMode("pause");
    await sleep(2000);
    nats.setMode("pass");
  },
  "it is half open: what is sent is lost, and nobody says so": async (nats) => {
    nats.setMode("drop");
    await sleep(2500);
    nats.setMode("pass");
    // The bytes in between are missing: neither side can make sense of what follows on these connections.
    nats.cut();
  },
};

const cases = Object.entries(TROUBLES).flatMap(([name, trouble], i) => [
  [`${name} (standard)`, { id: `standard-${i}`, fifo: false, trouble }] as const,
  [`${name} (fifo)`, { id: `fifo-${i}`, fifo: true, trouble }] as const,
]);

describe.concurrent("the link to NATS", () => {
  test.each(cases)("%s", async (_, { id, fifo, trouble }) => {
    const route = await parts.route(id, { fifo });
    await using nats = await startNatsProxy(parts.server);
    await route.publish(COUNT);
    let acks = 0;
    const inTheMiddle = Promise.withResolvers<void>();
    nats.watch((bytes) => {
      if (bytes.includes("PUB $JS.ACK.")) acks += 1;
      if (acks === 3) inTheMiddle.resolve();
      return bytes;
    });
    await using bridge = route.start({
      NATS_URL: nats.url,
      NATS_TIMEOUT: "1s",
      JETSTREAM_ACK_WAIT: "3s",
    });
    await inTheMiddle.promise;
    await trouble(nats);
    await route.drained(45_000);
    await expectGoodEnd(bridge);
    await expectArrivals(parts, route, COUNT);
    for (const receipt of bridge.receipts().filter(({ stop }) => stop !== null)) {
      const { acked, buried, held, pulled, released, retried, unconfirmed } = receipt;
      expect(acked + retried + buried + released + unconfirmed).toBe(pulled);
      expect(held).toBe(0);
    }
  });
});
