// The package in an app of somebody else: what is installed is the archive, and nothing else of this repository.
import { createHash } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../functions/bridge/run/receipt.ts";
import { bytesOf, loadedAtStart } from "../support/bundle-size.ts";
import { startBridge } from "../support/bridge-process.ts";
import { findRuntimeClient } from "../support/fetch-runtime-client.ts";
import { type App, appWith, makePackage, type Ran } from "../support/installed-package.ts";
import { temporaryFolder } from "../support/leave-nothing.ts";
import { type Parts, startParts } from "../support/parts.ts";
import { preflight } from "../support/preflight.ts";
import { startFunction, valueOf } from "../support/runtime-api.ts";

const ROOT = join(import.meta.dirname, "../..");
const CDK = join(ROOT, "node_modules/aws-cdk/bin/cdk");
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

let archive: string;
let app: App;
beforeAll(() => {
  archive = makePackage();
  app = appWith(archive);
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, code = ""] = /<!-- app -->\s+```ts\n(.*?)```/s.exec(readme) ?? [];
  app.write("app-of-the-readme.ts", code);
});

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => statSync(join(folder, file)).isFile())
    .toSorted();
}

/** Name and content of each file. */
function contentOf(folder: string): Readonly<Record<string, string>> {
  const files = filesIn(folder);
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
}

/** The assets of a synthesized app with a file of this name. */
function assetsWith(output: string, file: string): readonly string[] {
  return readdirSync(output)
    .map((name) => join(output, name))
    .filter((asset) => existsSync(join(asset, file)));
}

describe("the archive", () => {
  test("two builds are the same to the byte", () => {
    const hashOf = (file: string): string =>
      createHash("sha256").update(readFileSync(file)).digest("hex");
    expect(hashOf(makePackage())).toBe(hashOf(archive));
  });

  test("has what its package.json names, texts and licences, and no source that Node would refuse", () => {
    const files = filesIn(app.package);
    const { bin, exports } = JSON.parse(
      readFileSync(join(app.package, "package.json"), "utf8"),
    ) as { bin: Record<string, string>; exports: Record<string, string | object> };
    const named = [bin, ...Object.values(exports)].flatMap((one) =>
      typeof one === "string" ? one : (Object.values(one) as string[]),
    );
    expect(named).toHaveLength(8);
    expect(files).toEqual(expect.arrayContaining(named.map((file) => file.replace("./", ""))));
    expect(files).toEqual(
      expect.arrayContaining([
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "THIRD-PARTY-LICENCES.txt",
        "docs/doorbell.schema.json",
      ]),
    );
    expect(files.filter((file) => /(?<!\.d)\.[cm]?ts$/.test(file))).toEqual([]);
  });

  test("names nothing of the machine that made it, and every package inside of it with its licence", () => {
    const all = contentOf(app.package);
    expect(Object.keys(all).filter((file) => all[file]?.includes(ROOT))).toEqual([]);
    const licences = all["THIRD-PARTY-LICENCES.txt"] ?? "";
    for (const name of ["@aws-sdk/client-sqs", "@nats-io/jetstream", "@smithy/core"]) {
      expect(licences).toMatch(new RegExp(`^${name} [\\d.]+ \\(Apache-2.0\\)$`, "m"));
    }
  });
});

describe("an app without esbuild", () => {
  test("in plain JavaScript uses the constructs, whose functions are the bundles that came along", () => {
    cpSync(join(app.folder, "forwarders.ts"), join(app.folder, "forwarders.mjs")); // it has no types
    const output = temporaryFolder();
    const args = ["synth", "--quiet", "--no-notices", "--output", output];
    const { status, stderr } = app.node(
      [CDK, ...args, "--app", `"${process.execPath}" forwarders.mjs`],
      { CDK_DISABLE_CLI_TELEMETRY: "true", CDK_VALIDATION: "false" },
    );
    expect(stderr).not.toMatch(/error|esbuild/i);
    expect(status).toBe(0);
    const forwarders = assetsWith(output, "preflight.mjs");
    expect(forwarders).toHaveLength(1);
    expect(contentOf(forwarders[0]!)).toEqual(contentOf(join(app.package, "prebuilt/forwarder")));
    const images = assetsWith(output, "Dockerfile");
    expect(images).toHaveLength(1);
    expect(contentOf(images[0]!)).toEqual(contentOf(join(app.package, "prebuilt/image")));
  });

  test("loads the package as CommonJS, too", () => {
    const names = `Object.keys(require("jetstream-aws-bridge")).length`;
    const types = `typeof require("jetstream-aws-bridge/handler").onMessage`;
    const { stderr, stdout } = app.node(["--eval", `console.log(${names}, ${types})`]);
    expect(stdout + stderr).toBe("9 function\n");
  });

  test("is told in a plain sentence that a handler needs it", () => {
    const { status, stderr } = app.node(["handlers.ts"]);
    expect(status).toBe(1);
    expect(stderr).toContain(
      "esbuild: given no such package, expected it to be installed, since the handler of a JetStreamFunction is bundled with it: npm install --save-dev esbuild",
    );
  });
});

describe("an app in TypeScript", () => {
  test.each([
    ["nodenext", "nodenext", false],
    ["esnext", "bundler", true], // it finds the same declarations
  ])("compiles strictly: module %s, resolution %s, skipLibCheck %s", (...given) => {
    const [module, moduleResolution, skipLibCheck] = given;
    const compilerOptions = {
      module,
      moduleResolution,
      skipLibCheck,
      target: "es2024",
      lib: ["es2024"],
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      allowImportingTsExtensions: true,
      noEmit: true,
    };
    app.write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    const lines = app.node([TSC, "--pretty", "false", "--listFiles"]).stdout.split("\n");
    const errors = lines.filter((line) => line.includes(": error TS"));
    // The CDK's own declarations do not pass.
    expect(errors.filter((line) => !/node_modules\/aws-cdk-lib\//.test(line))).toEqual([]);
    const declarations = lines.filter((line) => /jetstream-aws-bridge\/.*\.d\.ts$/.test(line));
    expect(declarations.length).toBeGreaterThan(30);
    for (const file of ["handler-check.ts", "app-of-the-readme.ts"]) {
      expect(lines.find((line) => line.endsWith(file))).toBeDefined();
    }
  });

  test("tests its handler without NATS", () => {
    const { status, stdout } = app.node(["--test", "--test-reporter=tap", "handler-check.ts"]);
    expect(stdout).toContain("# pass 2\n");
    expect(status).toBe(0);
  });
});

describe("between real servers", () => {
  let parts: Parts;
  /** The bundle of the handler. */
  let code: string;
  beforeAll(async () => {
    app.link("esbuild");
    const output = temporaryFolder();
    // From here, nothing is found in node_modules: the bridge is that of the construct.
    const entry = join(temporaryFolder(), "ship-order.ts");
    cpSync(join(app.folder, "ship-order.ts"), entry);
    const environment = { CDK_OUTDIR: output, ENTRY: entry };
    const { status, stderr } = app.node(["handlers.ts"], environment);
    if (status !== 0) throw new Error(stderr);
    code = assetsWith(output, "index.mjs")[0]!;
    parts = await startParts();
  });
  afterAll(() => parts[Symbol.asyncDispose]());

  test("the bundle of a handler is whole: its preflight makes the consumer, and it handles messages", async () => {
    const ledger = join(temporaryFolder(), "ledger");
    const environment = {
      ...parts.sqs.environment,
      NATS_URL: parts.server.url,
      JETSTREAM_STREAM: "HANDLED",
      JETSTREAM_CONSUMER: "ship-order",
      DEAD_LETTER_QUEUE_URL: await parts.sqs.createQueue("handled-dead"),
      LEDGER: ledger,
    };
    await parts.manager.streams.add({ name: "HANDLED", subjects: ["orders.>"] });
    const { answer } = await preflight(environment, { folder: code });
    expect(answer).toMatchObject({ Status: "SUCCESS", Data: { Made: "true" } });
    await parts.jetstream.publish("orders.new", `{"id":"good","total":1}`);
    await parts.jetstream.publish("orders.new", `{"id":"bad","total":0}`);
    await using ship = startFunction({
      client: await findRuntimeClient(),
      code,
      environment,
      timeoutMs: 10_000,
    });
    const { acked, buried, stop } = valueOf<Receipt>(await ship.invoke({}));
    expect({ acked, buried, stop }).toEqual({ acked: 1, buried: 1, stop: "idle" });
    expect(readFileSync(ledger, "utf8")).toMatch(/^good HANDLED\/1\/\d+\n$/);
  });

  test("that bundle loads no more at a cold start than one that is made from source", () => {
    expect(bytesOf(code, loadedAtStart(code, "index.mjs"))).toBeLessThan(350_000);
    const all = readdirSync(code).filter((name) => name.endsWith(".mjs"));
    expect(bytesOf(code, all)).toBeLessThan(1_200_000); // the bridge is in it once
  });

  test("the files of the image forward, without anything beside them", async () => {
    const context = join(app.package, "prebuilt/image");
    const dockerfile = readFileSync(join(context, "Dockerfile"), "utf8");
    const image = temporaryFolder();
    for (const [, from = ""] of dockerfile.matchAll(/^COPY (\S+) \.\/$/gm)) {
      cpSync(join(context, from), image, { recursive: true });
    }
    const [, command = ""] = /^CMD (.*)$/m.exec(dockerfile) ?? [];
    const [program, ...args] = JSON.parse(command) as readonly string[];
    expect(program).toBe("node");
    const route = await parts.route("IMAGE");
    await route.publish(20);
    const files = args.map((one) => (one.startsWith("-") ? one : join(image, one)));
    await using bridge = startBridge(route.environment, files);
    await route.drained();
    expect(await bridge.stop()).toBe(0);
    expect(await parts.sqs.receiveAll(route.queueUrl)).toHaveLength(20);
  });
});

describe("the command", () => {
  const command = (...args: readonly string[]): Ran =>
    app.node([join(app.package, "cli/bridge.mjs"), ...args]);

  test("may be executed, and says its version", () => {
    const file = join(app.package, "cli/bridge.mjs");
    expect(readFileSync(file, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    if (process.platform !== "win32") expect(statSync(file).mode & 0o111).toBe(0o111);
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      version: string;
    };
    expect(command("--version")).toMatchObject({ status: 0, stdout: `${version}\n` });
  });

  test.each(["", "redrive", "consumer", "permissions"])("names itself as it is run: %s", (name) => {
    const words = name === "" ? [] : [name];
    const { status, stdout } = command(...words, "--help");
    expect(status).toBe(0);
    expect(stdout).toContain(["npx jetstream-aws-bridge", ...words].join(" "));
    expect(stdout).not.toContain("npm run");
  });
});
