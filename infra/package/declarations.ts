// The types of the package, by the compiler: those of its three public modules, and what these refer to.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** In the repository; their declarations have the same paths in the package. */
export const PUBLIC_MODULES = {
  ".": "infra/constructs/index.ts",
  "./handler": "functions/bridge/handler.ts",
  "./testing": "functions/bridge/testing.ts",
} as const;

const IMPORT = /(\bfrom |\bimport\()"([^"]+)"/g;

/** Writes the declarations to a folder. `packages`: all that they may refer to. */
export function writeDeclarations(
  root: string,
  to: string,
  temporary: string,
  packages: readonly string[],
): void {
  compile(root, temporary);
  const reached = new Set(Object.values(PUBLIC_MODULES).map(declarationOf));
  for (const file of reached) {
    const text = readFileSync(join(temporary, file), "utf8");
    for (const [, , module = ""] of text.matchAll(IMPORT)) {
      if (module.startsWith(".")) reached.add(join(dirname(file), declarationOf(module)));
      else refuseUnlessIn(packages, module, file);
    }
    mkdirSync(dirname(join(to, file)), { recursive: true });
    writeFileSync(join(to, file), forUsers(text));
  }
}

/** With the options of the repository, and their path below its root. */
function compile(root: string, to: string): void {
  const config = join(to, "tsconfig.json");
  const compilerOptions = {
    rootDir: root,
    outDir: to,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    typeRoots: [join(root, "node_modules/@types")],
  };
  const files = Object.values(PUBLIC_MODULES).map((file) => join(root, file));
  const text = { extends: join(root, "tsconfig.json"), compilerOptions, include: [], files };
  writeFileSync(config, JSON.stringify(text));
  const tsc = join(
    dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
    "bin/tsc",
  );
  const { status, stdout } = spawnSync(process.execPath, [tsc, "--project", config], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`tsc ended with ${status}:\n${stdout}`);
}

function declarationOf(module: string): string {
  return module.replace(/\.ts$/, ".d.ts");
}

/** There, the modules are JavaScript. */
function forUsers(text: string): string {
  return text.replaceAll(IMPORT, (_, start: string, module: string) => {
    return `${start}"${module.startsWith(".") ? module.replace(/\.ts$/, ".js") : module}"`;
  });
}

function refuseUnlessIn(packages: readonly string[], module: string, file: string): void {
  if (packages.some((name) => module === name || module.startsWith(`${name}/`))) return;
  throw new Error(
    `${file}: given types of ${module}, expected only those of ${packages.join(", ")}: a user of the package has no others`,
  );
}
