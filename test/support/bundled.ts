// Bundles as they are deployed.
import { resolve } from "node:path";
import { buildFunction } from "../../infra/bundle.ts";
import { temporaryFolder } from "./leave-nothing.ts";

const ROOT = resolve(import.meta.dirname, "../..");

const built = new Map<string, string>();

/** The folder of the bundle of an entry, `functions/forward.lambda.ts`; built once for each process. */
export function bundled(entry: string): string {
  const path = resolve(ROOT, entry);
  const folder = built.get(path) ?? temporaryFolder();
  if (!built.has(path)) buildFunction({ index: path }, folder);
  built.set(path, folder);
  return folder;
}

/** The same with the preflight beside it, as `preflight.mjs`. */
export function bundledWithPreflight(entry: string): string {
  const folder = temporaryFolder();
  const preflight = resolve(ROOT, "functions/preflight.lambda.ts");
  buildFunction({ index: resolve(ROOT, entry), preflight }, folder);
  return folder;
}
