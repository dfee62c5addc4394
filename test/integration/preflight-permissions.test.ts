// What the NATS user may not do is told as a whole, before anything needs it; and asking changes nothing.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkPermissions } from "../../functions/bridge/preflight/permissions.ts";
import { dialer } from "../../functions/bridge/source/connection.ts";
import {
  type Permissions,
  permissionsOf,
  type PermissionsWanted,
} from "../../functions/bridge/source/permissions.ts";
import type { Dial } from "../../functions/bridge/source/wire.ts";
import { bothServers } from "../support/both-servers.ts";
import { operate, type Operator } from "../support/jetstream.ts";
import { isAtLeast, type RunningServer, startNatsServer } from "../support/nats-server.ts";

const WANTED: PermissionsWanted = {
  stream: "ORDERS",
  consumer: "bridge",
  apiPrefix: "$JS.API",
  inboxPrefix: "_INBOX_bridge",
  filterSubjects: ["ORDERS.eu.>"],
  create: true,
  publishes: ["SHIPPED.eu"],
};
const ALL = permissionsOf(WANTED);
const NEEDED = ALL.publish.filter(({ optional }) => !optional).map(({ subject }) => subject);

/** A user who lacks this one subject; who lacks nothing where that is undefined. */
function userText(name: string, lacking: string | undefined): string {
  // To the server, an empty list is none at all.
  const list = (which: keyof Permissions): string =>
    ["nothing", ...ALL[which].map(({ subject }) => subject)]
      .filter((subject) => subject !== lacking)
      .map((subject) => JSON.stringify(subject))
      .join(", ");
  return `{ user: "${name}", password: secret, permissions: { publish: [${list("publish")}], subscribe: [${list("subscribe")}] } }`;
}

describe.each(await bothServers())("on $which", ({ binary, version }) => {
  let server: RunningServer;
  let operator: Operator;
  const tellsAll = isAtLeast(version, "2.11");
  const told = tellsAll ? NEEDED : NEEDED.filter((subject) => subject !== "SHIPPED.eu");

  beforeAll(async () => {
    if (!binary) return;
    const users = NEEDED.map((subject, at) => userText(`lacks-${at}`, subject));
    const config = `authorization { users: [
      { user: operator, password: secret }
      ${userText("all", undefined)}
      ${userText("thrifty", "$JS.API.STREAM.INFO.ORDERS")}
      ${userText("deaf", "_INBOX_bridge.>")}
      { user: nobody, password: secret, permissions: { publish: ["x"], subscribe: ["_INBOX_bridge.>"] } }
      ${users.join("\n")}
    ] }`;
    server = await startNatsServer({ binary, config });
    operator = await operate(server.url, { user: "operator", pass: "secret" });
    await operator.stream("ORDERS");
    await operator.stream("SHIPPED");
  });
  afterAll(async () => {
    await operator?.close();
    await server?.stop();
  });

  function dialAs(user: string): Dial {
    return dialer({
      servers: [`127.0.0.1:${server.port}`],
      credentials: { user, password: "secret" },
      inboxPrefix: "_INBOX_bridge",
      timeoutMs: 2000,
      name: "preflight under test",
    });
  }

  interface Said {
    readonly refused: string;
    readonly warnings: readonly string[];
  }

  async function ask(user: string, wanted = WANTED): Promise<Said> {
    const warnings: string[] = [];
    const check = { warn: (text: string): void => void warnings.push(text), waitsFor: () => {} };
    const asked = checkPermissions(dialAs(user), wanted, check);
    const refused = await asked.then(
      () => "",
      (error: unknown) => (error as Error).message,
    );
    return { refused, warnings };
  }

  describe.skipIf(!binary)("a user", () => {
    test("who has what is needed passes", async () => {
      expect(await ask("all")).toEqual({ refused: "", warnings: [] });
    });

    test("who has nothing is told all that is missing at once, ready to paste", async () => {
      const { refused } = await ask("nobody");
      const [, list = ""] = /publish: (\[.*?\])\. All/.exec(refused) ?? [];
      const missing = JSON.parse(list) as readonly string[];
      expect(missing.filter((subject) => NEEDED.includes(subject))).toEqual(
        NEEDED.filter((subject) => subject !== "SHIPPED.eu"),
      );
      expect(refused).toContain('whether it may publish to "SHIPPED.eu" cannot be told');
    });

    test("who has what is needed for another stream is asked for the name first", async () => {
      const { refused } = await ask("all", { ...WANTED, stream: "ORDRES" });
      expect(refused).toMatch(/^either the stream is not called ORDRES or the consumer not /);
    });

    test.each(NEEDED)("who lacks %s alone is told so", async (subject) => {
      const { refused } = await ask(`lacks-${NEEDED.indexOf(subject)}`);
      if (told.includes(subject)) expect(refused).toContain(`publish: ["${subject}"]. All`);
      else expect(refused).toBe("");
    });

    test("who lacks very many is told each of them", async () => {
      const publishes = Array.from({ length: 300 }, (_, at) => `ELSEWHERE.${at}`);
      const { refused } = await ask("all", { ...WANTED, publishes });
      const [, list = "[]"] = /publish: (\[.*?\])\. All/.exec(refused) ?? [];
      expect(JSON.parse(list)).toEqual(tellsAll ? publishes : []);
    });

    test("who may not subscribe its inbox is told so", async () => {
      expect((await ask("deaf")).refused).toContain('subscribe: ["_INBOX_bridge.>"]');
    });

    test("who lacks what is optional is warned", async () => {
      const { refused, warnings } = await ask("thrifty");
      expect(refused).toBe("");
      expect(warnings).toEqual([
        expect.stringContaining('publish to "$JS.API.STREAM.INFO.ORDERS" (optional: to notice'),
      ]);
    });
  });

  describe.skipIf(!binary)("asking", () => {
    test("moves no position, no delivery count, and stores and delivers nothing", async () => {
      await operator.consumer("ORDERS", "bridge", {
        ack_wait: 60e9,
        filter_subject: "ORDERS.eu.>",
      });
      await operator.publish("ORDERS.eu.1", 10);
      await operator.take("ORDERS", "bridge", 3);
      const heard: string[] = [];
      operator.nc.subscribe("SHIPPED.>", {
        callback: (_, { subject }) => void heard.push(subject),
      });
      const state = async (): Promise<unknown> => {
        const { ts: _, ...consumer } = (await operator.info("ORDERS", "bridge")) as { ts?: string };
        const orders = await operator.jsm.streams.info("ORDERS");
        const shipped = await operator.jsm.streams.info("SHIPPED");
        return { consumer, orders: orders.state, shipped: shipped.state };
      };
      const before = await state();
      for (let time = 0; time < 3; time += 1) await ask("all");
      expect(await state()).toEqual(before);
      expect(before).toMatchObject({
        consumer: { num_ack_pending: 3, num_pending: 7, num_redelivered: 0, num_waiting: 0 },
      });
      await operator.nc.flush();
      expect(heard).toEqual([]);
      // What was left is delivered once, in order, with its first delivery.
      const rest = await operator.take("ORDERS", "bridge", 7);
      expect(rest.map(({ reply }) => reply?.split(".").slice(4, 6).join("/"))).toEqual(
        [4, 5, 6, 7, 8, 9, 10].map((sequence) => `1/${sequence}`),
      );
    });
  });
});
