import { expect, test } from "vitest";
import type { Held } from "../../../functions/bridge/core/ports.ts";
import { extendLeases } from "../../../functions/bridge/source/extending.ts";
import { Session } from "../../../functions/bridge/source/session.ts";
import type { Wire, WireListener } from "../../../functions/bridge/source/wire.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeWire } from "../../support/fake-wire.ts";
import { held } from "../../support/messages.ts";

const ACK_WAIT_MS = 2000;
const TIMEOUT_MS = 3000;

/** Asks for more time when 700 ms of the ack wait have gone by, and hears `status` so much later. */
async function extendedAfter(answerMs: number, status = 0): Promise<Held & { askedAt: number }> {
  const clock = new FakeClock();
  const wire = new FakeWire();
  const session = await Session.open(
    async (listener: WireListener): Promise<Wire> => Object.assign(wire, { listener }),
    clock,
    { delivery: () => undefined, status: () => undefined, ended: () => undefined },
  );
  const one = held(1, clock.now() + ACK_WAIT_MS);
  await clock.advance(700);
  const askedAt = clock.now();
  const asked = { clock, ackWaitMs: ACK_WAIT_MS, timeoutMs: TIMEOUT_MS };
  const extended = extendLeases(session, [one], asked);
  await clock.advance(answerMs);
  wire.arrives(wire.replies[0] ?? "", { status });
  await clock.advance(TIMEOUT_MS);
  await extended;
  return { ...one, askedAt };
}

test("the lease counts from the moment at which more time was asked for", async () => {
  const { askedAt, leaseUntil } = await extendedAfter(1299);
  expect(leaseUntil).toBe(askedAt + ACK_WAIT_MS);
});

test.each<[string, number, number]>([
  ["comes when the lease is over", 1300, 0],
  ["comes when it is long over", 1900, 0],
  ["says that nobody took it", 10, 503],
  ["does not come", TIMEOUT_MS + 1, 0],
])("a lease stays as it is when the answer %s", async (_what, answerMs, status) => {
  const { askedAt, leaseUntil } = await extendedAfter(answerMs, status);
  expect(leaseUntil).toBe(askedAt - 700 + ACK_WAIT_MS);
});
