// A replay that is cut short, with messages stored before it goes on: it ends where it was to end when it began.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sorted } from "../support/arrivals.ts";
import { bothServers } from "../support/both-servers.ts";
import { ask, ASKING, type HandlerRoute, handlerRoute } from "../support/handler-route.ts";
import { operate, type Operator } from "../support/jetstream.ts";
import { eventually } from "../support/lane.ts";
import { type Parts, startParts } from "../support/parts.ts";
import { record, replayOf as replayFrom } from "../support/waking.ts";
import { type Answer, type Asked, type Receiver, startReceiver } from "../support/receiver.ts";

const replayOf = (granted: number): { granted: number; event: object; requestId: string } => ({
  granted,
  event: { version: 1, kind: "replay", startSequence: 3 },
  requestId: "r-1",
});

/** Much more than is needed. */
const LONG = 60_000;

const never = (): Promise<Answer> => new Promise(() => undefined);

/** Sequences in the order in which they were asked for. */
function handled({ asked }: Receiver, from = 0): readonly number[] {
  return asked.slice(from).map(sequenceOf);
}

const sequenceOf = ({ key }: Pick<Asked, "key">): number => Number(key.split("/")[1]);

/** Two groups by turns. */
function publish(route: HandlerRoute, count: number): Promise<void> {
  const groups = Array.from({ length: count }, (_, at) => (at % 2 === 0 ? "a" : "b"));
  return route.publish(...groups.map((group) => [group, {}] as const));
}

describe.concurrent.each(await bothServers())("on $which", ({ binary }) => {
  let parts: Parts;
  let operator: Operator;

  beforeAll(async () => {
    if (!binary) return;
    parts = await startParts({ binary });
    operator = await operate(parts.server.url);
  });
  afterAll(async () => {
    await operator?.close();
    await parts?.[Symbol.asyncDispose]();
  });

  async function temporaryOf({ consumer, stream }: HandlerRoute): Promise<string | undefined> {
    for await (const { name } of operator.jsm.consumers.list(stream))
      if (name !== consumer) return name;
    return undefined;
  }

  test.skipIf(!binary)(
    "by a kill: what was stored since is left to the durable consumer",
    async () => {
      const route = await handlerRoute(parts, operator, "KILLED");
      const fifth = Promise.withResolvers<void>();
      await using receiver = await startReceiver((asked) => {
        if (asked.time > 1 || sequenceOf(asked) !== 5) return {};
        fifth.resolve();
        return never();
      });
      await publish(route, 8);
      const settings = { ...ask(receiver.url), CONCURRENCY: "1" };
      const first = route.start(ASKING, settings, replayOf(LONG));
      await Promise.race([fifth.promise, first.ended]);
      first.kill();
      await first.ended;
      expect(handled(receiver)).toEqual([3, 4, 5]);
      await publish(route, 4);
      const { invocations } = await route.start(ASKING, settings, replayOf(LONG)).ended;
      expect(invocations).toMatchObject([
        { receipt: { stop: "idle", pending: 0, replay: { lastSequence: 8, nextSequence: 9 } } },
      ]);
      // The ack of the fourth may have been cut off, too.
      const again = [...new Set(handled(receiver, 3))].filter((one) => one !== 4);
      expect(sorted(again)).toEqual([5, 6, 7, 8]);
      expect(await temporaryOf(route)).toBeUndefined();
      expect(await route.left()).toEqual([0, 12]);
    },
  );

  test.skipIf(!binary)(
    "by its time, in order: order holds, and what came beyond its end is not in the way",
    async () => {
      const route = await handlerRoute(parts, operator, "ORDERED");
      let isDelivered = false;
      await using receiver = await startReceiver(async (asked) => {
        if (asked.time > 1 || sequenceOf(asked) !== 5) return {};
        // Delivered to the replay before its time is up, and back in the server's hands before the next run.
        await publish(route, 4);
        const name = (await temporaryOf(route))!;
        await eventually(async () => {
          const { delivered } = await operator.info(route.stream, name);
          expect(delivered.stream_seq).toBe(14);
        });
        isDelivered = true;
        return never();
      });
      await publish(route, 10);
      const settings = {
        ...ask(receiver.url, { groupBy: "{subject.2}" }),
        NATS_TIMEOUT: "1s",
        JETSTREAM_ACK_WAIT: "2s",
      };
      await operator.jsm.consumers.update(route.stream, route.consumer, { ack_wait: 2e9 });
      const { invocations } = await route.start(ASKING, settings, replayOf(12_000)).ended;
      expect(isDelivered).toBe(true);
      expect(invocations).toMatchObject([
        { receipt: { stop: "deadline", replay: { lastSequence: 10 } } },
      ]);
      await publish(route, 4);
      const before = receiver.asked.length;
      const second = await route.start(ASKING, settings, replayOf(LONG)).ended;
      expect(second.invocations).toMatchObject([
        { receipt: { stop: "idle", pending: 0, replay: { lastSequence: 10, nextSequence: 11 } } },
      ]);
      for (const group of [0, 1]) {
        const once = handled(receiver).filter((one) => one % 2 === group);
        const again = handled(receiver, before).filter((one) => one % 2 === group);
        expect([...new Set(once)]).toEqual(
          [3, 4, 5, 6, 7, 8, 9, 10].filter((one) => one % 2 === group),
        );
        expect(again).toEqual(sorted(again));
      }
      expect(await temporaryOf(route)).toBeUndefined();
    },
  );

  test.skipIf(!binary)(
    "by its end: all was settled by then, and it does not begin anew",
    async () => {
      const route = await handlerRoute(parts, operator, "DONE");
      // As long as these took no other could be handled in the time that is left.
      await using receiver = await startReceiver(async () => sleep(4000, {}));
      await publish(route, 5);
      const command = record("m-1", { body: replayFrom(3) });
      const wakes = [10_000, LONG].map((granted) => ({ granted, event: { Records: [command] } }));
      const { invocations } = await route.start(ASKING, ask(receiver.url), ...wakes).ended;
      expect(invocations).toMatchObject(wakes.map(() => ({ receipt: { batchItemFailures: [] } })));
      expect(sorted(handled(receiver))).toEqual([3, 4, 5]);
      expect(await temporaryOf(route)).toBeUndefined();
    },
  );
});
