// Exactly the calls that a bridge makes, and with them the use of keys. The grants of the L2
// constructs give a little more each: GetQueueUrl, DescribeSecret, tags and legal holds of objects, all versions of a
// function.
import type { IEventBus } from "aws-cdk-lib/aws-events";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { IQueue } from "aws-cdk-lib/aws-sqs";

/** To send, and to ask for the size limit. */
export function grantSend(queue: IQueue, grantee: IGrantable): void {
  queue.grant(grantee, "sqs:SendMessage", "sqs:GetQueueAttributes");
  queue.encryptionMasterKey?.grant(grantee, "kms:Decrypt", "kms:GenerateDataKey");
}

/** What Lambda asks for to read from it, "Using Lambda with Amazon SQS". */
export function grantReceive(queue: IQueue, grantee: IGrantable): void {
  queue.grant(grantee, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes");
  queue.encryptionMasterKey?.grant(grantee, "kms:Decrypt");
}

/** To send, and to ask whether the bus is there. */
export function grantPutEvents(bus: IEventBus, grantee: IGrantable): void {
  bus.grantPutEventsTo(grantee);
  Grant.addToPrincipal({
    grantee,
    actions: ["events:DescribeEventBus"],
    resourceArns: [bus.eventBusArn],
  });
}

/** To invoke the very function, version or alias. */
export function grantInvoke(fn: IFunction, grantee: IGrantable): void {
  Grant.addToPrincipal({
    grantee,
    actions: ["lambda:InvokeFunction"],
    resourceArns: [fn.functionArn],
  });
}

/** To put objects. */
export function grantPut(bucket: IBucket, grantee: IGrantable): void {
  Grant.addToPrincipalOrResource({
    grantee,
    actions: ["s3:PutObject"],
    resourceArns: [bucket.arnForObjects("*")],
    resource: bucket,
  });
  bucket.encryptionKey?.grant(grantee, "kms:GenerateDataKey");
}

/** To read its value. */
export function grantRead(secret: ISecret, grantee: IGrantable): void {
  Grant.addToPrincipalOrResource({
    grantee,
    actions: ["secretsmanager:GetSecretValue"],
    resourceArns: [secret.secretFullArn ?? `${secret.secretArn}-??????`],
    resource: secret,
  });
  if (secret.encryptionKey) grantDecryptionOf(secret, secret.encryptionKey, grantee);
}

/**
 * In the role's own policy. The CDK writes it into the key's: a key in another stack, which the role's depends on, would
 * then depend on the role.
 */
function grantDecryptionOf(secret: ISecret, key: IKey, grantee: IGrantable): void {
  Grant.addToPrincipal({
    grantee,
    actions: ["kms:Decrypt"],
    resourceArns: [key.keyArn],
    conditions: {
      StringEquals: { "kms:ViaService": `secretsmanager.${secret.env.region}.amazonaws.com` },
    },
  });
}

/** As it is known: one that was found by its name has no suffix, and Secrets Manager finds it without. */
export function secretArn(secret: ISecret): string {
  return secret.secretFullArn ?? secret.secretArn;
}
