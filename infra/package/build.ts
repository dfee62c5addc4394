// `npm run package`: all that a CDK app of somebody else installs, as a folder and as an archive. Two builds are the same.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { writeBundles } from "./bundles.ts";
import { writeDeclarations } from "./declarations.ts";
import { AT_HAND, manifest, type RepositoryManifest } from "./manifest.ts";
import { thirdPartyLicences } from "./third-party.ts";

const ROOT = join(import.meta.dirname, "../..");

/** As they are. */
const TEXTS = ["README.md", "LICENSE", "CHANGELOG.md", "docs/doorbell.schema.json"];

/** Writes the package into a folder `package` of this one, replacing what is there, and the archive beside it. */
function build(to: string): string {
  const folder = join(to, "package");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const inputs = writeBundles(ROOT, folder);
  inTemporaryFolder((temporary) => writeDeclarations(ROOT, folder, temporary, AT_HAND));
  for (const text of TEXTS) cpSync(join(ROOT, text), join(folder, text));
  cpSync(join(import.meta.dirname, "Dockerfile"), join(folder, "prebuilt/image/Dockerfile"));
  writeFileSync(join(folder, "THIRD-PARTY-LICENCES.txt"), thirdPartyLicences(ROOT, inputs));
  const repository = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  ) as RepositoryManifest;
  writeFileSync(
    join(folder, "package.json"),
    `${JSON.stringify(manifest(repository), undefined, 2)}\n`,
  );
  chmodSync(join(folder, "cli/bridge.mjs"), 0o755);
  return join(to, pack(folder, to));
}

function inTemporaryFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "jetstream-aws-bridge-"));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The name of the archive. npm gives every file the same time, so that the archive depends on nothing but the files. */
function pack(folder: string, to: string): string {
  const args = [
    "pack",
    folder,
    "--pack-destination",
    to,
    "--offline",
    "--ignore-scripts",
    "--json",
  ];
  const { status, stderr, stdout } = spawnSync("npm", args, {
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error(`npm pack ended with ${status}:\n${stderr}`);
  const [{ filename }] = JSON.parse(stdout) as [{ readonly filename: string }];
  return filename;
}

console.log(build(resolve(process.argv[2] ?? join(ROOT, "dist"))));
