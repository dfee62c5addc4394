import { join } from "node:path";
import { AssetHashType, DockerImage } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import { buildSync } from "esbuild";

const functionsDir = join(import.meta.dirname, "../functions");

/**
 * The code of one entry under functions/, ready for Lambda. Not NodejsFunction, because that cannot split: split into
 * chunks, the bundle loads in little more than half the time, and what is imported lazily costs nothing until used.
 */
export function bundle(entry: string): Code {
  return Code.fromAsset(functionsDir, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry("unused"), // the type asks for one; esbuild runs right here
      local: {
        tryBundle(outdir: string): boolean {
          buildFunction(join(functionsDir, entry), outdir);
          return true;
        },
      },
    },
  });
}

/** `entry` is a path; the handler becomes that of `index.mjs`. */
export function buildFunction(entry: string, outdir: string): void {
  buildSync({
    entryPoints: { index: entry },
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
    logLevel: "warning",
  });
}
