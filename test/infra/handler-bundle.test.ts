// The bundle of a handler: every wake that is cold reads it.
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { bytesOf, loadedAtStart } from "../support/bundle-size.ts";
import { bundled } from "../support/bundled.ts";

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
