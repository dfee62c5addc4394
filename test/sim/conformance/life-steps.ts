/** Consumers and streams that come, go, change and pause. */
import type { Bench } from "./bench.ts";
import { type Step, WAIT } from "./step.ts";

export const LIFE_STEPS: readonly Step[] = [
  {
    name: "purged while held",
    async play(bench) {
      await bench.setUp({ messages: 2 });
      await bench.pulled({ batch: 2, ...WAIT });
      const token = bench.token(1);
      await bench.api(`STREAM.PURGE.${bench.stream}`);
      const counts = await bench.counts();
      await bench.put();
      return [
        counts,
        await bench.ask("+ACK", token),
        await bench.pulled({ batch: 2, no_wait: true }),
      ];
    },
  },
  {
    name: "purged before it was delivered: where the consumer stands",
    async play(bench) {
      await bench.setUp({ messages: 3 });
      await bench.pulled({ batch: 1, ...WAIT });
      const before = await deliveredUpTo(bench);
      await bench.api(`STREAM.PURGE.${bench.stream}`);
      const after = await deliveredUpTo(bench);
      await bench.put();
      return [before, after, await deliveredUpTo(bench), await bench.counts()];
    },
  },
  {
    name: "made when the first messages are gone: where the consumer stands",
    async play(bench) {
      await bench.setUp({ messages: 3 });
      await bench.api(`STREAM.PURGE.${bench.stream}`);
      await bench.put();
      await bench.api(`CONSUMER.DELETE.${bench.stream}.${bench.consumer}`);
      await bench.makeConsumer();
      return [await deliveredUpTo(bench), await bench.counts()];
    },
  },
  {
    name: "consumer deleted while a pull waits",
    async play(bench) {
      await bench.setUp();
      bench.pull({ batch: 2, ...WAIT });
      await bench.clock.sleep(50);
      await bench.api(`CONSUMER.DELETE.${bench.stream}.${bench.consumer}`);
      return bench.arrived(800);
    },
  },
  {
    name: "consumer missing: a pull, an ack, its state",
    async play(bench) {
      await bench.setUp({ messages: 1 });
      await bench.pulled({ batch: 1, ...WAIT });
      const token = bench.token(1);
      await bench.api(`CONSUMER.DELETE.${bench.stream}.${bench.consumer}`);
      const pulled = await bench.pulled({ batch: 1, ...WAIT }, 800);
      return [pulled, await bench.ask("+ACK", token), errorOf(await bench.info())];
    },
  },
  {
    name: "stream missing: the state of its consumer, and its own",
    async play(bench) {
      return [errorOf(await bench.info()), errorOf(await bench.api(`STREAM.INFO.${bench.stream}`))];
    },
  },
  {
    name: "created twice: the same, and with another ack wait",
    async play(bench) {
      await bench.setUp();
      const same = await bench.makeConsumer({}, { action: "create" });
      const different = await bench.makeConsumer({ ackWaitMs: 5000 }, { action: "create" });
      return [errorOf(same), errorOf(different)];
    },
  },
  {
    name: "stream and consumer made anew: an old ack settles a new message",
    async play(bench) {
      await bench.setUp({ messages: 1 });
      await bench.pulled({ batch: 1, ...WAIT });
      const token = bench.token(1);
      const before = (await bench.info())["created"];
      await bench.api(`STREAM.DELETE.${bench.stream}`);
      await bench.setUp({ messages: 1 });
      const again = await bench.pulled({ batch: 1, ...WAIT });
      const answer = await bench.ask("+ACK", token);
      return [again, answer, await bench.counts(), (await bench.info())["created"] === before];
    },
  },
  {
    name: "nothing is delivered to whoever has stopped receiving",
    async play(bench) {
      await bench.setUp();
      bench.pull({ batch: 2, expires: 1_000_000_000 });
      await bench.clock.sleep(50);
      await bench.wire.stopReceiving();
      await bench.put();
      return [await bench.arrived(200), await bench.counts()];
    },
  },
  {
    name: "paused",
    async play(bench) {
      await bench.setUp({ messages: 1 });
      const until = new Date(Date.now() + 60_000).toISOString();
      await bench.api(`CONSUMER.PAUSE.${bench.stream}.${bench.consumer}`, { pause_until: until });
      const pulled = await bench.pulled({ batch: 1, ...WAIT }, 800);
      return [pulled, (await bench.info())["paused"] ?? "unknown"];
    },
  },
];

async function deliveredUpTo(bench: Bench): Promise<unknown> {
  return ((await bench.info())["delivered"] as { stream_seq?: number }).stream_seq;
}

function errorOf(answer: unknown): unknown {
  const { error } = answer as { error?: { err_code?: number } };
  return error?.err_code ?? "fine";
}
