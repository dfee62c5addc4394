// The consumer: made where it is missing, compared where it is there, never changed. On the newest and on the oldest
// supported server. What a whole service makes of a missing one is in missing.test.ts.
import type { ConsumerConfig } from "@nats-io/jetstream";
import { afterAll, describe, expect, test } from "vitest";
import type { WantedConsumer } from "../../functions/bridge/source/consumer.ts";
import type { JetStreamSource } from "../../functions/bridge/source/jetstream-source.ts";
import { bothServers } from "../support/both-servers.ts";
import { type OpenedSource, openSource } from "../support/jetstream.ts";
import { isAtLeast } from "../support/nats-server.ts";
import { operatedServer } from "../support/operated-server.ts";

type Management = "create" | "verify" | "none";

describe.each(await bothServers())("on $which", async ({ binary, version }) => {
  const { operator, server } = await operatedServer(binary);
  const sources: JetStreamSource[] = [];
  afterAll(() => Promise.all(sources.map((source) => source.close())));

  async function open(
    stream: string,
    management: Management,
    wanted: Partial<WantedConsumer> = {},
  ): Promise<OpenedSource> {
    const opened = await openSource(server.url, stream, "bridge", {
      wanted,
      options: { management },
    });
    sources.push(opened.source);
    return opened;
  }

  /** Sequences of all that the consumer delivers right now. */
  async function delivered({ source }: OpenedSource): Promise<readonly number[]> {
    const pulled = await source.pull({ batch: 100, waitMs: 100, maxBytes: 0 });
    return pulled.held.map(({ message }) => message.streamSequence);
  }

  describe.skipIf(!binary).concurrent("a consumer", () => {
    test("that is missing is made by `create`, once, with unlimited deliveries", async () => {
      await operator.stream("MAKE");
      expect((await open("MAKE", "create", { maxAckPending: 320 })).made).toBe(true);
      const { config } = await operator.info("MAKE", "bridge");
      expect(config).toMatchObject({
        durable_name: "bridge",
        ack_policy: "explicit",
        ack_wait: 1e9,
        deliver_policy: "all",
        max_ack_pending: 320,
        max_deliver: -1,
        replay_policy: "instant",
      });
      expect((await open("MAKE", "create", { maxAckPending: 320 })).made).toBe(false);
    });

    test.each(["verify", "none"] as const)(
      "that is missing is not made by `%s`",
      async (management) => {
        const stream = `DONOT-${management}`;
        await operator.stream(stream);
        await expect(open(stream, management)).rejects.toMatchObject({
          end: "gone",
          message: `consumer bridge of stream ${stream}: consumer not found (10014)`,
        });
        await expect(operator.info(stream, "bridge")).rejects.toThrow(/not found/);
      },
    );

    test("cannot be made in a stream that is missing", async () => {
      await expect(open("NOWHERE", "create")).rejects.toMatchObject({
        end: "gone",
        message: expect.stringMatching(/stream NOWHERE: stream not found \(10059\)/),
      });
    });

    test.each(["create", "verify"] as const)(
      "that is there is never changed by `%s`",
      async (management) => {
        const stream = `KEEP-${management}`;
        await operator.stream(stream);
        const before = await operator.consumer(stream, "bridge", {
          ack_wait: 7e9,
          max_ack_pending: 500,
          description: "made by hand",
        });
        const { made, events } = await open(stream, management);
        expect(made).toBe(false);
        expect((await operator.info(stream, "bridge")).config).toEqual(before.config);
        expect(events).toEqual([
          {
            event: "consumer-differs",
            details: {
              surprise: "ack_wait is 7000 ms and not 1000: the consumer's own value counts",
            },
          },
        ]);
      },
    );

    const refusals: readonly [string, Partial<ConsumerConfig>, Partial<WantedConsumer>, RegExp][] =
      [
        ["MAXDELIVER", { max_deliver: 5 }, {}, /max_deliver is 5, expected -1 \(unlimited\)/],
        [
          "BACKOFF",
          { max_deliver: 5, backoff: [1e9, 2e9] },
          {},
          /backoff is \[.*\], expected none/,
        ],
        [
          "PUSH",
          { deliver_subject: "push.here" },
          {},
          /deliver_subject is "push.here", expected none/,
        ],
        ["ACKALL", { ack_policy: "all" }, {}, /ack_policy is "all", expected "explicit"/],
        [
          "ACKNONE",
          { ack_policy: "none", deliver_subject: "push.there" },
          {},
          /ack_policy is "none"/,
        ],
        ["FILTER", { filter_subject: "FILTER.a" }, {}, /filter is \["FILTER.a"\], expected \[\]/],
        [
          "NOFILTER",
          {},
          { filterSubjects: ["NOFILTER.b"] },
          /filter is \[\], expected \["NOFILTER.b"\]/,
        ],
        ["POLICY", { deliver_policy: "new" }, {}, /deliver_policy is "new", expected "all"/],
        ["HEADERS", { headers_only: true }, {}, /headers_only is true/],
        [
          "SEQUENCE",
          { deliver_policy: "by_start_sequence", opt_start_seq: 5 },
          { deliverPolicy: "by_start_sequence", startSequence: 6 },
          /opt_start_seq is 5, expected 6 \(JETSTREAM_OPT_START_SEQ\)/,
        ],
        [
          "PENDING",
          { max_ack_pending: 10 },
          { leastMaxAckPending: 160 },
          /max_ack_pending is 10, expected at least 160, or -1/,
        ],
      ];
    test.each(refusals)(
      "that does not fit is refused readably: %s",
      async (stream, config, wanted, words) => {
        await operator.stream(stream);
        await operator.consumer(stream, "bridge", config);
        for (const management of ["create", "verify"] as const) {
          const opening = open(stream, management, wanted);
          await expect(opening).rejects.toMatchObject({ end: "refused" });
          await expect(opening).rejects.toThrow(words);
          await expect(opening).rejects.toThrow(
            new RegExp(`^consumer bridge of stream ${stream} does not fit this bridge: `),
          );
        }
        expect(await open(stream, "none", wanted)).toMatchObject({ made: false });
      },
    );

    test("that differs in many ways is told all of them at once", async () => {
      await operator.stream("MANY");
      await operator.consumer("MANY", "bridge", {
        max_deliver: 3,
        filter_subject: "MANY.a",
        deliver_policy: "last",
      });
      await expect(open("MANY", "verify")).rejects.toThrow(/max_deliver.*filter.*deliver_policy/);
    });

    test.each<[string, Partial<WantedConsumer>, readonly number[]]>([
      ["all", {}, [1, 2, 3, 4, 5]],
      ["new", { deliverPolicy: "new" }, [6]],
      ["last", { deliverPolicy: "last" }, [5]],
      ["sequence", { deliverPolicy: "by_start_sequence", startSequence: 4 }, [4, 5]],
      ["time", { deliverPolicy: "by_start_time" }, [3, 4, 5]],
    ])("starts where it is told: %s", async (name, wanted, expected) => {
      const stream = `START-${name}`;
      await operator.stream(stream);
      for (let number = 1; number <= 5; number += 1)
        await operator.publish(`${stream}.a`, 1, number);
      const third = await operator.jsm.streams.getMessage(stream, { seq: 3 });
      const startTime = name === "time" ? { startTime: third!.timestamp } : {};
      const opened = await open(stream, "create", { ...wanted, ...startTime });
      if (name === "new") await operator.publish(`${stream}.a`, 1);
      expect(await delivered(opened)).toEqual(expected);
      // A second process with the same settings finds that it fits.
      expect((await open(stream, "create", { ...wanted, ...startTime })).made).toBe(false);
    });

    test("takes one filter", async () => {
      await operator.stream("ONEFILTER");
      await operator.publish((number) => `ONEFILTER.${number % 2 ? "odd" : "even"}`, 5);
      const filterSubjects = ["ONEFILTER.odd"];
      const opened = await open("ONEFILTER", "create", { filterSubjects });
      expect(await delivered(opened)).toEqual([1, 3, 5]);
      expect((await open("ONEFILTER", "verify", { filterSubjects })).made).toBe(false);
    });

    test("takes many filters, or is not made at all by a server that knows only one", async () => {
      const manyFilters = { filterSubjects: ["FILTERS.2", "FILTERS.4.>", "FILTERS.5"] };
      await operator.stream("FILTERS");
      await operator.publish((number) => `FILTERS.${number}`, 5);
      const opening = open("FILTERS", "create", manyFilters);
      if (isAtLeast(version, "2.10")) {
        expect(await delivered(await opening)).toEqual([2, 5]);
        expect((await open("FILTERS", "verify", manyFilters)).made).toBe(false);
      } else {
        await expect(opening).rejects.toMatchObject({ end: "refused" });
        await expect(opening).rejects.toThrow(/2\.10/);
        await expect(operator.info("FILTERS", "bridge")).rejects.toThrow(/not found/);
      }
    });
  });
});
