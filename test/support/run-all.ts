// `npm test`: every project, then the slowest ten tests and one line of counts that a machine can read.
// Under CI=true a skipped test counts as failed: there, a missing tool must not pass as success.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { temporaryFolder } from "./leave-nothing.ts";

type TestFile = {
  readonly name: string;
  readonly status: "passed" | "failed";
  readonly message: string;
  readonly assertionResults: readonly {
    readonly fullName: string;
    readonly status: string;
    readonly duration?: number | null;
  }[];
};

const reportFile = join(temporaryFolder(), "report.json");
const vitest = join(
  dirname(createRequire(import.meta.url).resolve("vitest/package.json")),
  "vitest.mjs",
);
const { status } = spawnSync(
  process.execPath,
  [
    vitest,
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${reportFile}`,
    ...process.argv.slice(2),
  ],
  { stdio: "inherit", env: { SIMULATED_SEEDS: "5000", ...process.env } },
);

if (!existsSync(reportFile)) {
  console.error("vitest ended before it wrote a report; its own output above says why");
  process.exit(status || 1);
}
const { testResults: files } = JSON.parse(readFileSync(reportFile, "utf8")) as {
  testResults: readonly TestFile[];
};
const tests = files.flatMap((file) =>
  file.assertionResults.map((t) => ({ ...t, file: relative(process.cwd(), file.name) })),
);

console.log("\nThe slowest ten tests:");
for (const t of tests.toSorted((a, b) => (b.duration ?? 0) - (a.duration ?? 0)).slice(0, 10)) {
  console.log(`${((t.duration ?? 0) / 1000).toFixed(1).padStart(7)} s  ${t.file}: ${t.fullName}`);
}

const count = (wanted: string): number => tests.filter((t) => t.status === wanted).length;
const passed = count("passed");
// A file that could not even be loaded has no tests, but it has failed all the same.
const broken = files.filter((f) => f.status === "failed" && !f.assertionResults.length).length;
// Nor has an error outside every test, but vitest then ends with a status of its own.
const failed = count("failed") + broken || (status === 0 ? 0 : 1);
const skipped = tests.length - passed - count("failed");

if (skipped > 0) {
  const inCI = process.env["CI"] === "true";
  console.log(`\nSkipped${inCI ? ", which under CI=true is a failure" : ""}:`);
  for (const t of tests.filter((u) => u.status !== "passed" && u.status !== "failed")) {
    console.log(`         ${t.file}: ${t.fullName}`);
  }
  if (inCI) process.exitCode = 1;
}
if (status !== 0 || failed > 0) process.exitCode = status || 1;
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
