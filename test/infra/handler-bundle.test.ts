// The bundle of a handler: every wake that is cold reads it.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bytesOf, loadedAtStart } from "../support/bundle-size.ts";
import { bundled } from "../support/bundled.ts";
import { temporaryFolder } from "../support/leave-nothing.ts";

/** Of a handler that has no client of AWS of its own. */
const MOST_BYTES_AT_START = 350_000;

test("a handler without a client of AWS starts with less than 350 kB, and has the clients of its dead letters besides", () => {
  const folder = bundled("functions/handlers/ship-order.ts");
  const atStart = bytesOf(folder, loadedAtStart(folder, "index.mjs"));
  expect(atStart).toBeGreaterThan(200_000); // the NATS client is found
  expect(atStart).toBeLessThan(MOST_BYTES_AT_START);
  const all = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
  expect(bytesOf(folder, all)).toBeGreaterThan(atStart + 300_000);
});

function bundle(...args: readonly string[]): {
  readonly status: number | null;
  readonly said: string;
} {
  const root = join(import.meta.dirname, "../..");
  const ran = spawnSync(process.execPath, ["infra/bundle-function.ts", ...args], {
    cwd: root,
    encoding: "utf8",
  });
  return { status: ran.status, said: ran.stdout + ran.stderr };
}

test("npm run bundle writes what Lambda takes, and says what it wants when it is given something else", () => {
  const folder = temporaryFolder();
  expect(bundle("functions/handlers/ship-order.ts", folder)).toMatchObject({ status: 0 });
  expect(readdirSync(folder)).toContain("index.mjs");
  const { said, status } = bundle("functions/handlers/nobody.ts", folder);
  expect(status).toBe(2);
  expect(said).toContain("expected an entry that exists and a folder to write to");
});
