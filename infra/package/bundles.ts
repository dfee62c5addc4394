// All JavaScript of the package. What is inside of a bundle need not be installed beside it.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { type BuildOptions, buildSync } from "esbuild";
import type { Entries } from "../bundle.ts";
import { FOR_NODE } from "../esbuild-settings.ts";

/** What has to be installed where the constructs are used. */
const NOT_BUNDLED = ["aws-cdk-lib", "constructs", "esbuild"];

interface Bundle {
  /** In the package. */
  readonly folder: string;
  /** Files in the repository. */
  readonly entries: Entries;
  readonly settings?: BuildOptions;
}

/** Read, stepped through and bundled again by users. */
const READABLE: BuildOptions = { minify: false };

const BUNDLES: readonly Bundle[] = [
  {
    // As deep as in the repository, since the constructs look for other folders from where they are.
    folder: "infra/constructs",
    entries: { index: "infra/constructs/index.ts" },
    settings: { ...READABLE, sourcemap: false, banner: {}, external: NOT_BUNDLED },
  },
  {
    folder: "prebuilt/handler",
    entries: {
      handler: "functions/bridge/handler.ts",
      testing: "functions/bridge/testing.ts",
      preflight: "functions/preflight.lambda.ts",
    },
    settings: READABLE,
  },
  {
    folder: "prebuilt/forwarder",
    entries: { index: "functions/forward.lambda.ts", preflight: "functions/preflight.lambda.ts" },
  },
  {
    folder: "prebuilt/image/service",
    entries: { "forward.service": "functions/forward.service.ts" },
  },
  { folder: "cli", entries: { bridge: "cli/bridge.ts" } },
];

/** Writes all bundles, and answers with the files of which they are made, as paths in the repository. */
export function writeBundles(root: string, to: string): readonly string[] {
  const inputs = BUNDLES.flatMap((bundle) => {
    const { metafile, outputFiles } = buildSync(buildOptions(root, bundle));
    for (const { contents, path } of outputFiles) {
      const file = join(to, relative(root, path));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, contents);
    }
    return Object.keys(metafile.inputs);
  });
  return [...new Set(inputs)].toSorted();
}

/**
 * As if they were written into the repository, wherever they go: source maps have paths from a bundle to its sources, and
 * names of chunks follow from them.
 */
function buildOptions(
  root: string,
  { entries, folder, settings }: Bundle,
): BuildOptions & typeof IN_MEMORY {
  return {
    ...FOR_NODE,
    ...settings,
    ...IN_MEMORY,
    absWorkingDir: root,
    entryPoints: { ...entries },
    outdir: join(root, folder),
    define: { PACKAGED: "true" },
  };
}

const IN_MEMORY = { write: false, metafile: true } as const satisfies BuildOptions;
