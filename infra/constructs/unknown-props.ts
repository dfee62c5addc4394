/** All the names that there are: the compiler keeps the list complete. */
export type Known<Props> = Readonly<Record<keyof Props, true>>;

/**
 * An option that was misspelled would leave its default in force without a word. One line each; `where` it was given,
 * like `Target.queue`.
 */
export function unknownProblems(
  options: object,
  known: Readonly<Record<string, unknown>>,
  where?: string,
): readonly string[] {
  const names = Object.keys(known);
  return Object.entries(options)
    .filter(([name, value]) => value !== undefined && !(name in known))
    .map(([name]) => {
      const near = names.find((one) => isNear(one, name));
      const hint = near ? `; did you mean ${near}?` : ` (there are ${names.join(", ")})`;
      return `${name}: given a value${where ? ` to ${where}` : ""}, expected none: there is no such option${hint}`;
    });
}

/** The same letters in another order or case, or one is part of the other. */
function isNear(known: string, given: string): boolean {
  const [a, b] = [known.toLowerCase(), given.toLowerCase()];
  return sorted(a) === sorted(b) || (b.length > 3 && (a.includes(b) || b.includes(a)));
}

function sorted(name: string): string {
  return name.split("").toSorted().join("");
}
