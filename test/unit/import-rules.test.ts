// A lint rule that has gone silent looks just like a clean tree. This test lints a bad one with the project's own
// configuration: each line below must be found, and each allowed line must stay unmentioned.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/leave-nothing.ts";

const IMPORTS = "eslint(no-restricted-imports)";
const GLOBALS = "eslint(no-restricted-globals)";
const PROPERTIES = "eslint(no-restricted-properties)";
const FLOATING = "typescript(no-floating-promises)";
const EXHAUSTIVE = "typescript(switch-exhaustiveness-check)";
const CYCLE = "import(no-cycle)";

const bridge = "functions/bridge";
const aws = `import "@aws-sdk/client-sqs";`;
const nats = `import "@nats-io/jetstream";`;
const infra = (up: string): string => `import "${up}infra/bundle.ts";`;
const cdk = `import "aws-cdk-lib";`;

/** [file, one line of code, the rule that must find it] */
const forbidden: readonly (readonly [string, string, string])[] = [
  // everywhere
  ["functions/a.ts", `Promise.resolve(1);`, FLOATING],
  ["functions/a.ts", `switch (1 as 1 | 2) { case 1: break; }`, EXHAUSTIVE],
  ["functions/cycle-a.ts", `import "./cycle-b.ts";`, CYCLE],
  ["functions/cycle-b.ts", `import "./cycle-a.ts";`, CYCLE],
  // functions
  ["functions/a.lambda.ts", infra("../"), IMPORTS],
  ["functions/a.lambda.ts", cdk, IMPORTS],
  ["functions/a.lambda.ts", `import "aws-cdk-lib/aws-sqs";`, IMPORTS],
  ["functions/handlers/a.ts", cdk, IMPORTS],
  ["functions/handlers/a.ts", `import "../bridge/handler.ts";`, IMPORTS],
  [`${bridge}/a.ts`, cdk, IMPORTS],
  [`${bridge}/a.ts`, `void process.env;`, GLOBALS],
  [`${bridge}/config.ts`, `void process.env;`, GLOBALS],
  [`${bridge}/config.ts`, `import "node:fs";`, IMPORTS],
  [`${bridge}/config.ts`, aws, IMPORTS],
  [`${bridge}/config/a.ts`, `import "node:fs";`, IMPORTS],
  [`${bridge}/config/a.ts`, `import "../source/a.ts";`, IMPORTS],
  [`${bridge}/config/a.ts`, `import { a } from "../config.ts";`, IMPORTS],
  // core
  [`${bridge}/core/a.ts`, `import "../map/a.ts";`, IMPORTS],
  [`${bridge}/core/a.ts`, `export type { A } from "../map/a.ts";`, IMPORTS],
  [`${bridge}/core/a.ts`, `export * from "../map/a.ts";`, IMPORTS],
  [`${bridge}/core/a.ts`, `void import("../map/a.ts");`, IMPORTS],
  [`${bridge}/core/a.ts`, `import "../config.ts";`, IMPORTS],
  [`${bridge}/core/a.ts`, `import "node:crypto";`, IMPORTS],
  [`${bridge}/core/a.ts`, aws, IMPORTS],
  [`${bridge}/core/a.ts`, nats, IMPORTS],
  [`${bridge}/core/a.ts`, infra("../../../"), IMPORTS],
  [`${bridge}/core/a.ts`, `void process.env;`, GLOBALS],
  [`${bridge}/core/a.ts`, `void Date.now();`, GLOBALS],
  [`${bridge}/core/a.ts`, `void new Date();`, GLOBALS],
  [`${bridge}/core/a.ts`, `void performance.now();`, GLOBALS],
  [`${bridge}/core/a.ts`, `setTimeout(() => {}, 1);`, GLOBALS],
  [`${bridge}/core/a.ts`, `setInterval(() => {}, 1);`, GLOBALS],
  [`${bridge}/core/a.ts`, `setImmediate(() => {});`, GLOBALS],
  [`${bridge}/core/a.ts`, `console.log(1);`, GLOBALS],
  [`${bridge}/core/a.ts`, `void fetch("http://localhost");`, GLOBALS],
  [`${bridge}/core/a.ts`, `void crypto.randomUUID();`, GLOBALS],
  [`${bridge}/core/a.ts`, `void Math.random();`, PROPERTIES],
  [`${bridge}/core/a.ts`, `void AbortSignal.timeout(1);`, PROPERTIES],
  // map
  [`${bridge}/map/a.ts`, `import "../source/a.ts";`, IMPORTS],
  [`${bridge}/map/a.ts`, `import "../observe/a.ts";`, IMPORTS],
  [`${bridge}/map/a.ts`, `import "node:fs";`, IMPORTS],
  [`${bridge}/map/a.ts`, aws, IMPORTS],
  [`${bridge}/map/a.ts`, cdk, IMPORTS],
  [`${bridge}/map/a.ts`, `void process.env;`, GLOBALS],
  [`${bridge}/map/a.ts`, `setTimeout(() => {}, 1);`, GLOBALS],
  [`${bridge}/map/a.ts`, `void Math.random();`, PROPERTIES],
  // run
  [`${bridge}/run/a.ts`, `import "../source/a.ts";`, IMPORTS],
  [`${bridge}/run/a.ts`, `import "../sinks/sqs/a.ts";`, IMPORTS],
  [`${bridge}/run/a.ts`, `import "../dead-letters/a.ts";`, IMPORTS],
  [`${bridge}/run/a.ts`, `import "../config.ts";`, IMPORTS],
  [`${bridge}/run/a.ts`, aws, IMPORTS],
  [`${bridge}/run/a.ts`, nats, IMPORTS],
  [`${bridge}/run/a.ts`, `import "node:timers";`, IMPORTS],
  [`${bridge}/run/a.ts`, `void process.env;`, GLOBALS],
  [`${bridge}/run/a.ts`, `void Date.now();`, GLOBALS],
  [`${bridge}/run/a.ts`, `setTimeout(() => {}, 1);`, GLOBALS],
  [`${bridge}/run/a.ts`, `void Math.random();`, PROPERTIES],
  // observe
  [`${bridge}/observe/a.ts`, `import "../run/a.ts";`, IMPORTS],
  [`${bridge}/observe/a.ts`, aws, IMPORTS],
  [`${bridge}/observe/a.ts`, `void process.env;`, GLOBALS],
  // source
  [`${bridge}/source/a.ts`, aws, IMPORTS],
  [`${bridge}/source/a.ts`, cdk, IMPORTS],
  [`${bridge}/source/a.ts`, `import "@nats-io/jetstream/lib/internal.js";`, IMPORTS],
  [`${bridge}/source/a.ts`, `import "../sinks/sqs/a.ts";`, IMPORTS],
  [`${bridge}/source/a.ts`, `import "../run/a.ts";`, IMPORTS],
  [`${bridge}/source/a.ts`, `import { a } from "../config.ts";`, IMPORTS],
  [`${bridge}/source/a.ts`, `import "node:process";`, IMPORTS],
  [`${bridge}/source/a.ts`, `void process.env;`, GLOBALS],
  // sinks
  [`${bridge}/sinks/a.ts`, nats, IMPORTS],
  [`${bridge}/sinks/a.ts`, `import "../source/a.ts";`, IMPORTS],
  [`${bridge}/sinks/a.ts`, `import { a } from "../config.ts";`, IMPORTS],
  [`${bridge}/sinks/sqs/a.ts`, nats, IMPORTS],
  [`${bridge}/sinks/sqs/a.ts`, cdk, IMPORTS],
  [`${bridge}/sinks/sqs/a.ts`, `import "../../source/a.ts";`, IMPORTS],
  [`${bridge}/sinks/sqs/a.ts`, `import "../../run/a.ts";`, IMPORTS],
  [`${bridge}/sinks/sqs/a.ts`, `import "../eventbridge/a.ts";`, IMPORTS],
  [`${bridge}/sinks/sqs/a.ts`, `import "../../dead-letters/a.ts";`, IMPORTS],
  [`${bridge}/sinks/sqs/a.ts`, `import { a } from "../../config.ts";`, IMPORTS],
  [`${bridge}/sinks/sqs/a.ts`, `import "node:process";`, IMPORTS],
  [`${bridge}/sinks/sqs/a.ts`, `void process.env;`, GLOBALS],
  // dead letters
  [`${bridge}/dead-letters/a.ts`, nats, IMPORTS],
  [`${bridge}/dead-letters/a.ts`, `import "../source/a.ts";`, IMPORTS],
  [`${bridge}/dead-letters/a.ts`, `import "../run/a.ts";`, IMPORTS],
  [`${bridge}/dead-letters/a.ts`, `import { a } from "../config.ts";`, IMPORTS],
  [`${bridge}/dead-letters/a.ts`, `void process.env;`, GLOBALS],
  // secrets
  [`${bridge}/secrets/a.ts`, nats, IMPORTS],
  [`${bridge}/secrets/a.ts`, `import "../source/a.ts";`, IMPORTS],
  [`${bridge}/secrets/a.ts`, `import "../sinks/sqs/a.ts";`, IMPORTS],
  [`${bridge}/secrets/a.ts`, `import "../run/a.ts";`, IMPORTS],
  [`${bridge}/secrets/a.ts`, `import { a } from "../config.ts";`, IMPORTS],
  [`${bridge}/secrets/a.ts`, `import "node:process";`, IMPORTS],
  [`${bridge}/secrets/a.ts`, `void process.env;`, GLOBALS],
  // cli
  ["cli/a.ts", cdk, IMPORTS],
  ["cli/a.ts", infra("../"), IMPORTS],
  ["cli/redrive/a.ts", infra("../../"), IMPORTS],
  ["cli/redrive/a.ts", `import "../../test/support/a.ts";`, IMPORTS],
  // infra
  ["infra/a.ts", `import "../functions/forward.lambda.ts";`, IMPORTS],
  ["infra/a.ts", `import "../functions/bridge/core/a.ts";`, IMPORTS],
  ["infra/a.ts", `import "../functions/bridge/observe/log.ts";`, IMPORTS],
  ["infra/constructs/a.ts", `import "../../functions/bridge/sinks/sqs/a.ts";`, IMPORTS],
];

/** [file, one line of code] that the rules must leave alone */
const allowed: readonly (readonly [string, string])[] = [
  ["functions/b.lambda.ts", `void process.env;`],
  ["functions/b.service.ts", `void process.env;`],
  ["functions/b.service.ts", `import "./bridge/core/a.ts";`],
  [`${bridge}/config.ts`, `import "./core/a.ts";`],
  [`${bridge}/config.ts`, `import "./config/a.ts";`],
  [`${bridge}/config/b.ts`, `import type { A } from "../config.ts";`],
  [`${bridge}/map/b.ts`, `import { hash } from "node:crypto"; void hash;`],
  [`${bridge}/core/b.ts`, `import "./a.ts";`],
  [`${bridge}/map/b.ts`, `import "./a.ts";`],
  [`${bridge}/map/b.ts`, `import "../core/a.ts";`],
  [`${bridge}/map/b.ts`, `void new Date(0);`],
  [`${bridge}/run/b.ts`, `import "../core/a.ts";`],
  [`${bridge}/run/b.ts`, `import "../observe/a.ts";`],
  [`${bridge}/observe/b.ts`, `import "../core/a.ts";`],
  [`${bridge}/source/b.ts`, nats],
  [`${bridge}/source/b.ts`, `import "node:crypto";`],
  [`${bridge}/source/b.ts`, `import "node:fs/promises";`],
  [`${bridge}/source/b.ts`, `import "../map/a.ts";`],
  [`${bridge}/source/b.ts`, `import type { A } from "../config.ts";`],
  [`${bridge}/sinks/b.ts`, aws],
  [`${bridge}/sinks/b.ts`, `import "./sqs/a.ts";`],
  [`${bridge}/sinks/sqs/b.ts`, aws],
  [`${bridge}/sinks/sqs/b.ts`, `import "@smithy/node-http-handler";`],
  [`${bridge}/sinks/sqs/b.ts`, `import "./a.ts";`],
  [`${bridge}/sinks/sqs/b.ts`, `import "../a.ts";`],
  [`${bridge}/sinks/sqs/b.ts`, `import "../../core/a.ts";`],
  [`${bridge}/sinks/sqs/b.ts`, `import "../../map/a.ts";`],
  [`${bridge}/sinks/sqs/b.ts`, `import type { A } from "../../config.ts";`],
  [`${bridge}/dead-letters/b.ts`, `import "../sinks/sqs/a.ts";`],
  [`${bridge}/dead-letters/b.ts`, `import "../sinks/a.ts";`],
  [`${bridge}/dead-letters/b.ts`, aws],
  [`${bridge}/secrets/b.ts`, aws],
  [`${bridge}/secrets/b.ts`, `import "./a.ts";`],
  [`${bridge}/secrets/b.ts`, `import "../sinks/a.ts";`],
  [`${bridge}/secrets/b.ts`, `import "../core/a.ts";`],
  [`${bridge}/secrets/b.ts`, `import type { A } from "../config.ts";`],
  ["cli/b.ts", `import "./redrive/a.ts";`],
  ["cli/b.ts", `import "../functions/bridge/config.ts";`],
  ["cli/b.ts", `import "node:fs"; void process.env;`],
  ["cli/redrive/b.ts", aws],
  ["cli/redrive/b.ts", nats],
  ["cli/redrive/b.ts", `import "./a.ts";`],
  ["cli/redrive/b.ts", `import "../command.ts";`],
  ["cli/redrive/b.ts", `import "../../functions/bridge/core/a.ts";`],
  ["cli/redrive/b.ts", `import "node:readline/promises";`],
  ["infra/b.ts", cdk],
  ["infra/b.ts", `import "../functions/bridge/config.ts";`],
  ["infra/b.ts", `import "../functions/bridge/observe/metric-names.ts";`],
  ["infra/b.ts", `import "../functions/bridge/observe/operator-command.ts";`],
];

type Diagnostic = {
  readonly code: string;
  readonly filename: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
};

const root = join(import.meta.dirname, "../..");

/** Lints the files, given as lines of code, in a folder outside the project; answers `file:line code` for each find. */
function lint(files: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const folder = temporaryFolder();
  copyFileSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  const compilerOptions = {
    strict: true,
    module: "nodenext",
    allowImportingTsExtensions: true,
    noEmit: true,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  for (const [file, lines] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `${lines.join("\n")}\n`);
  }
  const modules = join(root, "node_modules");
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [join(modules, "oxlint/bin/oxlint"), "--format=json", "functions", "cli", "infra"],
    {
      cwd: folder,
      encoding: "utf8",
      env: {
        ...process.env,
        OXLINT_TSGOLINT_PATH: join(modules, "oxlint-tsgolint/bin/tsgolint.js"),
      },
    },
  );
  if (!stdout.startsWith("{")) throw new Error(`oxlint did not answer: ${stdout}${stderr}`);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: readonly Diagnostic[] };
  return new Set(diagnostics.map((d) => `${d.filename}:${d.labels[0]?.span.line} ${d.code}`));
}

test("every import rule fires on a bad line and leaves a good one alone", () => {
  const files = new Map<string, string[]>();
  const place = (file: string, code: string): string => {
    const lines = files.get(file) ?? [];
    files.set(file, lines);
    return `${file}:${lines.push(code)}`;
  };
  const bad = forbidden.map(([file, code, rule]) => ({ at: place(file, code), code, rule }));
  const good = allowed.map(([file, code]) => ({ at: place(file, code), code }));

  const found = lint(files);

  const silent = bad.filter(({ at, rule }) => !found.has(`${at} ${rule}`));
  expect(silent, "lines that no rule found").toEqual([]);
  const wronged = good.filter(({ at }) =>
    [IMPORTS, GLOBALS, PROPERTIES].some((rule) => found.has(`${at} ${rule}`)),
  );
  expect(wronged, "allowed lines that a rule refused").toEqual([]);
});
