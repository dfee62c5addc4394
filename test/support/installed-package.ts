// The package as npm would install it into an app of somebody else, without npm: nothing is fetched.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "./leave-nothing.ts";

const ROOT = join(import.meta.dirname, "../..");
const SOURCES = join(ROOT, "test/e2e/package");

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface App {
  readonly folder: string;
  /** Of the package, below node_modules. */
  readonly package: string;
  /** Runs Node in the folder. */
  node(args: readonly string[], environment?: Readonly<Record<string, string>>): Ran;
  write(file: string, text: string): void;
  /** A package of the repository's is installed beside ours. */
  link(name: string): void;
}

/** `npm run package` into a new folder; answers with the archive. */
export function makePackage(): string {
  const folder = temporaryFolder();
  const { status, stderr, stdout } = run(ROOT, ["infra/package/build.ts", folder]);
  if (status !== 0) throw new Error(`the package is not made:\n${stderr}`);
  return stdout.trim();
}

/** An app with the package, its peers but esbuild, and the sources of `test/e2e/package`. */
export function appWith(archive: string): App {
  const folder = temporaryFolder();
  const installed = join(folder, "node_modules/jetstream-aws-bridge");
  mkdirSync(installed, { recursive: true });
  const unpack = ["-xzf", archive, "-C", installed, "--strip-components=1"];
  const { status, stderr } = spawnSync("tar", unpack, { encoding: "utf8" });
  if (status !== 0) throw new Error(`tar: ${stderr}`);
  cpSync(SOURCES, folder, { recursive: true });
  const pathOf = (name: string): string => join(folder, "node_modules", name);
  const app: App = {
    folder,
    package: installed,
    node: (args, environment = {}) => run(folder, args, environment),
    write: (file, text) => writeFileSync(join(folder, file), text),
    link(name) {
      mkdirSync(dirname(pathOf(name)), { recursive: true });
      symlinkSync(join(ROOT, "node_modules", name), pathOf(name), "junction");
    },
  };
  app.write("package.json", `{"private":true,"type":"module"}`);
  for (const name of ["aws-cdk-lib", "constructs", "@standard-schema/spec", "@types/node"]) {
    app.link(name);
  }
  return app;
}

function run(
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Ran {
  return spawnSync(process.execPath, [...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
}
