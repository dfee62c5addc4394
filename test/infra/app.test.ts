// What `cdk deploy` would make, read from the synthesized template.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { Annotations, Match, Template } from "aws-cdk-lib/assertions";
import { expect, test } from "vitest";
import { OPTIONS } from "../../functions/bridge/config.ts";
import { ForwardStack } from "../../infra/forward-stack.ts";
import { settingsFrom } from "../../infra/settings.ts";
import { bytesOf, loadedAtStart } from "../support/bundle-size.ts";
import { temporaryFolder } from "../support/leave-nothing.ts";

const SETTINGS = {
  natsUrl: "nats://nats.example.com:4222",
  stream: "ORDERS",
  consumer: "orders-to-sqs",
};

/** Today it is about 590 kB; growth beyond this should be noticed, since every cold start pays for it. */
const MOST_CODE_BYTES = 1_400_000;
/** What a cold start reads. */
const MOST_BYTES_AT_START = 350_000;

/** Only the command line reads the context of cdk.json; here it must be given, or other resources come out. */
function app(context: Record<string, unknown> = {}): App {
  const file = join(import.meta.dirname, "../../cdk.json");
  const { context: flags } = JSON.parse(readFileSync(file, "utf8")) as { context: object };
  return new App({
    outdir: temporaryFolder(),
    context: { ...flags, "aws:cdk:bundling-stacks": [], ...context },
  });
}

function stackOf(settings = SETTINGS): ForwardStack {
  return new ForwardStack(app(), "Test", settings);
}

const template = Template.fromStack(stackOf());

/** The one resource of a type, for questions that a pattern cannot ask. */
function theOne(type: string): { properties: Record<string, never>; id: string } {
  const found = Object.entries(template.findResources(type));
  expect(found).toHaveLength(1);
  const [id, resource] = found[0]!;
  return { id, properties: (resource as { Properties: Record<string, never> }).Properties };
}

/** The id of the queue whose name in the stack starts so; the two differ by it alone. */
function queueId(start: "Queue" | "DeadLetters"): string {
  return Object.keys(template.findResources("AWS::SQS::Queue")).find((id) => id.startsWith(start))!;
}

test("one queue with a dead-letter queue, both encrypted and closed to plain HTTP", () => {
  template.resourceCountIs("AWS::SQS::Queue", 2);
  template.allResourcesProperties("AWS::SQS::Queue", { SqsManagedSseEnabled: true });
  template.hasResourceProperties("AWS::SQS::Queue", {
    RedrivePolicy: { deadLetterTargetArn: { "Fn::GetAtt": [queueId("DeadLetters"), "Arn"] } },
  });
  template.resourceCountIs("AWS::SQS::QueuePolicy", 2);
  template.allResourcesProperties("AWS::SQS::QueuePolicy", {
    PolicyDocument: {
      Statement: [
        Match.objectLike({
          Effect: "Deny",
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        }),
      ],
    },
  });
});

test("one function on Node 24, told by the environment what to do", () => {
  const { properties } = theOne("AWS::Lambda::Function");
  expect(properties).toMatchObject({
    Runtime: "nodejs24.x",
    Architectures: ["arm64"],
    Handler: "index.handler",
    MemorySize: 256,
    Timeout: 55,
    Environment: {
      Variables: {
        NATS_URL: SETTINGS.natsUrl,
        JETSTREAM_STREAM: SETTINGS.stream,
        JETSTREAM_CONSUMER: SETTINGS.consumer,
        SQS_QUEUE_URL: { Ref: queueId("Queue") },
        DEAD_LETTER_QUEUE_URL: { Ref: queueId("DeadLetters") },
      },
    },
  });
  const { Variables } = properties["Environment"] as unknown as { Variables: object };
  const unknown = Object.keys(Variables).filter((name) => !(name in OPTIONS));
  expect(unknown).toEqual(["NODE_OPTIONS"]);
});

test("its log group is its own and does not keep for ever", () => {
  const { id, properties } = theOne("AWS::Logs::LogGroup");
  expect(properties).toMatchObject({ RetentionInDays: 30 });
  template.hasResourceProperties("AWS::Lambda::Function", {
    LoggingConfig: { LogGroup: { Ref: id } },
  });
});

test("a tick each minute, never repeated and never late", () => {
  const { id } = theOne("AWS::Lambda::Function");
  expect(theOne("AWS::Scheduler::Schedule").properties).toMatchObject({
    ScheduleExpression: "rate(1 minute)",
    State: "ENABLED",
    FlexibleTimeWindow: { Mode: "OFF" },
    Target: {
      Arn: { "Fn::GetAtt": [id, "Arn"] },
      RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 },
    },
  });
  expect(theOne("AWS::Lambda::EventInvokeConfig").properties).toMatchObject({
    FunctionName: { Ref: id },
    MaximumEventAgeInSeconds: 60,
    MaximumRetryAttempts: 0,
  });
});

test("the function may send to its two queues and write its own log, and nothing else", () => {
  const arn = (id: string): object => ({ "Fn::GetAtt": [id, "Arn"] });
  const { Role } = theOne("AWS::Lambda::Function").properties as unknown as {
    Role: { "Fn::GetAtt": [string, string] };
  };
  const roleId = Role["Fn::GetAtt"][0];
  const role = template.findResources("AWS::IAM::Role")[roleId] as { Properties: object };
  expect(Object.keys(role.Properties)).toEqual(["AssumeRolePolicyDocument"]); // no managed policies

  const policies = Object.values(template.findResources("AWS::IAM::Policy")) as {
    Properties: {
      Roles: { Ref: string }[];
      PolicyDocument: { Statement: { Action: string[]; Resource: object }[] };
    };
  }[];
  const statements = policies
    .filter(({ Properties }) => Properties.Roles.some(({ Ref }) => Ref === roleId))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
  expect(statements).toHaveLength(2);
  expect(statements).toContainEqual({
    Effect: "Allow",
    Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
    Resource: arn(theOne("AWS::Logs::LogGroup").id),
  });
  expect(statements).toContainEqual({
    Effect: "Allow",
    Action: ["sqs:GetQueueAttributes", "sqs:SendMessage"],
    Resource: [arn(queueId("DeadLetters")), arn(queueId("Queue"))],
  });
});

test("says so when the URL of the servers holds credentials, without repeating them", () => {
  const quiet = Annotations.fromStack(stackOf());
  expect(quiet.findWarning("*", Match.anyValue())).toEqual([]);
  const told = Annotations.fromStack(
    stackOf({ ...SETTINGS, natsUrl: "nats://bridge:hunter2@nats.example.com" }),
  ).findWarning("*", Match.stringLikeRegexp("natsUrl holds credentials"));
  expect(told).toHaveLength(1);
  expect(JSON.stringify(told[0]!.entry)).not.toContain("hunter2");
});

test("refuses to start without its settings, naming all of them and giving an example", () => {
  expect(() => settingsFrom(app({ stream: " " }).node)).toThrow(
    [
      "These settings are missing:",
      "  natsUrl: given nothing, expected the address of the NATS servers, such as nats://nats.example.com:4222",
      '  stream: given " ", expected the name of the stream, such as ORDERS',
      "  consumer: given nothing, expected the name of its durable pull consumer, such as orders-to-sqs",
      "For example: cdk deploy -c natsUrl=nats://nats.example.com:4222 -c stream=ORDERS -c consumer=orders-to-sqs",
    ].join("\n"),
  );
  expect(settingsFrom(app({ ...SETTINGS, stream: " ORDERS " }).node)).toEqual(SETTINGS);
});

test("the real bundle: one handler, small, and nothing in it that only the build needs", async () => {
  const built = app({ "aws:cdk:bundling-stacks": ["**"] });
  new ForwardStack(built, "Test", SETTINGS);
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
