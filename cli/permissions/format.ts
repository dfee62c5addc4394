/** Permissions as whoever grants them writes them: in the server's configuration, or with nsc. */
import type { Permission, Permissions } from "../../functions/bridge/source/permissions.ts";

/** A `permissions` block, for a user in the configuration of a server. */
export function serverText({ publish, subscribe }: Permissions): string {
  return [
    "permissions: {",
    ...listText("publish", publish),
    ...listText("subscribe", subscribe),
    "}",
  ].join("\n");
}

function listText(name: string, permissions: readonly Permission[]): readonly string[] {
  const quoted = permissions.map(({ subject }) => JSON.stringify(subject));
  const widest = Math.max(...quoted.map(({ length }) => length));
  const lines = permissions.map(
    ({ reason }, at) => `    ${(quoted[at] ?? "").padEnd(widest)}  # ${reason}`,
  );
  return [`  ${name}: [`, ...lines, "  ]"];
}

/** A command line for a shell. `add` makes the user; `edit` adds to what one that is there may do already. */
export function nscText(
  { publish, subscribe }: Permissions,
  { user, verb }: { readonly user: string; readonly verb: "add" | "edit" },
): string {
  return [
    `nsc ${verb} user --name ${shellQuoted(user)}`,
    ...publish.map(({ subject }) => `--allow-pub ${shellQuoted(listItem(subject))}`),
    ...subscribe.map(({ subject }) => `--allow-sub ${shellQuoted(listItem(subject))}`),
  ].join(" \\\n  ");
}

/** Nothing within single quotes means anything to a shell: a `$` would, and a `>` too. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** nsc takes a list with commas, as CSV writes it. */
function listItem(subject: string): string {
  return /[",]/.test(subject) ? `"${subject.replaceAll('"', '""')}"` : subject;
}
