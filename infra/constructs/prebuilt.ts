import { existsSync } from "node:fs";
import { join } from "node:path";

/** Of the repository, and of the package. */
const root = join(import.meta.dirname, "../..");

/**
 * A folder that `npm run package` has put into the package; undefined in the repository, where everything is made from
 * its source.
 */
export function prebuilt(name: "forwarder" | "handler" | "image"): string | undefined {
  const folder = join(root, "prebuilt", name);
  return existsSync(folder) ? folder : undefined;
}

/** A file or folder of the repository. */
export function source(path: string): string {
  return join(root, path);
}
