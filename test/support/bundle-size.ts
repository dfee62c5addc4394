// What of a bundle is read at a cold start.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export function bytesOf(folder: string, files: Iterable<string>): number {
  return [...files].reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** The entry and all it imports statically, in turn. */
export function loadedAtStart(folder: string, entry: string): ReadonlySet<string> {
  const loaded = new Set([entry]);
  for (const name of loaded) {
    const code = readFileSync(join(folder, name), "utf8");
    for (const [, chunk] of code.matchAll(/(?:from|import)"\.\/([\w.-]+\.mjs)"/g)) {
      if (chunk) loaded.add(chunk);
    }
  }
  return loaded;
}
