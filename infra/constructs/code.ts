import { join, resolve } from "node:path";
import { AssetHashType, DockerImage } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import { buildFunction, type BundlingOptions, type Entries } from "../bundle.ts";
import { prebuilt, source } from "./prebuilt.ts";

/** Of a bridge to AWS. */
export function forwarderCode(): Code {
  const ready = prebuilt("forwarder");
  return ready === undefined
    ? bundled(source("functions/forward.lambda.ts"), fromSource(), {})
    : Code.fromAsset(ready);
}

/** Of a bridge that runs the user's handler. */
export function handlerCode(entry: string, options: BundlingOptions): Code {
  const ready = prebuilt("handler");
  return bundled(resolve(entry), ready === undefined ? fromSource() : fromPackage(ready), options);
}

/** What a bundle takes from the bridge. */
interface BridgeFiles {
  readonly folder: string;
  readonly preflight: string;
  readonly alias: Entries;
}

function fromSource(): BridgeFiles {
  const folder = source("functions");
  return { folder, preflight: join(folder, "preflight.lambda.ts"), alias: {} };
}

/** Wherever the handler lies, it gets the bridge of this very version, and shares its chunks with the preflight. */
function fromPackage(folder: string): BridgeFiles {
  return {
    folder,
    preflight: join(folder, "preflight.mjs"),
    alias: { "jetstream-aws-bridge/handler": join(folder, "handler.mjs") },
  };
}

/**
 * Ready for Lambda, with the preflight beside it. Not NodejsFunction, because that cannot split: split into chunks, the
 * bundle loads in little more than half the time, and what is imported lazily costs nothing until used.
 */
function bundled(entry: string, bridge: BridgeFiles, options: BundlingOptions): Code {
  return Code.fromAsset(bridge.folder, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry("unused"), // the type asks for one; esbuild runs right here
      // Nobody runs it: the CDK takes two bundles for the same when their folders and these words are.
      command: [entry, JSON.stringify(options)],
      local: {
        tryBundle(outdir: string): boolean {
          const entries = { index: entry, preflight: bridge.preflight };
          buildFunction(entries, outdir, options, bridge.alias);
          return true;
        },
      },
    },
  });
}
