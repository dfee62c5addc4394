// Whoever writes TypeScript is told by the compiler what is missing, or misspelled; who does not, here.
import type { IConstruct } from "constructs";
import { refuse } from "./refuse.ts";
import { type Known, unknownProblems } from "./unknown-props.ts";

/** What a prop has to be. */
interface Shape {
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
}

/** Props without which nothing can be made, and those whose likeliest mistake would only show where they are used. */
export type Shapes<Props> = { readonly [Name in keyof Props]?: Shape };

/** Before anything else is done with them: all that is missing, of another kind, or unknown, at once. */
export function checkProps<Props extends object>(
  construct: IConstruct,
  props: Props | undefined,
  known: Known<Props>,
  shapes: Shapes<Props>,
): void {
  const given = { ...props };
  refuse(construct, [...shapeProblems(given, shapes), ...unknownProblems(given, known)]);
}

function shapeProblems(
  given: Readonly<Record<string, unknown>>,
  shapes: Readonly<Record<string, Shape | undefined>>,
): readonly string[] {
  return Object.entries(shapes).flatMap(([name, shape]) => {
    const value = given[name];
    if (!shape || shape.fits(value)) return [];
    return [`${name}: given ${described(value)}, expected ${shape.expected}`];
  });
}

/** A text, which may be known only while deploying. */
export function text(expected: string): Shape {
  return { expected, fits: (value) => typeof value === "string" };
}

/** What has this property: a class's own mark, wherever the class was loaded from. */
export function having(property: string, expected: string): Shape {
  return {
    expected,
    fits: (value) => typeof value === "object" && value !== null && property in value,
  };
}

export function listOrNothing(expected: string): Shape {
  return { expected, fits: (value) => value === undefined || Array.isArray(value) };
}

/** Never what is in it, which may be secret. */
function described(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value !== "object") return `a ${typeof value}`;
  return Array.isArray(value) ? "a list" : "an object of another kind";
}
