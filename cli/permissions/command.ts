/** `permissions`: what the NATS user of a bridge may do. */
import { DEFAULT_INBOX_PREFIX } from "../../functions/bridge/config/nats.ts";
import {
  type Permissions,
  permissionsOf,
  type PermissionsWanted,
} from "../../functions/bridge/source/permissions.ts";
import type { Run } from "../command.ts";
import { nscText, serverText } from "./format.ts";
import { HELP, USAGE } from "./help.ts";
import { parse, type PermissionsOptions } from "./options.ts";

export const run: Run = async (args, { environment }) => {
  const parsed = parse(args, environment);
  if (parsed.kind === "help") return tell(process.stdout, [HELP], 0);
  if (parsed.kind === "wrong") return tell(process.stderr, [...parsed.problems, USAGE], 2);
  const { options } = parsed;
  tell(process.stderr, notesOf(options.wanted), 0);
  return tell(process.stdout, [textOf(permissionsOf(options.wanted), options)], 0);
};

function tell(out: NodeJS.WriteStream, lines: readonly string[], exitCode: number): number {
  out.write(lines.map((line) => `${line}\n`).join(""));
  return exitCode;
}

function textOf(permissions: Permissions, options: PermissionsOptions): string {
  if (options.json) return JSON.stringify({ event: "permissions", ...permissions });
  return options.format === "nsc" ? nscText(permissions, options) : serverText(permissions);
}

/** What whoever grants them would want to know. */
function notesOf(wanted: PermissionsWanted): readonly string[] {
  const { inboxPrefix, publishes = [], publishStreams = [], replay = false } = wanted;
  const notes: readonly (readonly [boolean, string])[] = [
    [
      inboxPrefix === DEFAULT_INBOX_PREFIX,
      "NATS_INBOX_PREFIX is not set: with _INBOX.> the user reads the answers to everybody in the account. A prefix of its own keeps them apart.",
    ],
    [
      replay,
      "With --replay it has power over every consumer of the stream: a subject has no wildcard for the beginning of a name.",
    ],
    [
      publishes.length > 0 && publishStreams.length === 0,
      "Without --publish-stream the duplicate windows of the streams that it publishes to are not compared.",
    ],
  ];
  return notes.filter(([isSo]) => isSo).map(([, note]) => note);
}
