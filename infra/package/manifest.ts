// The package.json of the package, from that of the repository.
import { PUBLIC_MODULES } from "./declarations.ts";

export interface RepositoryManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** Types only, those of a schema of the user's. All else that runs is inside of the bundles. */
const SCHEMA = "@standard-schema/spec";

/** What aws-cdk-lib itself asks for. */
const CONSTRUCTS = "^10.5.0";

/** The oldest with which the package was seen to bundle a handler. */
const ESBUILD = ">=0.25.0";

/** All packages that the constructs and the types of the package may refer to. */
export const AT_HAND: readonly string[] = ["aws-cdk-lib", "constructs", SCHEMA];

export function manifest(repository: RepositoryManifest): object {
  const { dependencies, description, devDependencies, engines, license, name, version } =
    repository;
  return {
    name,
    version,
    description,
    license,
    type: "module",
    engines,
    exports: {
      ".": publicModule(".", "infra/constructs/index.mjs"),
      "./handler": publicModule("./handler", "prebuilt/handler/handler.mjs"),
      "./testing": publicModule("./testing", "prebuilt/handler/testing.mjs"),
      "./package.json": "./package.json",
    },
    bin: { [name]: "cli/bridge.mjs" },
    dependencies: { [SCHEMA]: `^${dependencies[SCHEMA]}` },
    peerDependencies: {
      // That of the tests: older ones are not tried, and newer ones of the same major version are compatible.
      "aws-cdk-lib": `^${devDependencies["aws-cdk-lib"]}`,
      constructs: CONSTRUCTS,
      esbuild: ESBUILD,
    },
    peerDependenciesMeta: { esbuild: { optional: true } },
  };
}

function publicModule(name: keyof typeof PUBLIC_MODULES, file: string): object {
  return { types: `./${PUBLIC_MODULES[name].replace(/\.ts$/, ".d.ts")}`, default: `./${file}` };
}
