/**
 * Checks a bridge while it is deployed, and makes its consumer: beside the bridge's own entry, `index.mjs`, in the same
 * bundle. What it does stands in `bridge/preflight/handler.ts`.
 */
import { type PreflightHandler, preflightHandler } from "./bridge/preflight/handler.ts";
import { thisProcess } from "./bridge/wake/this-process.ts";

/** Resolved when it is called: the bundler must not follow it. */
const loadEntry = async (): Promise<{ readonly handler?: unknown }> =>
  (await import(new URL("./index.mjs", import.meta.url).href)) as { readonly handler?: unknown };

export const handler: PreflightHandler = preflightHandler(thisProcess, loadEntry);
