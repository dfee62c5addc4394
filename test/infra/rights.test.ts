// Least privilege: every call that a bridge makes is allowed to it, and none beside.
import { Template } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { everyBridge } from "../support/every-bridge.ts";
import { ACCOUNT, Deployed, REGION } from "../support/iam.ts";

type Call = readonly [action: string, resource: string, context?: Readonly<Record<string, string>>];

const SQS = "AWS::SQS::Queue";
const FUNCTION = "AWS::Lambda::Function";
const SECRET = "AWS::SecretsManager::Secret";
const KEY = "AWS::KMS::Key";

const sqs = (name: string): string => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
const secret = (name: string): string =>
  `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${name}-AbCdEf`;

const VIA_SECRETS = { "kms:ViaService": `secretsmanager.${REGION}.amazonaws.com` };

/** The calls to what a stack's bridges forward to. */
const TO_TARGET: Readonly<Record<string, (deployed: Deployed) => readonly Call[]>> = {
  Queue: toQueue,
  Fifo: toQueue,
  KeyedQueue: (deployed) => {
    const key = deployed.arnOf(KEY, "TargetKey");
    return [...toQueue(deployed), ["kms:GenerateDataKey", key], ["kms:Decrypt", key]];
  },
  Bus: (deployed) => {
    const bus = deployed.arnOf("AWS::Events::EventBus", "Target");
    return [
      ["events:PutEvents", bus],
      ["events:DescribeEventBus", bus],
    ];
  },
  Function: (deployed) => [["lambda:InvokeFunction", deployed.arnOf(FUNCTION, "Target")]],
};

function toQueue(deployed: Deployed): readonly Call[] {
  const target = deployed.arnOf(SQS, "Target");
  return [
    ["sqs:SendMessage", target],
    ["sqs:GetQueueAttributes", target],
  ];
}

/** The calls of every bridge. */
function ofAll(deployed: Deployed, id: string): readonly Call[] {
  const dead = deployed.arnOf(SQS, `${id}DeadLetters`);
  return [
    ["sqs:SendMessage", dead],
    ["sqs:GetQueueAttributes", dead],
    ["secretsmanager:GetSecretValue", deployed.arnOf(SECRET, "NatsSecret")],
    ["kms:Decrypt", deployed.arnOf(KEY, "NatsKey"), VIA_SECRETS],
  ];
}

/** What is next to it, and none of its business. */
function beside(deployed: Deployed, id: string): readonly Call[] {
  const own = deployed.arnOf(SECRET, "NatsSecret");
  const dead = deployed.arnOf(SQS, `${id}DeadLetters`);
  return [
    ["sqs:SendMessage", sqs("SomebodyElses")],
    ["sqs:ReceiveMessage", dead],
    ["sqs:DeleteMessage", dead],
    ["sqs:PurgeQueue", dead],
    ["sqs:GetQueueUrl", dead],
    ["events:PutEvents", `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default`],
    ["lambda:InvokeFunction", `arn:aws:lambda:${REGION}:${ACCOUNT}:function:SomebodyElses`],
    ["lambda:InvokeFunction", deployed.arnOf(FUNCTION, `${id}PreflightCheckFunction`)],
    ["secretsmanager:GetSecretValue", secret("SomebodyElses")],
    ["secretsmanager:GetSecretValue", secret("nats/provisioning")],
    ["secretsmanager:PutSecretValue", own],
    ["secretsmanager:DescribeSecret", own],
    ["kms:Decrypt", deployed.arnOf(KEY, "NatsKey")],
    ["s3:PutObject", "arn:aws:s3:::somebody-elses/object"],
    ["logs:PutLogEvents", logStream("SomebodyElses")],
    ["logs:CreateLogGroup", `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:SomebodyElses`],
    ["events:ListRules", "*"],
  ];
}

/** Of a target, whatever may be done with it otherwise. */
const NOT_TO_TARGET: Readonly<Record<string, readonly string[]>> = {
  [SQS]: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:SetQueueAttributes"],
  [FUNCTION]: ["lambda:GetFunction", "lambda:UpdateFunctionCode"],
  "AWS::Events::EventBus": ["events:DeleteEventBus"],
};

function notToTarget(deployed: Deployed): readonly Call[] {
  return Object.entries(NOT_TO_TARGET).flatMap(([type, actions]) =>
    deployed
      .ids(type, "Target")
      .flatMap((id) => actions.map((action): Call => [action, deployed.arn(id)])),
  );
}

function logStream(group: string): string {
  return `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${group}:log-stream:one`;
}

async function allowed(deployed: Deployed, role: string, calls: readonly Call[]): Promise<Call[]> {
  const verdicts = await Promise.all(calls.map(async (call) => deployed.allows(role, ...call)));
  return calls.filter((_, index) => verdicts[index]);
}

/** As whom a bridge calls AWS. */
function roleOf(deployed: Deployed, id: string): string {
  const [task] = deployed.ids("AWS::ECS::TaskDefinition", id);
  if (task !== undefined) return deployed.properties(task)["TaskRoleArn"] as string;
  return functionRole(deployed, `${id}Function`);
}

function functionRole(deployed: Deployed, start: string): string {
  const [fn = start] = deployed.ids(FUNCTION, start);
  return deployed.properties(fn)["Role"] as string;
}

function deployedOf(name: string): Deployed {
  return new Deployed(Template.fromStack(everyBridge()[name]!.stack));
}

describe.each(Object.keys(TO_TARGET))("to %s", (name) => {
  const deployed = deployedOf(name);

  test.each(Object.keys(everyBridge()[name]!.bridges))(
    "%s: all that it needs, and nothing beside",
    async (id) => {
      const role = roleOf(deployed, id);
      const needed = [...ofAll(deployed, id), ...TO_TARGET[name]!(deployed)];
      expect(await allowed(deployed, role, needed)).toEqual(needed);
      const others = [...beside(deployed, id), ...notToTarget(deployed)];
      expect(await allowed(deployed, role, others)).toEqual([]);
    },
  );

  test.each(["Rung", "Both"])(
    "%s: it may read its doorbell, and ring it only if asked",
    async (id) => {
      const role = roleOf(deployed, id);
      const bell = bellOf(deployed, id);
      const read = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
      const calls = read.map((action): Call => [action, bell]);
      expect(await allowed(deployed, role, calls)).toEqual(calls);
      expect(await deployed.allows(role, "sqs:SendMessage", bell)).toBe(id === "Both");
      expect(await deployed.allows(role, "sqs:PurgeQueue", bell)).toBe(false);
    },
  );
});

test("a function writes its own log, and so does a container through the role that starts it", async () => {
  const deployed = deployedOf("Queue");
  for (const id of ["Always", "Fargate"]) {
    const [task] = deployed.ids("AWS::ECS::TaskDefinition", id);
    const role =
      task === undefined
        ? roleOf(deployed, id)
        : (deployed.properties(task)["ExecutionRoleArn"] as string);
    const [own = ""] = deployed.ids("AWS::Logs::LogGroup", `${id}LogGroup`);
    expect(await deployed.allows(role, "logs:PutLogEvents", logStream(own))).toBe(true);
    expect(await deployed.allows(role, "logs:PutLogEvents", logStream("Other"))).toBe(false);
  }
});

test("lists of the account are for the preflight alone, although it shares the role", async () => {
  const deployed = deployedOf("Bus");
  for (const id of ["Always", "Fargate"]) {
    const preflight = `${id}PreflightCheckFunction`;
    const role = functionRole(deployed, preflight);
    for (const action of ["events:ListRules", "events:ListArchives"]) {
      const asked = async (fn: string): Promise<boolean> =>
        deployed.allows(role, action, "*", { "lambda:SourceFunctionArn": fn });
      expect(await asked(deployed.arnOf(FUNCTION, preflight))).toBe(true);
      expect(await asked(`arn:aws:lambda:${REGION}:${ACCOUNT}:function:Other`)).toBe(false);
    }
  }
});

test("stronger credentials are for a function that does nothing else", async () => {
  const deployed = deployedOf("Queue");
  const role = functionRole(deployed, "AlwaysPreflightConsumerFunction");
  const calls: readonly Call[] = [
    ["secretsmanager:GetSecretValue", secret("nats/provisioning")],
    ["secretsmanager:GetSecretValue", deployed.arnOf(SECRET, "NatsSecret")],
    ...toQueue(deployed),
    ...ofAll(deployed, "Always"),
  ];
  expect(await allowed(deployed, role, calls)).toEqual(calls.slice(0, 1));
});

test("a schedule may invoke its function, and only as this account's schedule", async () => {
  const deployed = deployedOf("Queue");
  const role = deployed.arnOf("AWS::IAM::Role", "AlwaysScheduleRole");
  const fn = deployed.arnOf(FUNCTION, "AlwaysFunction");
  const others = [`${fn}:1`, deployed.arnOf(FUNCTION, "AlwaysPreflightCheckFunction")];
  expect(await deployed.allows(role, "lambda:InvokeFunction", fn)).toBe(true);
  for (const other of others) {
    expect(await deployed.allows(role, "lambda:InvokeFunction", other)).toBe(false);
  }
  const [id = ""] = deployed.ids("AWS::IAM::Role", "AlwaysScheduleRole");
  expect(deployed.properties(id)["AssumeRolePolicyDocument"]).toMatchObject({
    Statement: [
      {
        Principal: { Service: "scheduler.amazonaws.com" },
        Condition: {
          StringEquals: {
            "aws:SourceAccount": ACCOUNT,
            "aws:SourceArn": `arn:aws:scheduler:${REGION}:${ACCOUNT}:schedule-group/default`,
          },
        },
      },
    ],
  });
});

test("keys of the user's own: exactly what writing and reading needs", async () => {
  const deployed = deployedOf("Others");
  const role = roleOf(deployed, "Keys");
  const queues = deployed.arnOf(KEY, "QueueKey");
  const objects = deployed.arnOf(KEY, "BucketKey");
  const needed: readonly Call[] = [
    ["sqs:SendMessage", deployed.arnOf(SQS, "Dead")],
    ["sqs:ReceiveMessage", deployed.arnOf(SQS, "Bell")],
    ["s3:PutObject", `${deployed.arnOf("AWS::S3::Bucket", "DeadObjects")}/ORDERS/1`],
    ["kms:Decrypt", queues],
    ["kms:GenerateDataKey", queues],
    ["kms:GenerateDataKey", objects],
  ];
  expect(await allowed(deployed, role, needed)).toEqual(needed);
  const others: readonly Call[] = [
    ["kms:Decrypt", objects],
    ["kms:ScheduleKeyDeletion", queues],
    ["sqs:ReceiveMessage", deployed.arnOf(SQS, "Dead")],
    ["s3:GetObject", `${deployed.arnOf("AWS::S3::Bucket", "DeadObjects")}/ORDERS/1`],
    ["s3:DeleteObject", `${deployed.arnOf("AWS::S3::Bucket", "DeadObjects")}/ORDERS/1`],
  ];
  expect(await allowed(deployed, role, others)).toEqual([]);
});

test("a function in a network gets what Lambda asks for, and still no more", async () => {
  const deployed = deployedOf("Others");
  const role = roleOf(deployed, "Network");
  expect(await deployed.allows(role, "ec2:CreateNetworkInterface", "*")).toBe(true);
  expect(await deployed.allows(role, "ec2:RunInstances", "*")).toBe(false);
});

/** Not the queue of its dead letters. */
function bellOf(deployed: Deployed, id: string): string {
  const isBell = (one: string): boolean => !one.startsWith(`${id}DoorbellDeadLetters`);
  return deployed.arn(deployed.ids(SQS, `${id}Doorbell`).find(isBell) ?? "");
}
