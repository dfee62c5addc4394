/** What acks, naks and the ack wait do. */
import { type Step, WAIT } from "./step.ts";

export const ACK_STEPS: readonly Step[] = [
  {
    name: "plain naks come back in the order in which they were sent, before new messages",
    async play(bench) {
      await bench.setUp({ messages: 5 });
      await bench.pulled({ batch: 3, ...WAIT });
      bench.say("-NAK", bench.token(3), bench.token(1), bench.token(2));
      await bench.clock.sleep(50);
      return bench.pulled({ batch: 4, ...WAIT });
    },
  },
  {
    name: "naks go out beyond max ack pending",
    async play(bench) {
      await bench.setUp({ messages: 4, maxAckPending: 3 });
      await bench.pulled({ batch: 3, ...WAIT });
      bench.say("-NAK", bench.token(2));
      await bench.clock.sleep(50);
      return bench.pulled({ batch: 3, ...WAIT }, 800);
    },
  },
  {
    name: "naks with equal delays come back in stream order",
    async play(bench) {
      await bench.setUp({ messages: 3 });
      await bench.pulled({ batch: 3, ...WAIT });
      const delayed = '-NAK {"delay":500000000}';
      bench.say(delayed, bench.token(3), bench.token(1), bench.token(2));
      const before = await bench.pulled({ batch: 3, no_wait: true });
      await bench.clock.sleep(600);
      return [before, await bench.pulled({ batch: 3, ...WAIT })];
    },
  },
  {
    name: "those behind a delayed one overtake it",
    async play(bench) {
      await bench.setUp({ messages: 3 });
      await bench.pulled({ batch: 3, ...WAIT });
      bench.say('-NAK {"delay":400000000}', bench.token(1));
      bench.say("-NAK", bench.token(2), bench.token(3));
      await bench.clock.sleep(50);
      bench.pull({ batch: 3, expires: 1_500_000_000 });
      return bench.arrived(1200);
    },
  },
  {
    name: "after the ack wait, in stream order and before new messages",
    async play(bench) {
      await bench.setUp({ messages: 5, ackWaitMs: 400 });
      await bench.pulled({ batch: 3, ...WAIT }, 100);
      await bench.clock.sleep(500);
      return bench.pulled({ batch: 4, ...WAIT }, 150);
    },
  },
  {
    name: "an extension moves the ack wait",
    async play(bench) {
      await bench.setUp({ messages: 2, ackWaitMs: 600 });
      await bench.pulled({ batch: 2, ...WAIT }, 400);
      const answer = await bench.ask("+WPI", bench.token(1));
      await bench.clock.sleep(350);
      return [answer, await bench.pulled({ batch: 2, no_wait: true }, 100)];
    },
  },
  {
    name: "an ack with the token of an earlier delivery settles",
    async play(bench) {
      await bench.setUp({ messages: 1, ackWaitMs: 300 });
      await bench.pulled({ batch: 1, ...WAIT }, 100);
      const token = bench.token(1);
      await bench.clock.sleep(400);
      const again = await bench.pulled({ batch: 1, ...WAIT }, 50);
      return [again, await bench.ask("+ACK", token), await bench.counts()];
    },
  },
  {
    name: "a nak with the token of an earlier delivery brings it once more",
    async play(bench) {
      await bench.setUp({ messages: 1, ackWaitMs: 400 });
      await bench.pulled({ batch: 1, ...WAIT }, 100);
      const token = bench.token(1);
      await bench.clock.sleep(500);
      await bench.pulled({ batch: 1, ...WAIT }, 50);
      bench.say("-NAK", token);
      return bench.pulled({ batch: 1, ...WAIT }, 100);
    },
  },
  {
    name: "everything said of a settled message is answered, and changes nothing",
    async play(bench) {
      await bench.setUp({ messages: 2 });
      await bench.pulled({ batch: 2, ...WAIT });
      const token = bench.token(1);
      const answers: string[] = [];
      for (const payload of ["+ACK", "+ACK", "+WPI", "-NAK", "+FOO"])
        answers.push(await bench.ask(payload, token));
      return [answers, await bench.counts(), await bench.pulled({ batch: 2, no_wait: true })];
    },
  },
  {
    name: "an ack for a message that was not delivered yet",
    async play(bench) {
      await bench.setUp({ messages: 3 });
      await bench.pulled({ batch: 1, ...WAIT });
      const answer = await bench.ask("+ACK", other(bench.token(1), 2));
      return [answer, await bench.counts(), await bench.pulled({ batch: 5, no_wait: true })];
    },
  },
  {
    name: "the same in a work queue",
    async play(bench) {
      await bench.setUp({ messages: 3, retention: "workqueue" });
      await bench.pulled({ batch: 1, ...WAIT });
      const answer = await bench.ask("+ACK", other(bench.token(1), 2));
      return [answer, await bench.counts(), await bench.pulled({ batch: 5, no_wait: true })];
    },
  },
  {
    name: "an ack deletes from a work queue",
    async play(bench) {
      await bench.setUp({ messages: 2, retention: "workqueue" });
      await bench.pulled({ batch: 2, ...WAIT });
      await bench.ask("+ACK", bench.token(1));
      const { state } = await bench.api(`STREAM.INFO.${bench.stream}`);
      const { messages, first_seq: first, last_seq: last } = state as Record<string, number>;
      return { messages, first, last };
    },
  },
];

/** The ack subject of another message of the same consumer. */
function other(token: string, sequence: number): string {
  const tokens = token.split(".");
  tokens[tokens.length - 4] = String(sequence);
  tokens[tokens.length - 3] = String(sequence);
  return tokens.join(".");
}
