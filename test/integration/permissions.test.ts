// The permissions that the command prints, and no others, given to the user of a bridge on real servers: nothing is
// missing, and what lies beside them is denied.
import { errors } from "@nats-io/transport-node";
import { jetstream } from "@nats-io/jetstream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bothServers } from "../support/both-servers.ts";
import { type Bridge, startBridge } from "../support/bridge-process.ts";
import { ASKING, ask, handlerRoute, receiptsOf } from "../support/handler-route.ts";
import { operate, type Operator } from "../support/jetstream.ts";
import { isAtLeast, type RunningServer, startNatsServer } from "../support/nats-server.ts";
import { runCommand } from "../support/operator-command.ts";
import type { Parts } from "../support/parts.ts";
import { permissionsBlock } from "../support/readme.ts";
import { startReceiver } from "../support/receiver.ts";
import { startSqs } from "../support/sqs.ts";

const sqs = await startSqs();
afterAll(() => sqs.stop());

interface Case {
  readonly stream: string;
  readonly args: readonly string[];
  readonly management: "create" | "verify";
  readonly filters?: string;
  /** Without the lines that are called optional. */
  readonly isLeast?: boolean;
}

const CASES: readonly Case[] = [
  { stream: "CREATE", args: ["--create"], management: "create" },
  { stream: "ONE", args: ["--create"], management: "create", filters: "ONE.*.>" },
  { stream: "SEVERAL", args: ["--create"], management: "create", filters: "SEVERAL.a,SEVERAL.b" },
  { stream: "VERIFY", args: [], management: "verify" },
  { stream: "LEAST", args: [], management: "verify", isLeast: true },
];

/** The handler's, whose consumer has a name of its own. */
const HANDLER = {
  stream: "HANDLER",
  consumer: "HANDLER-handler",
  args: ["--replay", "--publish", "SHIPMENTS.*", "--publish-stream", "SHIPMENTS"],
};

const PASSWORD = "change me";

/** A user by the name of its stream, with what the command prints. */
async function userFor(
  stream: string,
  args: readonly string[],
  { consumer = "bridge", filters = "", isLeast = false } = {},
): Promise<string> {
  const { code, lines, stderr } = await runCommand(["permissions", ...args], {
    JETSTREAM_STREAM: stream,
    JETSTREAM_CONSUMER: consumer,
    JETSTREAM_FILTER_SUBJECTS: filters,
    NATS_INBOX_PREFIX: inboxOf(stream),
  });
  if (code !== 0) throw new Error(stderr);
  const block = lines.filter((line) => !isLeast || !line.includes("# optional")).join("\n");
  return `{ user: ${stream}, password: "${PASSWORD}", ${block} }`;
}

const inboxOf = (stream: string): string => `_INBOX_${stream}`;

const servers = await bothServers();
const NEWER_ACKS = "feature_flags { js_ack_fc_v2: true }";
const variants = [
  ...servers.map((server) => ({ ...server, more: "" })),
  { ...servers[0]!, which: "the newest server with the newer form of acks", more: NEWER_ACKS },
];

describe.each(variants)("on $which", ({ binary, more, version }) => {
  let server: RunningServer;
  let operator: Operator;

  beforeAll(async () => {
    if (!binary) return;
    const users = await Promise.all([
      ...CASES.map(({ args, stream, ...rest }) => userFor(stream, args, rest)),
      userFor(HANDLER.stream, HANDLER.args, HANDLER),
    ]);
    const config = `authorization {
      users: [{ user: operator, password: operator }, ${users.join(", ")}]
    }
    no_auth_user: operator
    ${more}`;
    server = await startNatsServer({ binary, config });
    operator = await operate(server.url);
  });
  afterAll(async () => {
    await operator?.close();
    await server?.stop();
  });

  const asUser = (stream: string): Readonly<Record<string, string>> => ({
    NATS_URL: server.url,
    NATS_USER: stream,
    NATS_PASSWORD: PASSWORD,
    NATS_INBOX_PREFIX: inboxOf(stream),
  });

  async function startOn({ filters = "", management, stream }: Case): Promise<Bridge> {
    await operator.stream(stream);
    if (management === "verify") {
      await operator.consumer(stream, "bridge", { max_ack_pending: 320 });
    }
    await operator.publish(`${stream}.a.1`, 50);
    await operator.publish(`${stream}.a`, 50);
    return startBridge({
      ...sqs.environment,
      ...asUser(stream),
      JETSTREAM_STREAM: stream,
      JETSTREAM_CONSUMER: "bridge",
      JETSTREAM_FILTER_SUBJECTS: filters,
      CONSUMER_MANAGEMENT: management,
      RECEIPT_INTERVAL: "200ms",
      SQS_QUEUE_URL: await sqs.createQueue(`permissions-${stream}`),
    });
  }

  /** The subjects that this user may publish to, of those that are given. */
  async function allowed(user: string, subjects: readonly string[]): Promise<readonly string[]> {
    const connection = await operate(server.url, {
      user,
      pass: PASSWORD,
      inboxPrefix: inboxOf(user),
    });
    const isAllowed = async (subject: string): Promise<boolean> => {
      const error = await connection.nc
        .request(subject, "not JSON", { timeout: 500 })
        .catch((reason: unknown) => reason);
      const cause = error instanceof Error ? error.cause : undefined;
      return !(cause instanceof errors.PermissionViolationError);
    };
    const answers = await Promise.all(subjects.map(isAllowed));
    await connection.close();
    return subjects.filter((_, at) => answers[at]);
  }

  describe.skipIf(!binary).concurrent("a bridge with them", () => {
    const cases = CASES.filter(({ stream }) => {
      // How the consumer was made has nothing to do with acks.
      if (more !== "") return stream === "VERIFY";
      return stream !== "SEVERAL" || isAtLeast(version, "2.10");
    });
    test.each(cases)("lacks nothing: $stream $args", async (one) => {
      await using bridge = await startOn(one);
      const expected = one.filters ? 50 : 100;
      await bridge.waitFor((line) => line.event === "receipt" && line["acked"] === expected);
      expect(await bridge.stop()).toBe(0);
      expect(bridge.receipts().at(-1)).toMatchObject({ acked: expected, unconfirmed: 0 });
      const unreadable = bridge.lines.filter(({ event }) => event === "stream-not-readable");
      expect(unreadable).toHaveLength(one.isLeast ? 1 : 0);
      if (!one.isLeast)
        expect(JSON.stringify(bridge.lines)).not.toMatch(/Permissions Violation|denies/);
    });

    test("whose handler publishes and which replays lacks nothing either", async () => {
      const parts = { server, sqs, jetstream: jetstream(operator.nc) } as unknown as Parts;
      await operator.stream("SHIPMENTS", { duplicate_window: 600e9 });
      const route = await handlerRoute(parts, operator, HANDLER.stream);
      await using receiver = await startReceiver(() => ({
        body: { publishes: [["SHIPMENTS.made", "x"]] },
      }));
      await route.publish(["a", {}], ["b", {}]);
      const settings = {
        ...ask(receiver.url, { publishes: ["SHIPMENTS.made"] }),
        ...asUser(HANDLER.stream),
      };
      const replay = { version: 1, kind: "replay", startSequence: 1 };
      const fn = route.start(ASKING, settings, 20_000, {
        granted: 20_000,
        event: replay,
        requestId: "r",
      });
      const [woken, replayed] = await receiptsOf(fn);
      expect(woken).toMatchObject({ stop: "idle", acked: 2 });
      expect(replayed).toMatchObject({ stop: "idle", acked: 2 });
      const { stdout } = await fn.ended;
      expect(stdout).not.toMatch(/Permissions Violation|denies|publish-window-unknown/);
      // It removed what it had made for the replay.
      expect((await operator.jsm.streams.info(HANDLER.stream)).state.consumer_count).toBe(1);
    });

    test("may do nothing beside", async () => {
      const neighbours = (stream: string): readonly string[] => [
        "$JS.API.INFO",
        "$JS.API.STREAM.NAMES",
        "$JS.API.STREAM.INFO.OTHER",
        `$JS.API.STREAM.PURGE.${stream}`,
        `$JS.API.STREAM.DELETE.${stream}`,
        `$JS.API.STREAM.MSG.GET.${stream}`,
        `$JS.API.CONSUMER.INFO.${stream}.other`,
        `$JS.API.CONSUMER.MSG.NEXT.${stream}.other`,
        `$JS.API.CONSUMER.CREATE.${stream}.other`,
        `$JS.API.CONSUMER.CREATE.${stream}.bridge`,
        `$JS.API.CONSUMER.CREATE.${stream}.bridge.${stream}.a`,
        `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.bridge`,
        `$JS.API.CONSUMER.DELETE.${stream}.bridge`,
        `$JS.ACK.${stream}.other.1.1.1.1.1`,
        `$JS.ACK._.hash.${stream}.other.1.1.1.1.1`,
        `$JS.ACK.OTHER.bridge.1.1.1.1.1`,
        `${stream}.a`,
        inboxOf(stream),
      ];
      expect(await allowed("VERIFY", neighbours("VERIFY"))).toEqual([]);
      expect(await allowed("ONE", neighbours("ONE"))).toEqual([]);
      expect(await allowed("SEVERAL", neighbours("SEVERAL"))).toEqual([
        "$JS.API.CONSUMER.CREATE.SEVERAL.bridge",
      ]);
    });

    test.each([">", "_INBOX.>", "VERIFY.>", "$JS.>"])("may not read %s", async (subject) => {
      const user = await operate(server.url, { user: "VERIFY", pass: PASSWORD });
      const { promise, resolve } = Promise.withResolvers<Error | null>();
      user.nc.subscribe(subject, { callback: (error) => resolve(error) });
      expect(await promise).toBeInstanceOf(errors.PermissionViolationError);
      await user.close();
    });
  });
});

test("the block of the README is one that a server takes", async () => {
  const config = permissionsBlock().replace(
    "users: [",
    "users: [{ user: operator, password: operator }, ",
  );
  const server = await startNatsServer({ config });
  const bridge = await operate(server.url, { user: "bridge", pass: "change me" });
  await bridge.close();
  await server.stop();
});

test("the command prints JSON and nsc as well, and says all that is wrong at once", async () => {
  const named = ["--stream", "S", "--consumer", "c"];
  const json = await runCommand(["permissions", ...named, "--json"], {});
  expect([json.code, json.lines.map((line) => JSON.parse(line) as object)]).toMatchObject([
    0,
    [{ event: "permissions", subscribe: [{ subject: "_INBOX.>", optional: false }] }],
  ]);
  expect(json.stderr).toMatch(/^NATS_INBOX_PREFIX is not set: /);
  const nsc = await runCommand(["permissions", ...named, "--format", "nsc"], {});
  expect([nsc.code, nsc.lines[0]]).toEqual([0, "nsc add user --name 'bridge' \\"]);
  const wrong = await runCommand(["permissions", "--edit"], {});
  expect([wrong.code, wrong.lines, wrong.stderr.trim().split("\n").length]).toEqual([2, [], 4]);
});
