// A handler as it is deployed: a zip file with the handler in it, and what it imports.
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { run } from "./fetch-nats-server.ts";
import { removeFolder, temporaryFolder } from "./leave-nothing.ts";

/** `file` is one of test/support/handlers. Bundled where it imports packages; else the file itself. */
export async function zipOf(file: string): Promise<Buffer> {
  const source = join(import.meta.dirname, "handlers", file);
  const folder = temporaryFolder();
  try {
    const content = join(folder, file);
    if (/^import .*"@/m.test(await readFile(source, "utf8"))) {
      await build({
        entryPoints: [source],
        outfile: content,
        bundle: true,
        platform: "node",
        format: "esm",
        logLevel: "error",
      });
    } else await copyFile(source, content);
    const zip = join(folder, "code.zip");
    await run("python3", ["-m", "zipfile", "-c", zip, content]);
    return await readFile(zip);
  } finally {
    removeFolder(folder);
  }
}
