// `npm run synth` as somebody types it: the CDK's own command line, cdk.json and infra/app.ts together.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/leave-nothing.ts";

const root = join(import.meta.dirname, "../..");

function cdk(args: readonly string[]): { status: number | null; stderr: string } {
  const command = [join(root, "node_modules/aws-cdk/bin/cdk"), ...args];
  const env = { ...process.env, CDK_DISABLE_CLI_TELEMETRY: "true" };
  return spawnSync(process.execPath, command, { cwd: root, encoding: "utf8", env });
}

test("npm run synth writes a template", { timeout: 60_000 }, () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: { synth: string };
  };
  const [program, ...args] = scripts.synth.split(" ");
  expect(program).toBe("cdk");
  const folder = temporaryFolder();
  const { status, stderr } = cdk([...args, "--output", folder]);
  expect(stderr).not.toMatch(/error/i);
  expect(status).toBe(0);
  expect(readdirSync(folder)).toContain("JetStreamBridge.template.json");
});

test("without settings it says what is missing, and no stack trace", { timeout: 60_000 }, () => {
  const { status, stderr } = cdk([
    "synth",
    "--quiet",
    "--no-notices",
    "--output",
    temporaryFolder(),
  ]);
  expect(status).toBe(1);
  expect(stderr).toContain(
    "These settings are missing or wrong:\n  natsUrl: given nothing, expected",
  );
  expect(stderr).toContain("For example: npx cdk deploy -c natsUrl=");
  expect(stderr).not.toMatch(/^\s+at /m);
});
