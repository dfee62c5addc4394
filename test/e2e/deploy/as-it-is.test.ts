// The README's "Deploy it as it is", with its own commands: into an emulator of AWS, with a nats-server that grants what
// `npm run bridge -- permissions` prints, and nothing else.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CdkApp, cdk, deploy, synthesize, type Told, tryToDeploy } from "../../support/cdk.ts";
import { findMinistack } from "../../support/fetch-ministack.ts";
import { operate, type Operator } from "../../support/jetstream.ts";
import { type Emulator, startMinistack } from "../../support/ministack.ts";
import { type RunningServer, startNatsServer } from "../../support/nats-server.ts";
import { startCommand } from "../../support/operator-command.ts";

const isThere = await findMinistack().then(
  () => true,
  () => false,
);

const readme = readFileSync(join(import.meta.dirname, "../../../README.md"), "utf8");
const [, commands = ""] = /## Deploy it as it is\n.*?```sh\n(.*?)```/s.exec(readme) ?? [];
const lines = commands.replaceAll(/\s*\\\n\s*/g, " ").split("\n");

/** The words after `start` in the README's own line. */
function wordsAfter(start: string): readonly string[] {
  const line = lines.find((one) => one.startsWith(start)) ?? "";
  return line
    .replace(/\s+#.*/, "")
    .slice(start.length)
    .trim()
    .split(/\s+/);
}

let server: RunningServer;
let operator: Operator;
let emulator: Emulator;
let app: CdkApp;

/** What the README's command prints; it is what a user of the server's configuration may do. */
async function permissions(...args: readonly string[]): Promise<string> {
  const { code, lines: printed } = await startCommand(["permissions", ...args], {}).ended;
  expect(code).toBe(0);
  return printed.join("\n");
}

async function guarded(): Promise<RunningServer> {
  const bridge = await permissions(...wordsAfter("npm run bridge -- permissions"));
  const denied = await permissions("--stream", "ORDERS", "--consumer", "denied", "--create");
  return startNatsServer({
    config: `authorization { users: [
      { user: operator, password: operator }
      { user: bridge, password: "s3cret", ${bridge} }
      { user: denied, password: "s3cret", ${denied.replace(/.*MSG\.NEXT.*/, "")} }
    ] }`,
  });
}

async function keep(name: string, user: string): Promise<void> {
  const client = new SecretsManagerClient({
    endpoint: emulator.sqs.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const SecretString = JSON.stringify({ user, password: "s3cret" });
  await client.send(new CreateSecretCommand({ Name: name, SecretString }));
}

function contextOf(words: readonly string[]): Record<string, string> {
  const pairs = words.filter((word) => word !== "-c").map((word) => word.split("=", 2));
  return Object.fromEntries(pairs) as Record<string, string>;
}

beforeAll(async () => {
  if (!isThere) return;
  [server, emulator] = await Promise.all([guarded(), startMinistack()]);
  operator = await operate(server.url, { user: "operator", pass: "operator" });
  await operator.stream("ORDERS", { subjects: ["orders.>"] });
  await keep("nats/bridge", "bridge");
  await keep("nats/denied", "denied");
  const context = contextOf(wordsAfter("npx cdk deploy"));
  const environment = emulator.sqs.environment;
  app = { file: "infra/app.ts", context: { ...context, natsUrl: server.url }, environment };
  const bootstrapped = await cdk({ ...app, context: {} }, "bootstrap");
  if (bootstrapped.code !== 0) throw new Error(bootstrapped.said);
}, 180_000);

afterAll(async () => {
  await operator?.close();
  await Promise.all([server?.stop("SIGKILL"), emulator?.[Symbol.asyncDispose]()]);
});

describe.skipIf(!isThere)("deployed as the README says", () => {
  test("a message arrives in the new queue, with no right but those that were printed", async () => {
    expect(app.context).toMatchObject({ natsSecret: "nats/bridge", stream: "ORDERS" });
    await operator.publish("orders.new", 1);
    const outputs = (await deploy(app))["JetStreamBridge"] ?? {};
    expect(Object.values(outputs)).toContain(
      "ORDERS > orders-to-sqs (created, deliver all, max_deliver unlimited)",
    );
    void refusal(); // there is a minute to wait
    const url = outputs["QueueUrl"] ?? "";
    const arrived = await emulator.sqs.receiveAll(url, { expected: 1, timeoutMs: 130_000 });
    expect(arrived).toMatchObject([{ attributes: { "nats-subject": "orders.new" } }]);
  }, 240_000);

  test("removed with nothing but the command, it is gone, and its consumer stays", async () => {
    expect(readme).toContain("To remove it: `npx cdk destroy`");
    const { code, said } = await cdk({ ...app, context: {} }, "destroy", "--force");
    expect(said).toContain("JetStreamBridge: destroyed");
    expect(code).toBe(0);
    const again = await cdk(app, "diff", "--fail");
    expect(again.code, "there is no such stack any more").toBe(1);
    expect((await operator.info("ORDERS", "orders-to-sqs")).ack_floor.stream_seq).toBe(1);
  }, 120_000);

  test("a right that is missing is named, and nothing is deployed", async () => {
    const { code, said } = await refusal();
    expect(said).toContain("$JS.API.CONSUMER.MSG.NEXT.ORDERS.denied");
    expect(code).toBe(1);
  }, 120_000);
});

let refused: Promise<Told> | undefined;

/** What deploying a bridge whose user lacks a right has told; tried once. */
function refusal(): Promise<Told> {
  refused ??= (async () => {
    const context = { natsUrl: server.url, guardedUrl: server.url, ledger: "", version: "first" };
    const guardedApp = { ...app, file: "test/e2e/deploy/app.ts", context };
    return tryToDeploy(await synthesize(guardedApp, "Denied"), "Denied");
  })();
  return refused;
}
