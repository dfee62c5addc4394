// The handler of the README and its test, run as they stand there, in files of their own.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const vitest = join(
  dirname(createRequire(import.meta.url).resolve("vitest/package.json")),
  "vitest.mjs",
);

/** Inside of the project, so that its public name is found. */
function emptyFolder(): string {
  mkdirSync(join(root, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(root, ".cache/readme-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "vitest.config.ts"), "export default {};\n");
  return folder;
}

/** Each file where the README says that it is. */
function writeOut(folder: string, change: (code: string) => string): void {
  const blocks = [...readme.matchAll(/<!-- handler: (\S+) -->\s+```ts\n(.*?)```/gs)];
  expect(blocks).toHaveLength(2);
  for (const [, name = "", code = ""] of blocks) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), change(code));
  }
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly failureMessages: readonly string[] }[];
  }[];
}

/** Of each file of tests in `folder`, what has failed. */
async function failuresIn(folder: string, signal: AbortSignal): Promise<readonly string[]> {
  const outputFile = join(folder, "report.json");
  const run = [vitest, "run", "--root", folder, "--reporter", "json", "--outputFile", outputFile];
  // It fails, since one of them does.
  await promisify(execFile)(process.execPath, run, { signal }).catch(() => undefined);
  const { testResults } = JSON.parse(readFileSync(outputFile, "utf8")) as Report;
  return testResults
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ assertionResults }) => {
      expect(assertionResults).toHaveLength(1);
      return assertionResults.flatMap(({ failureMessages }) => failureMessages).join();
    });
}

test("the test of the README runs as written, and can fail", async ({ signal }) => {
  const folder = emptyFolder();
  writeOut(join(folder, "as-written"), (code) => code);
  writeOut(join(folder, "broken"), (code) =>
    code.replace(/(?<=\breject\(["'`])/, "another reason: "),
  );
  const [asWritten, broken] = await failuresIn(folder, signal);
  expect(asWritten).toBe("");
  expect(broken).toMatch(/^AssertionError: /);
}, 60_000);
