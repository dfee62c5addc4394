import { Stack } from "aws-cdk-lib";
import type { IConstruct } from "constructs";
import type { BoundTarget } from "./target.ts";

/** What of a target's environment says where a message arrives, and as what; the rest is how calls are made. */
const PLACE = [
  "SQS_QUEUE_URL",
  "EVENT_BUS_NAME",
  "EVENT_SOURCE",
  "EVENT_DETAIL_TYPE",
  "FUNCTION_ARN",
] as const;

/** Whether both bring each message to the same place, as far as that can be told in the stack of `scope`. */
export function isSameTarget(scope: IConstruct, one: BoundTarget, other: BoundTarget): boolean {
  const placeOf = ({ entry, environment }: BoundTarget): string =>
    JSON.stringify(Stack.of(scope).resolve([entry, ...PLACE.map((name) => environment[name])]));
  return placeOf(one) === placeOf(other);
}
