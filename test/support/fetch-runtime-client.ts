// AWS's own runtime client, as Lambda runs it, built once into the project's cache from the lock file in
// test/e2e/runtime-client. Not a dependency of the project: where a compiler is missing, npm could install nothing at all.
import { hash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { reason, run } from "./fetch-nats-server.ts";

/** What calls our functions: AWS's client, or a script of ours that speaks to the Runtime API as it does. */
export type RuntimeClient =
  | { readonly engine: "aws-lambda-ric"; readonly bin: string }
  | { readonly engine: "plain"; readonly reason: string };

const ROOT = join(import.meta.dirname, "../..");
const MANIFESTS = ["package.json", "package-lock.json"];
const CACHE = join(ROOT, ".cache/runtime-client");
const PACKAGE = "node_modules/aws-lambda-ric";

/** Says why there is none: to the processes that we start, so that each does not try again. May be set by hand. */
const WITHOUT = "WITHOUT_RUNTIME_CLIENT";

let found: Promise<RuntimeClient> | undefined;

/** Once for each process. Under CI=true it rejects when there is none. */
export function findRuntimeClient(): Promise<RuntimeClient> {
  found ??= find();
  return found;
}

/** The one that was built before; builds none. */
export function builtRuntimeClient(): RuntimeClient | undefined {
  const folder = folderOfBuilt();
  return existsSync(folder) ? clientIn(folder) : undefined;
}

/** Before the end-to-end tests, so that no single test pays for it. */
export default async function setup(): Promise<void> {
  await findRuntimeClient();
}

async function find(): Promise<RuntimeClient> {
  const known = process.env[WITHOUT];
  if (known) return { engine: "plain", reason: known };
  try {
    return clientIn(await built());
  } catch (error) {
    const why = `aws-lambda-ric needs Linux, cmake, g++, make, python3 and xz, and cannot be had: ${reasonOf(error)}`;
    if (process.env["CI"] === "true") throw new Error(why, { cause: error });
    console.warn(`\n!!! ${why}\n!!! The end-to-end tests run under a stand-in of our own.\n`);
    process.env[WITHOUT] = why;
    return { engine: "plain", reason: why };
  }
}

/** The folder in whose node_modules it is. */
async function built(): Promise<string> {
  // Elsewhere its scripts build nothing and call that a success.
  if (process.platform !== "linux") throw new Error(`this is ${process.platform}`);
  const folder = folderOfBuilt();
  if (!existsSync(folder)) await buildInto(folder);
  return folder;
}

function folderOfBuilt(): string {
  const manifests = MANIFESTS.map((name) => readFileSync(manifest(name), "utf8")).join("");
  const wanted = hash("sha256", manifests).slice(0, 12);
  return join(CACHE, `${wanted}-${process.platform}-${process.arch}`);
}

function clientIn(folder: string): RuntimeClient {
  return { engine: "aws-lambda-ric", bin: join(folder, PACKAGE, "index.mjs") };
}

/** Builds beside its place and moves it in: whoever looks finds all of it or nothing. */
async function buildInto(folder: string): Promise<void> {
  console.log("building aws-lambda-ric, which takes about a minute, once");
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(join(CACHE, "building-"));
  try {
    await Promise.all(MANIFESTS.map((name) => copyFile(manifest(name), join(work, name))));
    const args = ["ci", "--prefix", work, "--no-audit", "--no-fund"];
    await run("npm", args, { cwd: work, env: environment(), timeout: 600_000 });
    // npm that is told to run no scripts ends well all the same.
    if (!existsSync(join(work, PACKAGE, "rapid-client.node"))) throw new Error("npm built nothing");
    await rename(work, folder).catch((error: unknown) => {
      // Another process was faster; its copy is as good as ours.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The Node that runs us builds it, and from headers that are here already: else node-gyp would load them down. */
function environment(): NodeJS.ProcessEnv {
  const { PATH = "" } = process.env;
  const headers = join(ROOT, `node_modules/node-linux-${process.arch}`);
  return {
    ...process.env,
    PATH: `${dirname(process.execPath)}${delimiter}${PATH}`,
    ...(existsSync(join(headers, "include/node")) && { npm_config_nodedir: headers }),
  };
}

function manifest(name: string): string {
  return join(ROOT, "test/e2e/runtime-client", name);
}

/** Of all that npm says, the first line that is about the error and not about npm. */
function reasonOf(error: unknown): string {
  const { stderr = "" } = error as { stderr?: string };
  const lines = stderr.split("\n").map((line) => line.replace(/^npm \w+ ?/, "").trim());
  return lines.find((line) => /\berr(or)?\b|not found/i.test(line)) ?? reason(error);
}
