import type { IConstruct } from "constructs";
import { ConstructError } from "./construct-error.ts";

/** Whatever is wrong, at once. */
export function refuse(construct: IConstruct, problems: readonly string[]): void {
  if (problems.length > 0) throw new ConstructError(construct, problems);
}
