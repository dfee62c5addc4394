import { type Duration, Token } from "aws-cdk-lib";
import {
  Connections,
  type IConnectable,
  type ISecurityGroup,
  type IVpc,
  SecurityGroup,
  type SubnetSelection,
} from "aws-cdk-lib/aws-ec2";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { checkProps, text } from "./check-props.ts";
import { ConstructError } from "./construct-error.ts";
import { type Environment, flag, seconds } from "./environment.ts";
import { secretArn } from "./grants.ts";
import type { Network } from "./network.ts";
import type { Known } from "./unknown-props.ts";

export interface NatsConnectionProps {
  /**
   * Servers, comma separated: `nats://host:4222`, or `tls://…` to insist on TLS.
   *
   * Without credentials: they would stand in the template and in the function's configuration, for everybody to read who
   * may read those. They belong into `secret`.
   */
  readonly url: string;
  /**
   * Credentials of the bridge: the text of a `.creds` file, a user's nkey seed, or JSON with `creds`, `nkey`, `user` and
   * `password`, or `token`. Read at run time and again when it is rotated: no deployment is needed for that.
   *
   * @default - none: a server that asks for no credentials
   */
  readonly secret?: ISecret;
  /**
   * Credentials that may make consumers, of the same forms. Only a function that runs while deploying reads them, and the
   * bridge itself then needs no such right.
   *
   * @default - `secret` makes the consumer
   */
  readonly provisioningSecret?: ISecret;
  /**
   * Certificates to trust instead of the system's: the text of a PEM, at most about 3 KB, since all environment variables
   * of a function together may take 4 KB. A longer one belongs into the secret, as `ca` of its JSON.
   *
   * @default - those of the system
   */
  readonly ca?: string;
  /**
   * TLS handshake before the server's INFO; must match the server's `handshake_first`.
   *
   * @default false
   */
  readonly tlsFirst?: boolean;
  /**
   * Name to verify in the server's certificate.
   *
   * @default - the host of the URL
   */
  readonly tlsServerName?: string;
  /**
   * To connect, for each server, and for each answer of a server; 100 milliseconds to 1 minute.
   *
   * @default Duration.seconds(3)
   */
  readonly timeout?: Duration;
  /**
   * Prefix of the subjects on which answers arrive, for tight permissions.
   *
   * @default "_INBOX"
   */
  readonly inboxPrefix?: string;
  /**
   * JetStream domain.
   *
   * @default - none
   */
  readonly domain?: string;
  /**
   * Prefix of JetStream's API, in place of a domain.
   *
   * @default - "$JS.API"
   */
  readonly apiPrefix?: string;
  /**
   * Network from which NATS is reached. Functions in a network also need a way to the AWS services that they call, and,
   * while deploying, to Amazon S3, where CloudFormation waits for an answer: a NAT gateway, or endpoints.
   *
   * @default - no network of yours: NATS is reached over the Internet
   */
  readonly vpc?: IVpc;
  /**
   * Where in the network.
   *
   * @default - private subnets
   */
  readonly vpcSubnets?: SubnetSelection;
  /**
   * Of what reaches NATS. They have to allow its port outwards, and HTTPS to the AWS services.
   *
   * @default - a new one that allows all traffic outwards
   */
  readonly securityGroups?: ISecurityGroup[];
}

const PROPS: Known<NatsConnectionProps> = {
  url: true,
  secret: true,
  provisioningSecret: true,
  ca: true,
  tlsFirst: true,
  tlsServerName: true,
  timeout: true,
  inboxPrefix: true,
  domain: true,
  apiPrefix: true,
  vpc: true,
  vpcSubnets: true,
  securityGroups: true,
};

/** How bridges reach NATS, and as whom. Given to each of them. */
export class NatsConnection extends Construct implements IConnectable {
  readonly url: string;
  readonly secret: ISecret | undefined;
  readonly provisioningSecret: ISecret | undefined;
  /** For each answer of a server; undefined where it is left to the default. */
  readonly timeout: Duration | undefined;
  /** Undefined outside of a network. */
  readonly network: Network | undefined;
  readonly #props: NatsConnectionProps;

  constructor(scope: Construct, id: string, props: NatsConnectionProps) {
    super(scope, id);
    checkProps(this, props, PROPS, { url: text("servers, like nats://nats.example.com:4222") });
    refuseCredentials(this, props.url);
    this.#props = props;
    this.url = props.url;
    this.secret = props.secret;
    this.provisioningSecret = props.provisioningSecret;
    this.timeout = props.timeout;
    this.network = networkOf(this, props);
  }

  /** The security groups from which NATS is reached. */
  get connections(): Connections {
    if (this.network) return this.network.connections;
    throw new ConstructError(
      this,
      "connections: given a connection without vpc, expected one with it: only there it has security groups",
    );
  }

  /** The same account of the same servers, as far as that can be told. */
  reaches(other: NatsConnection): boolean {
    const names = ["NATS_URL", "NATS_SECRET_ARN", "NATS_JS_DOMAIN", "NATS_JS_API_PREFIX"] as const;
    return names.every((name) => this.environment[name] === other.environment[name]);
  }

  /** What a bridge is told about it. */
  get environment(): Environment {
    const { apiPrefix, ca, domain, inboxPrefix, timeout, tlsFirst, tlsServerName } = this.#props;
    return {
      NATS_URL: this.url,
      NATS_SECRET_ARN: this.secret && secretArn(this.secret),
      NATS_CA: ca,
      NATS_TLS_FIRST: flag(tlsFirst),
      NATS_TLS_SERVERNAME: tlsServerName,
      NATS_TIMEOUT: seconds(timeout),
      NATS_INBOX_PREFIX: inboxPrefix,
      NATS_JS_DOMAIN: domain,
      NATS_JS_API_PREFIX: apiPrefix,
    };
  }
}

function networkOf(scope: NatsConnection, props: NatsConnectionProps): Network | undefined {
  const { vpc, vpcSubnets } = props;
  if (!vpc) {
    const given = (["vpcSubnets", "securityGroups"] as const).find((name) => props[name]);
    if (given === undefined) return undefined;
    throw new ConstructError(scope, `${given}: given without vpc, expected both or neither`);
  }
  const securityGroups = props.securityGroups ?? [
    new SecurityGroup(scope, "SecurityGroup", {
      vpc,
      description: "Bridges from NATS JetStream to AWS",
    }),
  ];
  return { vpc, vpcSubnets, securityGroups, connections: new Connections({ securityGroups }) };
}

function refuseCredentials(scope: Construct, url: string): void {
  if (Token.isUnresolved(url)) return;
  if (!url.split(",").some((one) => one.includes("@"))) return;
  throw new ConstructError(
    scope,
    "url: given one with credentials, expected none in it: whoever may read the template or the function's configuration could read them; put them into a secret of Secrets Manager and give it as secret",
  );
}
