// A deployment that would not work fails with the reason: configuration, code, connection, account, stream, time.
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { operate, type Operator } from "../support/jetstream.ts";
import { type RunningServer, startNatsServer } from "../support/nats-server.ts";
import { type Asked, bundleOf, preflight } from "../support/preflight.ts";
import { startSqs } from "../support/sqs.ts";

const HANDLER = "functions/handlers/ship-order.ts";

bundleOf();
bundleOf(HANDLER);
const sqs = await startSqs();
let server: RunningServer;
let operator: Operator;
let least: Readonly<Record<string, string>>;

beforeAll(async () => {
  server = await startNatsServer({
    config: `accounts {
      JS: { jetstream: enabled, users: [
        { user: operator, password: sesame-1 }
        { user: poor, password: sesame-2, permissions: { publish: ["x"], subscribe: ["_INBOX.>"] } }
      ] }
      PLAIN: { users: [{ user: plain, password: sesame-3 }] }
    }`,
  });
  operator = await operate(server.url, { user: "operator", pass: "sesame-1" });
  await operator.stream("ORDERS");
  await operator.stream("RETURNS");
  await operator.stream("SHIPMENTS", { subjects: ["shipments.>"] });
  least = {
    ...sqs.environment,
    AWS_LAMBDA_FUNCTION_NAME: "preflight",
    NATS_URL: server.url,
    NATS_USER: "operator",
    NATS_PASSWORD: "sesame-1",
    JETSTREAM_STREAM: "ORDERS",
    JETSTREAM_CONSUMER: "bridge",
    SQS_QUEUE_URL: await sqs.createQueue("orders"),
    DEAD_LETTER_QUEUE_URL: await sqs.createQueue("dead"),
  };
});
afterAll(async () => {
  await operator.close();
  await Promise.all([server.stop(), sqs.stop()]);
});

/** The reason of a failure, after which there is no consumer. Nothing that is secret has been printed. */
async function refused(
  changes: Readonly<Record<string, string>>,
  asked: Asked = {},
): Promise<string> {
  const { answer, stdout } = await preflight({ ...least, ...changes }, asked);
  expect(answer).toMatchObject({ Status: "FAILED", PhysicalResourceId: "failed-request-1" });
  expect(`${stdout}${JSON.stringify(answer)}`).not.toContain("sesame");
  const { consumer_count } = (await operator.jsm.streams.info("ORDERS")).state;
  expect(consumer_count).toBe(0);
  return answer.Reason;
}

describe.concurrent("a deployment fails", () => {
  test("with every fault of the configuration", async () => {
    const reason = await refused({
      JETSTREAM_STREAM: "",
      JETSTREAM_ACK_WAIT: "soon",
      NATS_PASSWORD: "",
      NATS_TOKEN: "sesame-4",
    });
    expect(reason).toContain("the bridge's code does not load: the configuration is wrong:");
    for (const name of ["JETSTREAM_STREAM", "JETSTREAM_ACK_WAIT", "NATS_PASSWORD"]) {
      expect(reason).toContain(`\n${name}: given `);
    }
  });

  test("when the code throws while it is loaded, and what it says holds no secret", async () => {
    const code = `throw new Error("no table ORDERS for " + process.env.NATS_PASSWORD)`;
    expect(await refused({}, { code })).toBe(
      "the bridge's code does not load: no table ORDERS for ***",
    );
  });

  test("when the file exports no handler of ours, and no target is named", async () => {
    const code = "export const handler = async () => {};";
    const reason = await refused({ SQS_QUEUE_URL: "" }, { code });
    expect(reason).toContain("has to export `handler = onMessage(…)`");
  });

  test("when nothing answers at NATS_URL, after having tried again", async () => {
    const closed = `nats://127.0.0.1:${await freePort()}`;
    const reason = await refused({ NATS_URL: closed }, { granted: 5000 });
    expect(reason).toContain(`cannot connect to NATS at ${closed.slice(7)}: connection refused;`);
    expect(reason).toContain("subnets and security groups");
  });

  test("while there is still time to say so, when something does not answer at all", async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const url = `nats://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const asked = preflight(
      { ...least, NATS_URL: url, NATS_TIMEOUT: "30s" },
      // In Lambda the process would be frozen with its connection; here it ends when that does.
      { granted: 3000, answered: () => sockets.forEach((socket) => socket.destroy()) },
    );
    const { answer, left } = await asked;
    silent.close();
    expect(answer.Status).toBe("FAILED");
    expect(answer.Reason).toMatch(
      /^the time of the preflight function ran out after 2 s, while this was not done: .*connection/,
    );
    expect(left).toBeGreaterThan(0);
  });

  test("at once when NATS does not know the user", async () => {
    const reason = await refused({ NATS_PASSWORD: "sesame-9" });
    expect(reason).toMatch(/Authorization Violation; check NATS_CREDS.*, or NATS_TOKEN$/);
  });

  test("where no credentials were given, with where they come from", async () => {
    const reason = await refused({ NATS_USER: "", NATS_PASSWORD: "" });
    expect(reason).toMatch(
      /Authorization Violation; check .*, or NATS_TOKEN: none of them is set; in the CDK they come from `secret` of the NatsConnection \(-c natsSecret with the app of this repository\)$/,
    );
  });

  test("when the account has no JetStream", async () => {
    const reason = await refused({ NATS_USER: "plain", NATS_PASSWORD: "sesame-3" });
    expect(reason).toContain("JetStream not enabled for account (10039); enable it for");
  });

  test("with all permissions that are missing", async () => {
    const reason = await refused({ NATS_USER: "poor", NATS_PASSWORD: "sesame-2" });
    expect(reason).toContain("the NATS user lacks permissions; add to them publish: [");
    expect(reason).toContain('"$JS.ACK.ORDERS.bridge.>"');
    expect(reason).toContain('"$JS.API.CONSUMER.CREATE.ORDERS.bridge"');
    expect(reason.split("\n")).toHaveLength(1);
  });

  test("when the stream is not there, with the name that may have been meant", async () => {
    expect(await refused({ JETSTREAM_STREAM: "orders" })).toBe(
      "there is no stream orders in this account (JETSTREAM_STREAM, NATS_JS_DOMAIN); did you mean ORDERS?",
    );
    expect(await refused({ JETSTREAM_STREAM: "INVOICES" })).toContain(
      "; there are ORDERS, RETURNS",
    );
  });

  test("when the filter takes nothing of the stream", async () => {
    expect(await refused({ JETSTREAM_FILTER_SUBJECTS: "ORDERS.eu,orders.us" })).toBe(
      "JETSTREAM_FILTER_SUBJECTS: given orders.us, expected subjects that stream ORDERS stores: ORDERS.>",
    );
  });

  test("when the construct asks for something unknown", async () => {
    const reason = await refused({}, { properties: { ManageConsumer: "update" } });
    expect(reason).toBe('property ManageConsumer: given "update", expected create or verify');
  });

  test("with what is wrong at NATS and what is wrong at AWS together", async () => {
    const reason = await refused({
      JETSTREAM_STREAM: "NOWHERE",
      SQS_QUEUE_URL: `${least["SQS_QUEUE_URL"]}-other`,
    });
    expect(reason).toContain("there is no stream NOWHERE");
    expect(reason).toContain("orders-other cannot be used: QueueDoesNotExist");
  });

  test("when no stream takes what the handler publishes", async () => {
    const code = `export const handler = Object.assign(async () => {}, { definition: {
      kind: "one", handle() {}, options: { publishes: ["RETURNS.a", "BILLS.a"] } } });`;
    const reason = await refused({ SQS_QUEUE_URL: "" }, { code });
    expect(reason).toContain("no stream takes BILLS.a, to which the handler publishes");
  });
});

describe.concurrent("a deployment succeeds", () => {
  test("when NATS can be reached a moment later", async () => {
    const port = await freePort();
    const asked = preflight({
      ...least,
      NATS_URL: `nats://127.0.0.1:${port}`,
      NATS_USER: "",
      NATS_PASSWORD: "",
    });
    await sleep(700);
    const late = await startNatsServer({ port });
    const there = await operate(late.url);
    await there.stream("ORDERS");
    await there.close();
    const { answer } = await asked;
    await late.stop();
    expect([answer.Status, answer.Reason]).toEqual(["SUCCESS", ""]);
  });

  test("with a handler of the user's, whose options count", async () => {
    const { answer, checks } = await preflight(
      { ...least, SQS_QUEUE_URL: "", JETSTREAM_STREAM: "RETURNS" },
      { entry: HANDLER },
    );
    expect(checks.filter(({ result }) => result === "failure")).toEqual([]);
    expect(answer.Data?.Made).toBe("true");
    // Room for all that a handler may put off.
    expect((await operator.info("RETURNS", "bridge")).config.max_ack_pending).toBe(1000);
  });

  test("with `Checks: consumer` without a word to AWS", async () => {
    const { answer, checks } = await preflight(
      {
        ...least,
        JETSTREAM_STREAM: "RETURNS",
        JETSTREAM_CONSUMER: "alone",
        SQS_QUEUE_URL: `${least["SQS_QUEUE_URL"]}-other`,
      },
      { properties: { Checks: "consumer" } },
    );
    expect(answer.Data?.Made).toBe("true");
    expect(checks.map(({ check }) => check)).toEqual([
      "configuration",
      "connection",
      "stream",
      "consumer",
      "domain",
      "creation",
    ]);
  });

  test("to delete what a failed create has left: nothing", async () => {
    const { answer } = await preflight(
      { JETSTREAM_ACK_WAIT: "nonsense" },
      { type: "Delete", physicalId: "failed-request-1", properties: { OnDelete: "delete" } },
    );
    expect(answer).toMatchObject({ Status: "SUCCESS", PhysicalResourceId: "failed-request-1" });
  });

  test("to delete although NATS does not answer, and says what is left", async () => {
    const { answer } = await preflight(
      { ...least, NATS_URL: `nats://127.0.0.1:${await freePort()}` },
      {
        type: "Delete",
        physicalId: "ORDERS/bridge",
        properties: { OnDelete: "delete" },
        granted: 3000,
      },
    );
    expect(answer.Status).toBe("SUCCESS");
    expect(answer.Reason).toContain("consumer bridge of stream ORDERS is left: cannot connect");
  });
});
