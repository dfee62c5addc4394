// Exactly the calls that a bridge makes, and through the resources, so that policies of keys follow. The grants of the L2
// constructs give a little more each: GetQueueUrl, DescribeSecret, tags and legal holds of objects.
import { Stack } from "aws-cdk-lib";
import type { IEventBus } from "aws-cdk-lib/aws-events";
import { Grant, type IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { type IKey, ViaServicePrincipal } from "aws-cdk-lib/aws-kms";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { IQueue } from "aws-cdk-lib/aws-sqs";

/** To send, and to ask for the size limit. */
export function grantSend(queue: IQueue, grantee: IGrantable): void {
  queue.grant(grantee, "sqs:SendMessage", "sqs:GetQueueAttributes");
  encrypt(queue.encryptionMasterKey, grantee);
}

/** To send, to ask whether the bus is there, and, while deploying, whether anything takes its events. */
export function grantPutEvents(bus: IEventBus, grantee: IGrantable): void {
  bus.grantPutEventsTo(grantee);
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ["events:DescribeEventBus"], resources: [bus.eventBusArn] }),
  );
}

export function grantInvoke(fn: IFunction, grantee: IGrantable): void {
  fn.grantInvoke(grantee);
}

/** To put objects. */
export function grantPut(bucket: IBucket, grantee: IGrantable): void {
  Grant.addToPrincipalOrResource({
    grantee,
    actions: ["s3:PutObject"],
    resourceArns: [bucket.arnForObjects("*")],
    resource: bucket,
  });
  encrypt(bucket.encryptionKey, grantee);
}

/** To read its value. */
export function grantRead(secret: ISecret, grantee: IGrantable): void {
  Grant.addToPrincipalOrResource({
    grantee,
    actions: ["secretsmanager:GetSecretValue"],
    resourceArns: [secret.secretFullArn ?? `${secret.secretArn}-??????`],
    resource: secret,
  });
  const { region } = Stack.of(secret);
  const service = `secretsmanager.${region}.amazonaws.com`;
  secret.encryptionKey?.grantDecrypt(new ViaServicePrincipal(service, grantee.grantPrincipal));
}

/** As it is known: one that was found by its name has no suffix, and Secrets Manager finds it without. */
export function secretArn(secret: ISecret): string {
  return secret.secretFullArn ?? secret.secretArn;
}

function encrypt(key: IKey | undefined, grantee: IGrantable): void {
  key?.grant(grantee, "kms:Decrypt", "kms:GenerateDataKey");
}
