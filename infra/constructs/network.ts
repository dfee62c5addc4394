import type { Connections, ISecurityGroup, IVpc, SubnetSelection } from "aws-cdk-lib/aws-ec2";

/** Where a bridge runs, and from where it reaches NATS. */
export interface Network {
  readonly vpc: IVpc;
  readonly vpcSubnets: SubnetSelection | undefined;
  readonly securityGroups: ISecurityGroup[];
  readonly connections: Connections;
}

/** As functions and services take it. */
export interface NetworkProps {
  readonly vpc?: IVpc;
  readonly vpcSubnets?: SubnetSelection;
  readonly securityGroups?: ISecurityGroup[];
}

export function networkProps(network: Network | undefined): NetworkProps {
  if (!network) return {};
  const { securityGroups, vpc, vpcSubnets } = network;
  return { vpc, securityGroups, ...(vpcSubnets && { vpcSubnets }) };
}
