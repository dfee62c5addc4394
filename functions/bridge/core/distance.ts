/** How far apart two names are. */

/** Levenshtein's: so many letters have to be changed, added or left out to make one of the other. */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Of `names` the one nearest to `name`, in whatever case, when fewer than `far` letters apart. */
export function nearest(name: string, names: readonly string[], far: number): string | undefined {
  const [found] = names
    .map((one) => [one, distance(one.toLowerCase(), name.toLowerCase())] as const)
    .reduce<readonly [string | undefined, number]>(
      (best, one) => (one[1] < best[1] ? one : best),
      [undefined, far],
    );
  return found;
}
