import { buildSync } from "esbuild";

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

/** Bundles entries for Lambda; what they share is in chunks. */
export function buildFunction(
  entryPoints: Entries,
  outdir: string,
  { define, externalModules }: BundlingOptions = {},
): void {
  buildSync({
    entryPoints: { ...entryPoints },
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    target: "node24",
    format: "esm",
    mainFields: ["module", "main"],
    minify: true,
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    // CommonJS dependencies call require(), which an ES module does not have.
    banner: {
      js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
    },
    ...(externalModules && { external: externalModules }),
    ...(define && { define }),
    logLevel: "warning",
  });
}
