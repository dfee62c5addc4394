/** The process as a Lambda function sees it: with `*.lambda.ts` and `*.service.ts` the only place that reads it. */
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Host } from "./host.ts";

export const thisProcess: Host = {
  environment: process.env,
  readFile: (path) => readFileSync(path, "utf8"),
  temporaryFolder: tmpdir(),
  write: (line, done) => void process.stdout.write(line, done),
  writeError: (line) => void process.stderr.write(line),
  exit: (code) => process.exit(code),
};
