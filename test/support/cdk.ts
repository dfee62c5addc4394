// The CDK's own command line, against an emulator of AWS.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./leave-nothing.ts";

const ROOT = join(import.meta.dirname, "../..");
const CDK = join(ROOT, "node_modules/aws-cdk/bin/cdk");

export interface Told {
  readonly code: number | null;
  /** Both outputs, as they came. */
  readonly said: string;
}

/** `environment` says where AWS is. The app's file, or the folder that it was synthesized to; what it is given with `-c`. */
export interface CdkApp {
  readonly file: string;
  readonly context: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  /** Where it is synthesized to; a folder of its own each time. */
  readonly output?: string;
}

export type Outputs = Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;

/** Runs `cdk <args>`; never rejects for what it ends with. */
export async function cdk(app: CdkApp, ...args: readonly string[]): Promise<Told> {
  const context = Object.entries(app.context).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  const runs = app.file.endsWith(".ts") ? `"${process.execPath}" ${app.file}` : app.file;
  const command = [CDK, ...args, "--app", runs, "--no-notices", ...context];
  const child = spawn(process.execPath, [...command, "--output", app.output ?? temporaryFolder()], {
    cwd: ROOT,
    env: {
      ...process.env,
      ...app.environment,
      CDK_DISABLE_CLI_TELEMETRY: "true",
      // The app is the same for the tests of templates, which check it.
      CDK_VALIDATION: "false",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, said };
}

/** The app, its stacks synthesized once, to be deployed one by one. */
export async function synthesize(app: CdkApp, ...stacks: readonly string[]): Promise<CdkApp> {
  const output = temporaryFolder();
  const told = await cdk({ ...app, output }, "synth", ...stacks, "--quiet");
  if (told.code !== 0) throw new Error(`cdk synth ended with ${told.code}:\n${told.said}`);
  return { ...app, file: output };
}

/** Deploys stacks, and answers with their outputs by stack and name. Throws with what was said when it fails. */
export async function deploy(app: CdkApp, ...stacks: readonly string[]): Promise<Outputs> {
  const file = join(temporaryFolder(), "outputs.json");
  const told = await tryToDeploy(app, ...stacks, "--outputs-file", file);
  if (told.code !== 0) throw new Error(`cdk deploy ended with ${told.code}:\n${told.said}`);
  return JSON.parse(readFileSync(file, "utf8")) as Outputs;
}

export function tryToDeploy(app: CdkApp, ...args: readonly string[]): Promise<Told> {
  return cdk(app, "deploy", ...args, "--require-approval", "never");
}
