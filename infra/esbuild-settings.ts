import type { BuildOptions } from "esbuild";

/** How everything is bundled that Node runs: for Lambda, for a container, for the command line. */
export const FOR_NODE = {
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
  logLevel: "warning",
} as const satisfies BuildOptions;
