/** Which subjects a filter takes. */

/** `*` stands for one token, `>` at the end for one or more. */
export function subjectMatches(filter: string, subject: string): boolean {
  const wanted = filter.split(".");
  const tokens = subject.split(".");
  const isOpen = wanted.at(-1) === ">";
  const fixed = isOpen ? wanted.slice(0, -1) : wanted;
  const fits = isOpen ? tokens.length > fixed.length : tokens.length === fixed.length;
  return fits && fixed.every((token, at) => token === "*" || token === tokens[at]);
}

/** Each of `filters` is within one of `others`; none at all is all subjects. What only several cover together is not seen. */
export function areCovered(filters: readonly string[], others: readonly string[]): boolean {
  const all = (some: readonly string[]): readonly string[] => (some.length > 0 ? some : [">"]);
  return all(filters).every((filter) => all(others).some((other) => isWithin(filter, other)));
}

/** A `*` takes one token, so that it never takes all that a `>` does. */
function isWithin(filter: string, other: string): boolean {
  const isOpen = (one: string): boolean => one.split(".").at(-1) === ">";
  return subjectMatches(other, filter) && (isOpen(other) || !isOpen(filter));
}
