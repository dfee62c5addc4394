import { Stack, Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/** Rules of cdk-nag that do not apply here, with the reason, so that whoever runs it over an app is not asked. */
export function acknowledge(
  construct: IConstruct,
  reasons: Readonly<Record<string, string>>,
): void {
  for (const [id, reason] of Object.entries(reasons)) {
    Validations.of(construct).acknowledge({ id, reason });
  }
}

/** The finding about one ARN with a wildcard, as cdk-nag names it; that of no other ARN. */
export function wildcard(scope: IConstruct, arn: string): string {
  return `AwsSolutions-IAM5[Resource::${flat(Stack.of(scope).resolve(arn))}]`;
}

/** References in angle brackets. */
function flat(resolved: unknown): string {
  if (typeof resolved === "string") return resolved;
  const { "Fn::GetAtt": attribute, "Fn::Join": join, Ref: reference } = resolved as Intrinsic;
  if (attribute) return `<${attribute.join(".")}>`;
  if (join) return join[1].map((part) => flat(part)).join(join[0]);
  return `<${reference}>`;
}

interface Intrinsic {
  readonly "Fn::GetAtt"?: readonly string[];
  readonly "Fn::Join"?: readonly [string, readonly unknown[]];
  readonly Ref?: string;
}
