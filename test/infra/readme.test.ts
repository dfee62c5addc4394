// What the README says of deployments: its app, its policy and its arithmetic, as they stand there.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Template } from "aws-cdk-lib/assertions";
import { expect, onTestFinished, test } from "vitest";
import { BridgeStack } from "../../infra/bridge-stack.ts";
import { METRICS } from "../../functions/bridge/observe/metric-names.ts";
import { testApp } from "../support/synthesized.ts";

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");

function block(mark: string, language: string): string {
  const found = new RegExp(`<!-- ${mark} -->\\s+\`\`\`${language}\\n(.*?)\`\`\``, "s").exec(readme);
  return found?.[1] ?? "";
}

/** Inside of the project, so that its public name is found. */
function writtenOut(name: string, text: string): string {
  mkdirSync(join(root, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(root, ".cache/readme-app-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, name), text);
  return folder;
}

test("its app is synthesized as it stands there", { timeout: 60_000 }, () => {
  const app = block("app", "ts");
  expect(app).toContain("new JetStreamEventSource(");
  const folder = writtenOut("app.ts", app);
  const out = join(folder, "cdk.out");
  const ran = spawnSync(process.execPath, [join(folder, "app.ts")], {
    cwd: root,
    encoding: "utf8",
    // As the CDK's command line runs it; the flags of cdk.json are for other tests.
    env: { ...process.env, CDK_OUTDIR: out },
  });
  expect(ran.stderr).not.toMatch(/error/i);
  expect(ran.status).toBe(0);
  const template = readFileSync(join(out, "Orders.template.json"), "utf8");
  const { Resources } = JSON.parse(template) as { Resources: Record<string, { Type: string }> };
  const types = Object.values(Resources).map(({ Type }) => Type);
  expect(types.filter((type) => type === "Custom::JetStreamBridge")).toHaveLength(4);
});

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** What a deployment makes of references. */
function named(resource: unknown): unknown {
  if (typeof resource === "string") return resource;
  const text = JSON.stringify(resource);
  return Object.entries(NAMES).find(([name]) => text.includes(`["${name}`))?.[1] ?? text;
}

const HERE = "eu-west-1:123456789012";

const NAMES = {
  BridgeDeadLetters: `arn:aws:sqs:${HERE}:JetStreamBridge-BridgeDeadLetters…`,
  Queue: `arn:aws:sqs:${HERE}:JetStreamBridge-Queue…`,
  BridgeLog: `arn:aws:logs:${HERE}:log-group:JetStreamBridge-BridgeLog…:*`,
};

test("its policy is the whole of what the role may do", () => {
  const settings = {
    name: "Test",
    natsUrl: "tls://nats.example.com:4222",
    natsSecret: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:nats/bridge-AbCdEf",
    stream: "ORDERS",
  };
  const template = Template.fromStack(new BridgeStack(testApp(), settings));
  const roles = Object.keys(template.findResources("AWS::IAM::Role"));
  const policies = Object.values(template.findResources("AWS::IAM::Policy")) as {
    Properties: { Roles: { Ref: string }[]; PolicyDocument: { Statement: Statement[] } };
  }[];
  const role = roles.find((id) => id.startsWith("BridgeRole"));
  const statements = policies
    .filter(({ Properties }) => Properties.Roles.some(({ Ref }) => Ref === role))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
  const flat = statements.flatMap(({ Action, Resource }) =>
    [Resource].flat().map((one) => ({ Effect: "Allow", Action, Resource: named(one) })),
  );
  expect(JSON.parse(block("iam", "json"))).toEqual(flat);
});

/** Dollars in us-east-1, on ARM. */
const PRICE = { gbSecond: 0.0000133334, request: 0.0000002, vcpuHour: 0.03238, gbHour: 0.00356 };

const inLambda = (runs: number, seconds: number): number =>
  runs * seconds * 0.25 * PRICE.gbSecond + runs * PRICE.request;

test.each([
  ["every hour", inLambda(730, 1.1), 3],
  ["every 5 minutes", inLambda(8760, 1.1), 2],
  ["every minute", inLambda(43_800, 1.1), 2],
  ["every minute, 10 s of work in each", inLambda(43_800, 11.1), 2],
  ["always, in Lambda", inLambda(43_800, 55), 2],
  [
    "always, on Fargate, 0.25 vCPU and 0.5 GB",
    730 * (0.25 * PRICE.vcpuHour + 0.5 * PRICE.gbHour),
    2,
  ],
])("what it costs, awake %s", (awake, dollars, digits) => {
  const row = readme.split("\n").find((line) => line.startsWith(`| ${awake} `));
  expect(row?.split("|").at(-2)?.trim()).toBe(dollars.toFixed(digits));
});

test("what metrics and alarms cost is said of as many as there are", () => {
  const published = Object.values(METRICS).filter((metric) => "cloudWatch" in metric).length;
  expect(readme).toContain(`| ${published} × $0.30,`);
  expect(readme).toContain(`| ${(published * 0.3).toFixed(2)} `);
  const settings = { name: "Test", natsUrl: "nats://nats.example.com", stream: "ORDERS" };
  const template = Template.fromStack(new BridgeStack(testApp(), settings));
  const alarms = Object.keys(template.findResources("AWS::CloudWatch::Alarm")).length;
  expect(readme).toContain(`| ${alarms} × $0.10 `);
});
