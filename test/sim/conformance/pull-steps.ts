/** How a pull is answered. */
import { type Step, WAIT } from "./step.ts";

export const PULL_STEPS: readonly Step[] = [
  {
    name: "empty, no_wait",
    async play(bench) {
      await bench.setUp();
      return bench.pulled({ batch: 5, no_wait: true });
    },
  },
  {
    name: "empty, no_wait and expires",
    async play(bench) {
      await bench.setUp();
      return bench.pulled({ batch: 5, ...WAIT }, 800);
    },
  },
  {
    name: "a message arrives while the pull waits",
    async play(bench) {
      await bench.setUp();
      bench.pull({ batch: 5, ...WAIT });
      await bench.clock.sleep(50);
      await bench.put();
      return bench.arrived(800);
    },
  },
  {
    name: "fewer than asked for, no_wait",
    async play(bench) {
      await bench.setUp({ messages: 3 });
      return bench.pulled({ batch: 5, no_wait: true });
    },
  },
  {
    name: "fewer than asked for, no_wait and expires",
    async play(bench) {
      await bench.setUp({ messages: 3 });
      return bench.pulled({ batch: 5, ...WAIT }, 800);
    },
  },
  {
    name: "fewer than asked for, expires alone",
    async play(bench) {
      await bench.setUp({ messages: 3 });
      return bench.pulled({ batch: 5, expires: 500_000_000 }, 800);
    },
  },
  {
    name: "filled",
    async play(bench) {
      await bench.setUp({ messages: 3 });
      return bench.pulled({ batch: 3, ...WAIT }, 800);
    },
  },
  {
    name: "filled, with a byte limit that was not reached",
    async play(bench) {
      await bench.setUp({ messages: 3 });
      return bench.pulled({ batch: 3, ...WAIT, max_bytes: 10_000 }, 800);
    },
  },
  {
    name: "byte limit reached, then what is left",
    async play(bench) {
      await bench.setUp({ messages: 4, bytes: 300 });
      const first = await bench.pulled({ batch: 5, ...WAIT, max_bytes: 1000 }, 800);
      return [first, await bench.pulled({ batch: 5, ...WAIT }, 800)];
    },
  },
  {
    name: "first message larger than the byte limit",
    async play(bench) {
      await bench.setUp({ messages: 2, bytes: 3000 });
      const first = await bench.pulled({ batch: 5, ...WAIT, max_bytes: 1000 }, 800);
      const again = await bench.pulled({ batch: 5, ...WAIT, max_bytes: 1000 }, 800);
      return [first, again, await bench.pulled({ batch: 1, ...WAIT }, 800)];
    },
  },
  {
    name: "delivered and unsettled looks like empty",
    async play(bench) {
      await bench.setUp({ messages: 3 });
      await bench.pulled({ batch: 3, ...WAIT });
      const alone = await bench.pulled({ batch: 3, no_wait: true });
      return [alone, await bench.pulled({ batch: 3, ...WAIT }, 800), await bench.counts()];
    },
  },
  {
    name: "max ack pending reached in the middle of a batch",
    async play(bench) {
      await bench.setUp({ messages: 4, maxAckPending: 2 });
      const first = await bench.pulled({ batch: 4, ...WAIT }, 800);
      return [first, await bench.counts()];
    },
  },
  {
    name: "at max ack pending",
    async play(bench) {
      await bench.setUp({ messages: 3, maxAckPending: 2 });
      await bench.pulled({ batch: 2, ...WAIT });
      return [await bench.pulled({ batch: 2, no_wait: true }, 800)];
    },
  },
  {
    name: "an ack makes room for a pull that waits at max ack pending",
    async play(bench) {
      await bench.setUp({ messages: 3, maxAckPending: 2 });
      await bench.pulled({ batch: 2, ...WAIT });
      const token = bench.token(1);
      bench.pull({ batch: 2, ...WAIT });
      await bench.clock.sleep(50);
      bench.say("+ACK", token);
      return bench.arrived(800);
    },
  },
];
