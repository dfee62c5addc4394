import { CustomResource, Duration, Stack } from "aws-cdk-lib";
import { type IRole, Policy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import {
  type Architecture,
  type CfnFunction,
  type Code,
  Function,
  Runtime,
} from "aws-cdk-lib/aws-lambda";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledgements.ts";
import { type AnyEnvironment, given } from "./environment.ts";
import { grantRead, secretArn } from "./grants.ts";
import { type Network, networkProps } from "./network.ts";
import { bridgeRole } from "./role.ts";

/** What it needs to know of a bridge, wherever that runs. */
export interface PreflightSettings {
  readonly logGroup: ILogGroup;
  readonly management: "create" | "verify";
  readonly removesConsumer: boolean;
  /** Credentials that may make the consumer; undefined: the bridge's own do. */
  readonly provisioningSecret: ISecret | undefined;
  /** Actions that know no resource, for warnings about the target. */
  readonly lists: readonly string[];
}

export interface PreflightProps extends PreflightSettings {
  /** The very bundle of the bridge: it has the preflight beside it. */
  readonly code: Code;
  readonly architecture: Architecture;
  /** The bridge's own. */
  readonly role: IRole;
  readonly network: Network | undefined;
  readonly environment: AnyEnvironment;
}

/** To connect, with patience, and to ask AWS again while new permissions take effect. */
const TIMEOUT = Duration.seconds(120);

/** After this CloudFormation stops waiting for an answer. */
const SERVICE_TIMEOUT = Duration.seconds(180);

/**
 * Makes the consumer where it is missing, and fails the deployment when the bridge would not work: with the bridge's own
 * bundle, role, network and secret. Nothing of the bridge is changed before it has passed.
 */
export class Preflight extends Construct {
  /** What the deployment says about the consumer. */
  readonly summary: string;

  constructor(scope: Construct, id: string, props: PreflightProps) {
    super(scope, id);
    const made = this.#consumer(props);
    const check = props.provisioningSecret ? this.#check(props, made) : made;
    if (props.lists.length > 0) {
      check.resource.node.addDependency(this.#allowLists(props, check.fn));
    }
    this.summary = `${made.resource.getAttString("Consumer")} (${made.resource.getAttString("Summary")})`;
  }

  /**
   * Makes the consumer, and may remove it in the end. Always under this id, whoever makes it: a resource that goes is
   * deleted, and would take along the consumer of a bridge that is still there.
   */
  #consumer(props: PreflightProps): Made {
    const { environment, management, provisioningSecret, removesConsumer, role } = props;
    const properties = {
      ManageConsumer: management,
      OnDelete: removesConsumer ? "delete" : "retain",
    };
    if (!provisioningSecret) {
      return this.#resource("Consumer", props, role, environment, { ...properties, Checks: "all" });
    }
    const its = { ...environment, NATS_SECRET_ARN: secretArn(provisioningSecret) };
    const checks = { ...properties, Checks: "consumer" };
    return this.#resource(
      "Consumer",
      props,
      this.#provisioner(props, provisioningSecret),
      its,
      checks,
    );
  }

  /** A role of its own: the bridge may not read credentials that are stronger than its own. */
  #provisioner(props: PreflightProps, secret: ISecret): IRole {
    const role = bridgeRole(this, "ProvisionRole", props);
    grantRead(secret, role);
    return role;
  }

  /** As the bridge itself, once the consumer is there. */
  #check(props: PreflightProps, made: Made): Made {
    const check = this.#resource("Check", props, props.role, props.environment, {
      ManageConsumer: "verify",
      OnDelete: "retain",
      Checks: "all",
    });
    check.resource.node.addDependency(made.resource);
    return check;
  }

  #resource(
    id: string,
    { architecture, code, logGroup, network }: PreflightProps,
    role: IRole,
    environment: AnyEnvironment,
    properties: Readonly<Record<string, string>>,
  ): Made {
    const fn = new Function(this, `${id}Function`, {
      description: "Checks, while deploying, that the bridge will work",
      code,
      handler: "preflight.handler",
      runtime: Runtime.NODEJS_24_X,
      architecture,
      memorySize: 256,
      timeout: TIMEOUT,
      role,
      logGroup,
      environment: { NODE_OPTIONS: "--enable-source-maps", ...given(environment) },
      ...networkProps(network),
    });
    acknowledge(fn, {
      "Serverless-LambdaDLQ":
        "CloudFormation waits for its answer, and the deployment fails without one.",
      "Serverless-LambdaTracing": "It runs while deploying only, and says in its log what it does.",
    });
    const { code: deployed, vpcConfig } = fn.node.defaultChild as CfnFunction;
    const resource = new CustomResource(this, id, {
      resourceType: "Custom::JetStreamBridge",
      serviceToken: fn.functionArn,
      serviceTimeout: SERVICE_TIMEOUT,
      properties: {
        ...properties,
        // Whatever of these changes, the checks are made again.
        Fingerprint: Stack.of(this).toJsonString({
          environment: given(environment),
          deployed,
          vpcConfig,
        }),
      },
    });
    // The policies of the role, too.
    resource.node.addDependency(role);
    return { fn, resource };
  }

  /**
   * The role is the bridge's own, and lists know no resource. So they are allowed to this function alone, although it
   * shares the role. In a policy that the function does not wait for, since it names the function.
   */
  #allowLists({ lists, role }: PreflightProps, fn: Function): Policy {
    const policy = new Policy(this, "ListPolicy", {
      roles: [role],
      statements: [
        new PolicyStatement({
          actions: [...lists],
          resources: ["*"],
          conditions: { ArnEquals: { "lambda:SourceFunctionArn": fn.functionArn } },
        }),
      ],
    });
    acknowledge(policy, {
      "AwsSolutions-IAM5[Resource::*]":
        "These actions know no resource; the condition allows them to the preflight only.",
    });
    return policy;
  }
}

interface Made {
  readonly fn: Function;
  readonly resource: CustomResource;
}
