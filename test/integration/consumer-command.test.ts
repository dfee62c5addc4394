// The `consumer` command on real servers: what it shows, what it changes, and that the position stays where it was.
import type { ConsumerConfig, StreamConfig } from "@nats-io/jetstream";
import { describe, expect, test } from "vitest";
import { bothServers } from "../support/both-servers.ts";
import { operate } from "../support/jetstream.ts";
import { operatedServer } from "../support/operated-server.ts";
import { eventually } from "../support/lane.ts";
import { isAtLeast, startNatsServer } from "../support/nats-server.ts";
import { type Ended, runCommand } from "../support/operator-command.ts";
import { eventsOf, receiptOf } from "../support/redrive.ts";
import { startSecrets } from "../support/secrets-manager.ts";

const MADE_BY_US = "made by jetstream-aws-bridge";

interface Given {
  readonly stream?: Partial<StreamConfig>;
  readonly consumer?: Partial<ConsumerConfig>;
}

describe.each(await bothServers())("on $which", async ({ binary, version }) => {
  const { operator, server } = await operatedServer(binary);

  /** 20 messages to `<stream>.odd` and `.even`, and a consumer "bridge" of ours. */
  async function place(stream: string, given: Given = {}): Promise<void> {
    await operator.stream(stream, given.stream);
    await operator.consumer(stream, "bridge", {
      description: MADE_BY_US,
      ack_wait: 10e9,
      ...given.consumer,
    });
    await operator.publish((number) => `${stream}.${number % 2 ? "odd" : "even"}`, 20);
  }

  function consumer(
    stream: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Ended> {
    return runCommand(["consumer", ...args], {
      NATS_URL: server.url,
      JETSTREAM_STREAM: stream,
      JETSTREAM_CONSUMER: "bridge",
      ...environment,
    });
  }

  /** Six taken: one settled, two given back, three left unsettled. */
  async function takeSome(stream: string): Promise<void> {
    const [first, second, third] = await operator.take(stream, "bridge", 6);
    first!.respond("+ACK");
    second!.respond("-NAK");
    third!.respond("-NAK");
    await eventually(async () =>
      expect(await operator.info(stream, "bridge")).toMatchObject({ num_ack_pending: 5 }),
    );
  }

  async function position(stream: string): Promise<object> {
    const info = await operator.info(stream, "bridge");
    const { ack_floor, created, num_ack_pending } = info;
    const sequences = [ack_floor, info.delivered].map((at) => [at.stream_seq, at.consumer_seq]);
    return { sequences, num_ack_pending, created };
  }

  /** All that one pull brings, settled: `<last token>:<stream sequence>×<delivery count>`. */
  async function delivered(stream: string): Promise<readonly string[]> {
    const messages = await operator.take(stream, "bridge", 100, 200);
    for (const message of messages) message.respond("+ACK");
    return messages.map(({ reply = "", subject }) => {
      const [, , , , count, sequence] = reply.split(".");
      return `${subject.split(".").at(-1)}:${sequence}×${count}`;
    });
  }

  const pendingOf = async (stream: string): Promise<number> =>
    (await operator.info(stream, "bridge")).num_pending;

  describe.skipIf(!binary).concurrent("the consumer", () => {
    test("is shown with its position, its settings, and what does not fit", async () => {
      await place("SHOW", { consumer: { max_deliver: 5 } });
      await takeSome("SHOW");
      const said = await consumer("SHOW", ["show"]);
      expect(said.code).toBe(1);
      expect(said.lines).toEqual(
        expect.arrayContaining([
          "consumer bridge of stream SHOW, made by this project",
          "position: settled to 1, delivered to 6, pending 14, unsettled 5",
          "ack_wait: 10s",
          "does not fit: max_deliver is 5, expected -1 (unlimited): a finite one strands messages silently",
          "max_deliver is 5, update → -1",
        ]),
      );
      const before = await operator.info("SHOW", "bridge");
      const [shown] = eventsOf(await consumer("SHOW", ["show", "--json"]));
      expect(shown).toMatchObject({
        event: "consumer",
        ours: true,
        fits: false,
        position: { ackFloor: 1, delivered: 6, pending: 14, unsettled: 5 },
        settings: { filter: [], max_deliver: 5 },
        changes: [{ setting: "max_deliver", before: 5, after: -1 }],
      });
      expect((await operator.info("SHOW", "bridge")).config).toEqual(before.config);
      await place("FITS");
      expect(await consumer("FITS", ["show"])).toMatchObject({
        code: 0,
        lines: expect.arrayContaining(["fits what the environment asks for"]),
      });
    });

    test("that is missing is said to be, and not made", async () => {
      await operator.stream("MISSING");
      for (const args of [["show"], ["update"], ["delete", "--yes"]]) {
        const { code, stderr } = await consumer("MISSING", args);
        expect([code, stderr]).toEqual([1, expect.stringContaining("consumer not found (10014)")]);
      }
      await expect(operator.info("MISSING", "bridge")).rejects.toThrow(/not found/);
    });

    test("is changed, and its position is kept, with all that is to come again", async () => {
      await place("CHANGE", {
        consumer: { max_deliver: 5, backoff: [10e9, 20e9], headers_only: true },
      });
      await takeSome("CHANGE");
      const before = await position("CHANGE");
      const { config } = await operator.info("CHANGE", "bridge");
      const environment = { JETSTREAM_ACK_WAIT: "30s", JETSTREAM_MAX_ACK_PENDING: "77" };
      const dry = await consumer("CHANGE", ["update", "--dry-run"], environment);
      expect(dry).toMatchObject({
        code: 0,
        lines: [
          "ack_wait: 10s → 30s",
          expect.stringMatching(/^max_ack_pending: \d+ → 77$/),
          "max_deliver: 5 → -1",
          "backoff: 10s, 20s → none",
          "headers_only: true → none",
          "position: settled to 1, delivered to 6, pending 14, unsettled 5",
          "dry run: 5 settings",
        ],
      });
      expect((await operator.info("CHANGE", "bridge")).config).toEqual(config);
      const said = await consumer("CHANGE", ["update", "--json"], environment);
      expect([said.code, receiptOf(said)]).toMatchObject([
        0,
        {
          command: "consumer update",
          stop: "done",
          changed: 5,
          before: { ackFloor: 1, delivered: 6, pending: 14, unsettled: 5 },
          after: { ackFloor: 1, delivered: 6, pending: 14, unsettled: 5 },
        },
      ]);
      expect(await position("CHANGE")).toEqual(before);
      const { config: now } = await operator.info("CHANGE", "bridge");
      expect(now).toMatchObject({ ack_wait: 30e9, max_ack_pending: 77, max_deliver: -1 });
      expect([now.backoff, now.headers_only]).toEqual([undefined, undefined]);
      expect((await delivered("CHANGE")).slice(0, 3)).toEqual(["even:2×2", "odd:3×2", "odd:7×1"]);
      expect(receiptOf(await consumer("CHANGE", ["update", "--json"], environment))).toMatchObject({
        stop: "done",
        changed: 0,
      });
    });

    test("gets another filter: what was passed over stays so, what is unsettled comes again", async () => {
      await place("OTHER", { consumer: { filter_subject: "OTHER.odd", ack_wait: 1e9 } });
      const [first, ...rest] = await operator.take("OTHER", "bridge", 3);
      first!.respond("+ACK");
      expect(rest).toHaveLength(2);
      await eventually(async () =>
        expect(await operator.info("OTHER", "bridge")).toMatchObject({ num_ack_pending: 2 }),
      );
      const said = await consumer("OTHER", ["update"], {
        JETSTREAM_FILTER_SUBJECTS: "OTHER.even",
      });
      expect(said.code).toBe(0);
      expect(said.lines.slice(0, 1)).toEqual(["filter: OTHER.odd → OTHER.even"]);
      expect(said.stderr).toContain("delivered from stream sequence 6 on");
      expect(said.stderr).toContain("2 unsettled come again");
      // Of even ones after 5: 6, 8, … 20.
      expect(said.lines.at(-2)).toMatch(/^now: .*delivered to 5, pending 8, unsettled 2$/);
      const got: string[] = [];
      await eventually(async () => {
        got.push(...(await delivered("OTHER")));
        expect(got).toHaveLength(10);
      });
      const evens = [6, 8, 10, 12, 14, 16, 18, 20].map((sequence) => `even:${sequence}×1`);
      expect(got.toSorted()).toEqual([...evens, "odd:3×2", "odd:5×2"].toSorted());
    });

    test("delivers without a limit from then on; what had reached the old one stays stranded, which is said", async () => {
      await place("STRANDED", { consumer: { max_deliver: 1, ack_wait: 300e6 } });
      expect(await operator.take("STRANDED", "bridge", 20)).toHaveLength(20);
      await eventually(async () => {
        // Older servers notice only with a pull that these are out of tries.
        expect(await operator.take("STRANDED", "bridge", 1, 50)).toEqual([]);
        expect(await operator.info("STRANDED", "bridge")).toMatchObject({ num_ack_pending: 0 });
      });
      const { lines, stderr } = await consumer("STRANDED", ["update"]);
      expect(lines).toContain("max_deliver: 1 → -1");
      expect(stderr).toContain("What had reached max_deliver is not delivered again");
      await operator.publish("STRANDED.more", 1);
      expect(await delivered("STRANDED")).toEqual(["more:21×1"]);
    });

    test("gets none, one and several filters, where the server knows several", async () => {
      await place("FILTERS");
      const to = (filters: string): Promise<Ended> =>
        consumer("FILTERS", ["update"], { JETSTREAM_FILTER_SUBJECTS: filters });
      expect((await to("FILTERS.odd")).code).toBe(0);
      expect(await pendingOf("FILTERS")).toBe(10);
      const { config } = await operator.info("FILTERS", "bridge");
      const several = await to("FILTERS.even,FILTERS.other");
      if (isAtLeast(version, "2.10")) {
        expect(several.code).toBe(0);
        const { config: now } = await operator.info("FILTERS", "bridge");
        expect(now.filter_subjects).toEqual(["FILTERS.even", "FILTERS.other"]);
        const overlapping = await to("FILTERS.even,FILTERS.*");
        expect([overlapping.code, overlapping.stderr]).toEqual([
          1,
          expect.stringContaining("consumer subject filters cannot overlap (10138)"),
        ]);
        expect((await operator.info("FILTERS", "bridge")).config).toEqual(now);
      } else {
        expect([several.code, several.lines.at(-1)]).toEqual([
          1,
          `refused: several JETSTREAM_FILTER_SUBJECTS need nats-server 2.10 or later, and this one is ${version}`,
        ]);
        expect((await operator.info("FILTERS", "bridge")).config).toEqual(config);
      }
      expect((await to("")).code).toBe(0);
      expect(await pendingOf("FILTERS")).toBe(20);
    });

    test("on a stream by interest keeps what is unsettled from a filter that leaves it out", async () => {
      await place("INTEREST", { stream: { retention: "interest" } });
      await takeSome("INTEREST");
      const { config } = await operator.info("INTEREST", "bridge");
      const environment = { JETSTREAM_FILTER_SUBJECTS: "INTEREST.odd" };
      const said = await consumer("INTEREST", ["update"], environment);
      expect([said.code, said.lines.at(-1)]).toEqual([
        1,
        expect.stringMatching(/^refused: 5 unsettled: where nobody else wants them, the server/),
      ]);
      expect((await operator.info("INTEREST", "bridge")).config).toEqual(config);
      expect((await consumer("INTEREST", ["update", "--force"], environment)).code).toBe(0);
    });

    const unchangeable: readonly (readonly [string, Partial<ConsumerConfig>, RegExp])[] = [
      ["POLICY", { deliver_policy: "new" }, /deliver_policy is "new".*consumer of another name/],
      ["ACKALL", { ack_policy: "all" }, /ack_policy is "all"/],
      ["ORIGINAL", { replay_policy: "original" }, /replay_policy is "original"/],
      ["PUSH", { deliver_subject: "push.here" }, /deliver_subject is "push.here"/],
    ];
    test.each(unchangeable)("is left as it is where NATS cannot change it: %s", async (...one) => {
      const [stream, config, words] = one;
      await place(stream, { consumer: { ...config, max_deliver: 5 } });
      const { config: before } = await operator.info(stream, "bridge");
      const { code, lines } = await consumer(stream, ["update", "--force"]);
      expect([code, lines.at(-1)]).toEqual([1, expect.stringMatching(words)]);
      expect((await operator.info(stream, "bridge")).config).toEqual(before);
      // The server says the same.
      const { deliver_subject: _, ...rest } = before;
      const wanted = { deliver_policy: "all", ack_policy: "explicit", replay_policy: "instant" };
      const body = { stream_name: stream, config: { ...rest, ...wanted } };
      const subject = `$JS.API.CONSUMER.CREATE.${stream}.bridge`;
      const answer = await operator.nc.request(subject, JSON.stringify(body));
      expect(answer.json()).toMatchObject({ error: { err_code: 10_012 } });
    });

    test("of somebody else is changed and deleted only with --force", async () => {
      await place("FOREIGN", { consumer: { description: "by hand", max_deliver: 5 } });
      const refusal = /^refused: this project has not made it \(its description is "by hand"\)/;
      for (const args of [["update"], ["delete", "--yes"]]) {
        const { code, lines } = await consumer("FOREIGN", args);
        expect([code, lines.at(-1)]).toEqual([1, expect.stringMatching(refusal)]);
      }
      expect((await operator.info("FOREIGN", "bridge")).config.max_deliver).toBe(5);
      expect((await consumer("FOREIGN", ["update", "--force"])).code).toBe(0);
      const { config } = await operator.info("FOREIGN", "bridge");
      expect([config.max_deliver, config.description]).toEqual([-1, "by hand"]);
      expect((await consumer("FOREIGN", ["delete", "--yes", "--force"])).code).toBe(0);
      await expect(operator.info("FOREIGN", "bridge")).rejects.toThrow(/not found/);
    });

    test("is deleted with a yes, which says what is lost", async () => {
      await place("DELETE");
      await takeSome("DELETE");
      const asked = await consumer("DELETE", ["delete"]);
      expect([asked.code, asked.lines.at(-1)]).toEqual([
        1,
        "refused: nothing was done: it needs a yes, or --yes beforehand",
      ]);
      expect(asked.stderr).toContain(
        "This position would be lost: settled to 1, delivered to 6, pending 14, unsettled 5.",
      );
      expect(await pendingOf("DELETE")).toBe(14);
      const said = await consumer("DELETE", ["delete", "--yes", "--json"]);
      expect([said.code, receiptOf(said)]).toMatchObject([
        0,
        { command: "consumer delete", stop: "done", before: { ackFloor: 1, unsettled: 5 } },
      ]);
      await expect(operator.info("DELETE", "bridge")).rejects.toThrow(/not found/);
    });

    test("on a stream by interest takes with it what nobody else wants, which is said", async () => {
      await place("TAKEN", { stream: { retention: "interest" } });
      const { stderr } = await consumer("TAKEN", ["delete", "--yes"]);
      expect(stderr).toContain("The retention of the stream is by interest");
      await eventually(async () =>
        expect((await operator.jsm.streams.info("TAKEN")).state.messages).toBe(0),
      );
    });

    test("with a target has room for batch × concurrency, and a short ack wait before a FIFO queue", async () => {
      await place("TARGET", { consumer: { max_ack_pending: 10, ack_wait: 600e9 } });
      const SQS_QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo";
      const { lines } = await consumer("TARGET", ["update"], { SQS_QUEUE_URL, CONCURRENCY: "4" });
      expect(lines.slice(0, 2)).toEqual(["ack_wait: 10m → 10s", "max_ack_pending: 10 → 40"]);
      expect((await consumer("TARGET", ["show"], { SQS_QUEUE_URL, CONCURRENCY: "4" })).code).toBe(
        0,
      );
    });
  });
});

test("the command says all that is wrong at once, before anything connects", async () => {
  const usage = await runCommand(["consumer", "show", "more", "--yes"], {});
  expect([usage.code, usage.lines, usage.stderr.trim().split("\n").length]).toEqual([2, [], 3]);
  const configuration = await runCommand(["consumer", "show"], { NATS_URL: "nats://127.0.0.1:1" });
  expect([configuration.code, configuration.stderr.trim().split("\n")]).toEqual([
    2,
    [
      "JETSTREAM_STREAM: given nothing, expected the name of a stream",
      "JETSTREAM_CONSUMER: given nothing, expected the name of a durable consumer",
    ],
  ]);
  const environment = { NATS_URL: "nats://127.0.0.1:1", JETSTREAM_STREAM: "S" };
  const nowhere = await runCommand(["consumer", "show"], {
    ...environment,
    JETSTREAM_CONSUMER: "c",
  });
  expect([nowhere.code, nowhere.stderr]).toEqual([
    1,
    expect.stringContaining("cannot connect to NATS at 127.0.0.1:1"),
  ]);
});

test("the command connects with the secret of the bridge, and prints nothing of it", async () => {
  await using secrets = await startSecrets();
  const PASSWORD = "sesame-of-the-secret";
  const user = { user: "bridge", password: PASSWORD };
  const server = await startNatsServer({
    config: `authorization { users: [${JSON.stringify(user)}] }`,
  });
  const operator = await operate(server.url, { user: "bridge", pass: PASSWORD });
  await operator.stream("SECRET");
  await operator.consumer("SECRET", "bridge", { description: MADE_BY_US, max_deliver: 5 });
  const environment = {
    ...secrets.environment,
    NATS_URL: server.url,
    NATS_SECRET_ARN: secrets.put("nats/bridge", JSON.stringify(user)),
    JETSTREAM_STREAM: "SECRET",
    JETSTREAM_CONSUMER: "bridge",
  };
  const run = (...args: readonly string[]): Promise<Ended> =>
    runCommand(["consumer", ...args], environment);
  const ended = [await run("show"), await run("update"), await run("delete", "--yes")];
  expect(ended.map(({ code }) => code)).toEqual([1, 0, 0]);
  expect(ended[1]?.lines[0]).toBe("max_deliver: 5 → -1");
  await expect(operator.info("SECRET", "bridge")).rejects.toThrow(/not found/);
  secrets.put("nats/bridge", JSON.stringify({ ...user, password: "another-sesame" }));
  const wrong = await run("show");
  expect(wrong.stderr).toMatch(/Authorization Violation; check the secret arn:/);
  secrets.remove("nats/bridge");
  const none = await run("show");
  expect([none.code, none.stderr]).toEqual([
    1,
    expect.stringMatching(/^(.*\n)?the secret arn:.*ResourceNotFoundException/),
  ]);
  expect(JSON.stringify([ended, wrong, none])).not.toContain("sesame");
  await operator.close();
  await server.stop();
});
