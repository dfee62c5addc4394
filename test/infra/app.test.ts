// What `cdk deploy` would make, read from the synthesized template.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Template } from "aws-cdk-lib/assertions";
import { expect, test } from "vitest";
import { BridgeStack } from "../../infra/bridge-stack.ts";
import type { BridgeSettings } from "../../infra/bridge-settings.ts";
import { stackName, wantedBridges } from "../../infra/settings.ts";
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

function read(
  context: Record<string, unknown>,
  described: readonly BridgeSettings[] = [],
): readonly BridgeSettings[] {
  return wantedBridges(testApp(context).node, described);
}

test("the command line describes a bridge to a new queue", () => {
  const context = {
    natsUrl: " tls://nats.example.com ",
    natsSecret: "nats/bridge",
    stream: "ORDERS",
  };
  expect(read(context)).toEqual([
    {
      name: "JetStreamBridge",
      natsUrl: "tls://nats.example.com",
      natsSecret: "nats/bridge",
      stream: "ORDERS",
    },
  ]);
  const more = {
    ...context,
    name: "Orders",
    natsInboxPrefix: "_INBOX_a",
    consumer: "one",
    filterSubjects: "a.>,b",
    groupBy: "{subject}",
  };
  expect(read(more)).toMatchObject([
    {
      name: "Orders",
      natsInboxPrefix: "_INBOX_a",
      consumer: "one",
      filterSubjects: ["a.>", "b"],
      to: { queue: { groupBy: "{subject}" } },
    },
  ]);
});

test("the stack has its name also when nothing else is said, so that it can be destroyed", () => {
  expect(stackName(testApp().node)).toBe("JetStreamBridge");
  expect(stackName(testApp({ name: "Orders" }).node)).toBe("Orders");
});

test("without settings what is missing is named, with an example", () => {
  expect(() => read({})).toThrow(
    [
      "These settings are missing or wrong:",
      "  natsUrl: given nothing, expected the address of the NATS servers, such as tls://nats.example.com:4222",
      "  stream: given nothing, expected the name of the stream, such as ORDERS",
      "For example: npx cdk deploy -c natsUrl=tls://nats.example.com:4222 -c natsSecret=nats/bridge -c stream=ORDERS",
      "Several bridges, and other targets than a queue, are described in infra/bridges.ts.",
    ].join("\n"),
  );
});

test("one that was misspelled is refused, and would not leave its default in force", () => {
  const context = { natsUrl: "nats://nats.example.com", stream: "ORDERS" };
  expect(() => read({ ...context, filterSubject: "orders.eu.>" })).toThrow(
    "filterSubject: given a value, expected none: there is no such option; did you mean filterSubjects?",
  );
  expect(() => read({ consumr: "x" })).toThrow("consumr: given a value, expected none");
});

test("bridges on the command line and in the file are refused, since only one of the two would count", () => {
  const context = { natsUrl: "nats://nats.example.com", stream: "ORDERS" };
  expect(() => read(context, [SETTINGS])).toThrow("infra/bridges.ts describes 1 bridges");
  expect(read({}, [SETTINGS])).toEqual([SETTINGS]);
});

test.each([
  [{ natsSecrt: "a" }, "natsSecrt: given a value, expected none: there is no such option"],
  [{ name: "A b" }, 'name: given "A b", expected letters, digits and hyphens'],
  [{ stream: undefined }, "stream: given nothing, expected the name of a stream"],
  [{ filterSubjects: "a.>" }, 'filterSubjects: given "a.>", expected a list of subjects'],
  [{ to: { que: {} } }, 'to: given {"que":{}}, expected exactly one of queue, eventBus'],
  [{ to: { handler: "a.ts" } }, "schedule: given nothing, expected one such as rate(5 minutes)"],
])("what a file says wrongly is refused with its bridge: %j", (wrong, sentence) => {
  const described = [{ ...SETTINGS, ...wrong } as unknown as BridgeSettings];
  expect(() => read({}, described)).toThrow(sentence);
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
