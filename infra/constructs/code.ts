import { join, resolve } from "node:path";
import { AssetHashType, DockerImage } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import { buildFunction, type BundlingOptions } from "../bundle.ts";

const functionsFolder = join(import.meta.dirname, "../../functions");

/** Of a bridge to AWS. */
export function forwarderCode(): Code {
  return bundled(join(functionsFolder, "forward.lambda.ts"), {});
}

/** Of a bridge that runs the user's handler. */
export function handlerCode(entry: string, options: BundlingOptions): Code {
  return bundled(resolve(entry), options);
}

/**
 * Ready for Lambda, with the preflight beside it. Not NodejsFunction, because that cannot split: split into chunks, the
 * bundle loads in little more than half the time, and what is imported lazily costs nothing until used.
 */
function bundled(entry: string, options: BundlingOptions): Code {
  const preflight = join(functionsFolder, "preflight.lambda.ts");
  return Code.fromAsset(functionsFolder, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry("unused"), // the type asks for one; esbuild runs right here
      // Nobody runs it: the CDK takes two bundles for the same when their folders and these words are.
      command: [entry, JSON.stringify(options)],
      local: {
        tryBundle(outdir: string): boolean {
          buildFunction({ index: entry, preflight }, outdir, options);
          return true;
        },
      },
    },
  });
}
