// `npm run bundle -- functions/handlers/ship-order.ts out`: a handler, or another entry, as Lambda takes it.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { buildFunction } from "./bundle.ts";

const [entry, folder, ...more] = process.argv.slice(2);
if (entry !== undefined && folder !== undefined && more.length === 0 && existsSync(entry)) {
  buildFunction({ index: resolve(entry) }, resolve(folder));
  console.log(`${folder}/index.mjs: zip the folder; runtime nodejs24.x, handler index.handler`);
} else {
  console.error(
    "given something else, expected an entry that exists and a folder to write to, like\n  npm run bundle -- functions/handlers/ship-order.ts out",
  );
  process.exitCode = 2;
}
