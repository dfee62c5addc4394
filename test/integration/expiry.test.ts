// What the stream drops before it is forwarded, on real servers: counted once, and only where that can be told.
import { describe, expect, test, vi } from "vitest";
import type { StreamConfig } from "@nats-io/jetstream";
import type { Bridge } from "../../functions/bridge/bridge.ts";
import { systemClock } from "../../functions/bridge/clock.ts";
import { type JetStreamMessage, onMessage, retry } from "../../functions/bridge/handler.ts";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { bothServers } from "../support/both-servers.ts";
import { handlerBridge } from "../support/in-process.ts";
import { operatedServer } from "../support/operated-server.ts";
import { isAtLeast } from "../support/nats-server.ts";

const NANOS = 1_000_000_000;

describe.each(await bothServers())("on $which ($version)", async ({ binary, version }) => {
  const { operator, server } = await operatedServer(binary);
  const hasTime = isAtLeast(version, "2.10");

  /** A stream that takes `<name>.>`. */
  const streamOf = (name: string, config: Partial<StreamConfig>): Promise<void> =>
    operator.stream(name, config);

  const publish = (subject: string, count: number, first?: number): Promise<void> =>
    operator.publish(subject, count, first);

  interface Sleeper {
    readonly bridge: Bridge;
    readonly told: unknown[];
    readonly wake: () => Promise<Receipt>;
  }

  /** A bridge whose handler takes all, unless it is told otherwise; it makes its consumer when it is first woken. */
  function sleeper(
    stream: string,
    handle: (message: JetStreamMessage) => unknown = () => undefined,
    more: Readonly<Record<string, string>> = {},
  ): Sleeper {
    const told: unknown[] = [];
    const environment = {
      NATS_URL: server.url,
      JETSTREAM_STREAM: stream,
      JETSTREAM_CONSUMER: "sleeper",
      CONSUMER_MANAGEMENT: "create",
      ...more,
    };
    const handler = onMessage(handle as Parameters<typeof onMessage>[0]);
    const bridge = handlerBridge(handler, environment, (event, details) => {
      if (event === "messages-expired") told.push(details?.["messages"]);
    });
    const wake = (): Promise<Receipt> =>
      bridge.attempt({ deadline: systemClock.now() + 30_000, idleMs: 100 });
    return { bridge, told, wake };
  }

  async function emptied(name: string): Promise<void> {
    const isEmpty = async (): Promise<void> => {
      const { state } = await operator.jsm.streams.info(name);
      expect(state).toMatchObject({ messages: 0 });
    };
    await vi.waitFor(isEmpty, { timeout: 10_000 });
  }

  test.skipIf(!binary)("messages that were too old are counted once, and told", async () => {
    await streamOf("AGED", { max_age: NANOS });
    const { told, wake } = sleeper("AGED");
    expect(await wake()).toMatchObject({ stop: "idle", expired: 0 });
    await publish("AGED.a", 10);
    await emptied("AGED");
    expect(await wake()).toMatchObject({ stop: "idle", pulled: 0, expired: 10 });
    expect(await wake()).toMatchObject({ stop: "idle", pulled: 0, expired: 0 });
    await publish("AGED.a", 2);
    const last = await wake();
    expect(last).toMatchObject({ stop: "idle", acked: 2, expired: 0 });
    expect(told).toEqual([10]);
    // The age counts, and the oldest server gives no time by which it could be told.
    expect("forwardLagMs" in last).toBe(hasTime);
    if (hasTime) expect(last.retentionHeadroom).toBe(100);
    else expect(last).not.toHaveProperty("retentionHeadroom");
  });

  test.skipIf(!binary)(
    "a process that comes later counts them too: nothing was delivered since",
    async () => {
      await streamOf("LATER", { max_msgs: 5 });
      await operator.consumer("LATER", "sleeper");
      await publish("LATER.a", 12);
      expect(await sleeper("LATER").wake()).toMatchObject({ acked: 5, expired: 7 });
      expect(await sleeper("LATER").wake()).toMatchObject({ acked: 0, expired: 0 });
    },
  );

  test.skipIf(!binary)(
    "overrun while it is at work, what was handled and what expired is all that there was",
    async () => {
      await streamOf("OVERRUN", { max_msgs: 40 });
      await operator.consumer("OVERRUN", "sleeper", { max_ack_pending: 20 });
      const handled = new Set<number>();
      const slow = async ({ streamSequence }: JetStreamMessage): Promise<void> => {
        handled.add(streamSequence);
        await systemClock.sleep(5);
      };
      const settings = { CONCURRENCY: "4", JETSTREAM_MAX_ACK_PENDING: "20" };
      const { wake } = sleeper("OVERRUN", slow, settings);
      await publish("OVERRUN.a", 100);
      const [first] = await Promise.all([wake(), publish("OVERRUN.a", 2000, 101)]);
      // It may have found nothing for a moment, and ended.
      const second = await wake();
      expect([first.stop, second.stop]).toEqual(["idle", "idle"]);
      expect(first.expired).toBeGreaterThan(60);
      expect(handled.size + first.expired! + second.expired!).toBe(2100);
    },
  );

  test.skipIf(!binary)("a purge is no loss", async () => {
    await streamOf("PURGED", { max_msgs: 100 });
    const { wake } = sleeper("PURGED");
    await wake();
    await publish("PURGED.a", 10);
    await operator.jsm.streams.purge("PURGED", { keep: 3 });
    expect(await wake()).toMatchObject({ acked: 3, expired: 0 });
  });

  test.skipIf(!binary).each([
    ["all", {}],
    ["new", {}],
    ["last", {}],
    ["by_start_sequence", { JETSTREAM_OPT_START_SEQ: "3" }],
    ["by_start_time", { JETSTREAM_OPT_START_TIME: "2026-01-01T00:00:00Z" }],
  ])("what is gone before a consumer that starts at %s was never its own", async (policy, more) => {
    const name = `START_${policy}`;
    await streamOf(name, { max_msgs: 10 });
    await publish(`${name}.a`, 25);
    const { wake } = sleeper(name, undefined, { JETSTREAM_DELIVER_POLICY: policy, ...more });
    expect(await wake()).toMatchObject({ stop: "idle", expired: 0, pending: 0 });
  });

  test.skipIf(!binary).each<[string, Partial<StreamConfig>, Record<string, string>]>([
    ["FILTERED", { max_msgs: 5 }, { JETSTREAM_FILTER_SUBJECTS: "FILTERED.a" }],
    ["WORKQUEUE", { max_msgs: 5, retention: "workqueue" }, {}],
    ["INTEREST", { max_msgs: 5, retention: "interest" }, {}],
    ["PER_SUBJECT", { max_msgs: 5, max_msgs_per_subject: 2 }, {}],
    ["UNLIMITED", {}, {}],
  ])(
    "%s: nothing is said where it cannot be told, or nothing expires",
    async (name, config, more) => {
      await streamOf(name, config);
      const { wake } = sleeper(name, undefined, more);
      await wake();
      await publish(`${name}.a`, 12);
      expect(await wake()).not.toHaveProperty("expired");
    },
  );

  test.skipIf(!binary)(
    "headroom shrinks as the stream fills with what is not settled",
    async () => {
      await streamOf("FILLING", { max_msgs: 10 });
      let isTaken = false;
      const settings = { JETSTREAM_ACK_WAIT: "1s" };
      const handle = (): unknown => (isTaken ? undefined : retry({ after: "1s" }));
      const { wake } = sleeper("FILLING", handle, settings);
      await publish("FILLING.a", 8);
      expect(await wake()).toMatchObject({ acked: 0, retentionHeadroom: 20 });
      isTaken = true;
      const isDone = async (): Promise<void> => {
        const done = { pending: 0, ackPending: 0, retentionHeadroom: 100 };
        expect(await wake()).toMatchObject(done);
      };
      await vi.waitFor(isDone, { timeout: 10_000 });
    },
  );
});
