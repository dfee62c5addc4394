import { Policy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { acknowledge } from "./acknowledgements.ts";
import type { Network } from "./network.ts";

export interface BridgeRoleProps {
  readonly logGroup: ILogGroup;
  readonly network: Network | undefined;
}

/** Of a function: to write its own log, and to be in its network. Not the managed role, which may write to every log. */
export function bridgeRole(
  scope: Construct,
  id: string,
  { logGroup, network }: BridgeRoleProps,
): Role {
  const role = new Role(scope, id, {
    assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
  });
  logGroup.grantWrite(role);
  if (network) allowNetwork(role);
  return role;
}

/**
 * What Lambda asks of the role of a function in a network, "Giving Lambda functions access to resources in a VPC". In a policy
 * of its own, so that what is acknowledged about it says nothing about other rights of the role.
 */
function allowNetwork(role: Role): void {
  const policy = new Policy(role, "NetworkPolicy", {
    roles: [role],
    statements: [
      new PolicyStatement({
        actions: [
          "ec2:AssignPrivateIpAddresses",
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:UnassignPrivateIpAddresses",
        ],
        resources: ["*"],
      }),
    ],
  });
  acknowledge(policy, {
    "AwsSolutions-IAM5[Resource::*]":
      "Network interfaces of a function in a VPC have no names that are known beforehand; AWS's own managed policy says the same.",
  });
}
