// What the roles of a synthesized template may do, asked of a simulator of IAM.
import { runSimulation, type Simulation } from "@cloud-copilot/iam-simulate";
import type { Template } from "aws-cdk-lib/assertions";

export const ACCOUNT = "123456789012";
export const REGION = "eu-west-1";

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

type Policy = Simulation["identityPolicies"][number];

/** ARNs as CloudFormation would make them, had each resource its logical id as its name. */
const ARNS: Readonly<Record<string, string>> = {
  "AWS::SQS::Queue": `arn:aws:sqs:${REGION}:${ACCOUNT}:`,
  "AWS::Events::EventBus": `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/`,
  "AWS::Lambda::Function": `arn:aws:lambda:${REGION}:${ACCOUNT}:function:`,
  "AWS::SecretsManager::Secret": `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:`,
  "AWS::KMS::Key": `arn:aws:kms:${REGION}:${ACCOUNT}:key/`,
  "AWS::S3::Bucket": "arn:aws:s3:::",
  "AWS::IAM::Role": `arn:aws:iam::${ACCOUNT}:role/`,
  "AWS::ECS::Cluster": `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/`,
};

const PSEUDO: Readonly<Record<string, string>> = {
  "AWS::Partition": "aws",
  "AWS::AccountId": ACCOUNT,
  "AWS::Region": REGION,
};

/** A template with everything in it resolved. */
export class Deployed {
  readonly #resources: Readonly<Record<string, Resource>>;

  constructor(template: Template) {
    const { Resources } = template.toJSON() as { Resources: Readonly<Record<string, Resource>> };
    this.#resources = Resources;
  }

  /** Logical ids of a type that begin like this. */
  ids(type: string, start = ""): readonly string[] {
    return Object.keys(this.#resources).filter(
      (id) => id.startsWith(start) && this.#resources[id]?.Type === type,
    );
  }

  properties(id: string): Readonly<Record<string, unknown>> {
    return this.#resolve(this.#resources[id]?.Properties ?? {}) as Record<string, unknown>;
  }

  arn(id: string): string {
    const { Type = "" } = this.#resources[id] ?? {};
    if (Type === "AWS::Logs::LogGroup")
      return `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${id}:*`;
    const start = ARNS[Type];
    // Secrets Manager gives each six characters more.
    return start === undefined ? id : `${start}${id}${Type.endsWith("Secret") ? "-AbCdEf" : ""}`;
  }

  /** The only resource of a type whose id begins like this. */
  arnOf(type: string, start: string): string {
    const [id, ...more] = this.ids(type, start);
    if (id === undefined || more.length > 0) throw new Error(`${start}: ${id} ${more.join(" ")}`);
    return this.arn(id);
  }

  /** Whether a role may do this; `context` are the keys that IAM knows about the request. */
  async allows(
    role: string,
    action: string,
    resource: string,
    context: Readonly<Record<string, string>> = {},
  ): Promise<boolean> {
    const result = await runSimulation(
      {
        request: {
          principal: role,
          action,
          resource: { resource, accountId: ACCOUNT },
          contextVariables: context,
        },
        identityPolicies: this.#policiesOf(role),
        ...this.#resourcePolicy(resource),
        serviceControlPolicies: [],
        resourceControlPolicies: [],
      },
      {},
    );
    if (result.resultType === "error") throw new Error(JSON.stringify(result.errors));
    return result.overallResult === "Allowed";
  }

  /** Of a key alone: nothing else here opens itself to a role. */
  #resourcePolicy(resource: string): Partial<Simulation> {
    const key = this.ids("AWS::KMS::Key").find((id) => this.arn(id) === resource);
    const policy = key === undefined ? undefined : this.properties(key)["KeyPolicy"];
    return policy === undefined ? {} : { resourcePolicy: policy as Policy["policy"] };
  }

  #policiesOf(role: string): Policy[] {
    const id = role.split("/").at(-1) ?? "";
    const { ManagedPolicyArns = [], Policies = [] } = this.properties(id);
    if ([ManagedPolicyArns, Policies].flat().length > 0) throw new Error(`${id} has more policies`);
    return this.ids("AWS::IAM::Policy")
      .map((name) => ({ name, attached: this.properties(name) as unknown as Attached }))
      .filter(({ attached }) => attached.Roles.includes(id))
      .map(({ attached, name }) => ({ name, policy: attached.PolicyDocument }));
  }

  #resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.#resolve(one));
    if (typeof value !== "object" || value === null) return value;
    const [[key, argument] = []] = Object.entries(value);
    if (key === "Ref") return this.#reference(argument as string);
    if (key === "Fn::GetAtt") return this.#attribute(argument as readonly string[]);
    if (key === "Fn::Join") {
      const [separator, parts] = this.#resolve(argument) as [string, readonly string[]];
      return parts.join(separator);
    }
    // What nobody asks about here: parts of the names of images.
    if (key?.startsWith("Fn::") === true) return key;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, this.#resolve(one)]),
    );
  }

  #reference(id: string): string {
    const { Type } = this.#resources[id] ?? {};
    return PSEUDO[id] ?? (Type === "AWS::SecretsManager::Secret" ? this.arn(id) : id);
  }

  #attribute([id = "", name]: readonly string[]): string {
    return name === "Arn" ? this.arn(id) : `${id}.${name}`;
  }
}

interface Attached {
  readonly Roles: readonly string[];
  readonly PolicyDocument: Policy["policy"];
}
