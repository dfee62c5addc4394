// What `cdk deploy` would make, read from the synthesized template.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Template } from "aws-cdk-lib/assertions";
import { expect, test } from "vitest";
import { BridgeStack } from "../../infra/bridge-stack.ts";
import { type BridgeSettings, nothingToDeploy, settingsFrom } from "../../infra/settings.ts";
import { bytesOf, loadedAtStart } from "../support/bundle-size.ts";
import { testApp } from "../support/synthesized.ts";

const SETTINGS: BridgeSettings = {
  name: "Test",
  natsUrl: "nats://nats.example.com:4222",
  stream: "ORDERS",
};

/** Today it is about 590 kB; growth beyond this should be noticed, since every cold start pays for it. */
const MOST_CODE_BYTES = 1_400_000;
/** What a cold start reads. */
const MOST_BYTES_AT_START = 350_000;

function read(context: Record<string, unknown>): BridgeSettings | undefined {
  return settingsFrom(testApp(context).node);
}

test("the command line describes a bridge to a new queue", () => {
  const context = {
    natsUrl: " tls://nats.example.com ",
    natsSecret: "nats/bridge",
    stream: "ORDERS",
  };
  expect(read(context)).toEqual({
    name: "JetStreamBridge",
    natsUrl: "tls://nats.example.com",
    natsSecret: "nats/bridge",
    stream: "ORDERS",
  });
  const more = {
    ...context,
    natsInboxPrefix: "_INBOX_a",
    consumer: "one",
    filterSubjects: "a.>,b",
    groupBy: "{subject}",
  };
  expect(read(more)).toMatchObject({
    natsInboxPrefix: "_INBOX_a",
    consumer: "one",
    filterSubjects: ["a.>", "b"],
    to: { queue: { groupBy: "{subject}" } },
  });
});

test("without settings there is nothing to read, and what is missing is named, with an example", () => {
  expect(read({})).toBeUndefined();
  expect(nothingToDeploy().message).toBe(
    [
      "These settings are missing or wrong:",
      "  natsUrl: given nothing, expected the address of the NATS servers, such as tls://nats.example.com:4222",
      "  stream: given nothing, expected the name of the stream, such as ORDERS",
      "For example: npx cdk deploy -c natsUrl=tls://nats.example.com:4222 -c natsSecret=nats/bridge -c stream=ORDERS",
      "Several bridges, and other targets than a queue, are described in infra/bridges.ts.",
    ].join("\n"),
  );
});

test("a wrong one is refused, and all that are wrong at once", () => {
  expect(() => read({ stream: " ", natsSecret: "a b" })).toThrow(
    /natsUrl: given nothing, .*\n {2}natsSecret: given "a b", expected the name or the ARN .*\n {2}stream: given " "/,
  );
});

test("several bridges have a stack each, of whatever target", () => {
  const stacks = [
    { ...SETTINGS, name: "Queue", to: { queue: { groupBy: "{subject.2}" } } },
    { ...SETTINGS, name: "Bus", to: { eventBus: "default" } },
    {
      ...SETTINGS,
      name: "Function",
      to: { functionArn: "arn:aws:lambda:us-east-1:123456789012:function:orders" },
    },
    {
      ...SETTINGS,
      name: "Handler",
      to: { handler: "functions/handlers/ship-order.ts", schedule: "rate(5 minutes)" },
    },
  ].map((settings) => Template.fromStack(new BridgeStack(testApp(), settings)));
  for (const template of stacks) template.resourceCountIs("Custom::JetStreamBridge", 1);
  const [queue, bus, fn, handler] = stacks;
  queue?.hasResourceProperties("AWS::SQS::Queue", { FifoQueue: true });
  bus?.resourcePropertiesCountIs("AWS::SQS::Queue", {}, 1);
  fn?.hasResourceProperties("AWS::Lambda::Function", {
    Environment: {
      Variables: { FUNCTION_ARN: "arn:aws:lambda:us-east-1:123456789012:function:orders" },
    },
  });
  handler?.hasResourceProperties("AWS::Scheduler::Schedule", {
    ScheduleExpression: "rate(5 minutes)",
  });
});

test("the real bundle: one handler, small, and nothing in it that only the build needs", async () => {
  const built = testApp({ "aws:cdk:bundling-stacks": ["**"] });
  new BridgeStack(built, SETTINGS);
  const { directory } = built.synth();
  const asset = readdirSync(directory).find(
    (name) => name.startsWith("asset.") && statSync(join(directory, name)).isDirectory(),
  )!;
  const files = readdirSync(join(directory, asset));
  expect(files).toContain("index.mjs");
  expect(files.filter((name) => !/\.mjs(\.map)?$/.test(name))).toEqual([]); // no index.meta.json
  const folder = join(directory, asset);
  const all = files.filter((name) => name.endsWith(".mjs"));
  expect(bytesOf(folder, all)).toBeLessThan(MOST_CODE_BYTES);
  // Clients of other targets are in chunks of their own, loaded by a bridge that needs them.
  const atStart = bytesOf(folder, loadedAtStart(folder, "index.mjs"));
  expect(atStart).toBeGreaterThan(200_000); // the NATS clients are found
  expect(atStart).toBeLessThan(MOST_BYTES_AT_START);
});
