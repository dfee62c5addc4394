// The handler of the README and its test, run as they stand there, in files of their own.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const vitest = join(
  dirname(createRequire(import.meta.url).resolve("vitest/package.json")),
  "vitest.mjs",
);

/** Inside of the project, so that its public name is found; each file where the README says that it is. */
function writtenOut(): string {
  mkdirSync(join(root, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(root, ".cache/readme-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const blocks = [...readme.matchAll(/<!-- handler: (\S+) -->\s+```ts\n(.*?)```/gs)];
  expect(blocks).toHaveLength(2);
  for (const [, name = "", code = ""] of blocks) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), code);
  }
  writeFileSync(join(folder, "vitest.config.ts"), "export default {};\n");
  return folder;
}

test("the test of the README runs as written, and can fail", () => {
  const folder = writtenOut();
  const run = (): string =>
    spawnSync(process.execPath, [vitest, "run", "--root", folder], { encoding: "utf8" }).stdout;
  expect(run()).toMatch(/1 passed/);
  const file = join(folder, "functions/handlers/ship-order.ts");
  writeFileSync(file, readFileSync(file, "utf8").replace("!(order.total > 0)", "false"));
  expect(run()).toMatch(/1 failed/);
});
