// The permissions that the README names are enough, and the ones it calls optional are.
import { afterAll, expect, test } from "vitest";
import { startBridge } from "../support/bridge-process.ts";
import { operate } from "../support/jetstream.ts";
import { startNatsServer } from "../support/nats-server.ts";
import { permissionsBlock } from "../support/readme.ts";
import { startSqs } from "../support/sqs.ts";

const sqs = await startSqs();
afterAll(() => sqs.stop());

/** Only those lines of the block for which `keep` answers true, and an operator who may do everything. */
function config(keep: (line: string) => boolean): string {
  const lines = permissionsBlock().split("\n").filter(keep).join("\n");
  return lines.replace("users: [", `users: [{ user: operator, password: operator }, `);
}

const cases = [
  { which: "all", management: "create", keep: (): boolean => true },
  {
    which: "without the optional ones",
    management: "verify",
    keep: (line: string): boolean => !line.includes("# optional") && !line.includes("# only with"),
  },
];

test.for(cases)(
  "$which: enough to forward with CONSUMER_MANAGEMENT=$management",
  async ({ keep, management }) => {
    const server = await startNatsServer({ config: config(keep) });
    const operator = await operate(server.url, { user: "operator", pass: "operator" });
    await operator.stream("ORDERS", { subjects: ["orders.>"] });
    if (management === "verify") {
      await operator.consumer("ORDERS", "orders-to-sqs", { max_ack_pending: 320 });
    }
    await operator.publish("orders.eu.1", 100);
    const queue = await sqs.createQueue(`permissions-${management}`);
    await using bridge = startBridge({
      ...sqs.environment,
      NATS_URL: server.url,
      NATS_USER: "bridge",
      NATS_PASSWORD: "change me",
      NATS_INBOX_PREFIX: "_INBOX_bridge",
      JETSTREAM_STREAM: "ORDERS",
      JETSTREAM_CONSUMER: "orders-to-sqs",
      CONSUMER_MANAGEMENT: management,
      SQS_QUEUE_URL: queue,
    });
    expect(await sqs.receiveAll(queue, { expected: 100 })).toHaveLength(100);
    expect(await bridge.stop()).toBe(0);
    expect(bridge.receipts().at(-1)).toMatchObject({ acked: 100, unconfirmed: 0 });
    const denied = bridge.lines.filter(({ event }) => event === "stream-not-readable");
    expect(denied).toHaveLength(management === "verify" ? 1 : 0);
    await operator.close();
    await server.stop();
  },
);
