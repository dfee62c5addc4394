import type { IConstruct } from "constructs";
import { ConstructError } from "./construct-error.ts";

/**
 * A prop that was misspelled would leave its default in force without a word, where no compiler looks. `known` names all
 * there are.
 */
export function refuseUnknown(
  construct: IConstruct,
  props: object,
  known: Readonly<Record<string, true>>,
): void {
  const names = Object.keys(known);
  const unknown = Object.keys(props).filter((name) => !(name in known));
  if (unknown.length === 0) return;
  throw new ConstructError(
    construct,
    unknown.map((name) => {
      const near = names.find((one) => isNear(one, name));
      return `${name}: given a value, expected none: there is no such prop${near ? `; did you mean ${near}?` : ` (there are ${names.join(", ")})`}`;
    }),
  );
}

/** The same letters in another case, or one is part of the other. */
function isNear(known: string, given: string): boolean {
  const [a, b] = [known.toLowerCase(), given.toLowerCase()];
  return a === b || (b.length > 3 && (a.includes(b) || b.includes(a)));
}
