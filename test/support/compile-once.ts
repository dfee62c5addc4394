// What tests start as processes of their own is compiled by the first of them, and not again: they start in a third of
// the CPU time.
import { temporaryFolder } from "./leave-nothing.ts";

export function setup(): void {
  process.env["NODE_COMPILE_CACHE"] ??= temporaryFolder();
}
