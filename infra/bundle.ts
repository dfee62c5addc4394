import { createRequire } from "node:module";
import type * as Esbuild from "esbuild";
import { FOR_NODE } from "./esbuild-settings.ts";

export interface BundlingOptions {
  /**
   * Packages that are left out of the bundle, because a layer brings them.
   *
   * @default - none
   */
  readonly externalModules?: string[];
  /**
   * Names that are replaced by constants: name → JSON.
   *
   * @default - none
   */
  readonly define?: Record<string, string>;
}

/** Paths of entries by the names of their modules: `index` becomes `index.mjs`. */
export type Entries = Readonly<Record<string, string>>;

/** Bundles entries for Lambda; what they share is in chunks. `alias`: files that stand for packages. */
export function buildFunction(
  entryPoints: Entries,
  outdir: string,
  { define, externalModules }: BundlingOptions = {},
  alias: Entries = {},
): void {
  esbuild().buildSync({
    ...FOR_NODE,
    entryPoints: { ...entryPoints },
    outdir,
    alias: { ...alias },
    ...(externalModules && { external: externalModules }),
    ...(define && { define }),
  });
}

/** Not loaded before it is needed: where everything is bundled already, it need not be installed. */
function esbuild(): typeof Esbuild {
  try {
    return createRequire(import.meta.url)("esbuild") as typeof Esbuild;
  } catch (error) {
    throw new Error(
      "esbuild: given no such package, expected it to be installed, since the handler of a JetStreamFunction is bundled with it: npm install --save-dev esbuild",
      { cause: error },
    );
  }
}
