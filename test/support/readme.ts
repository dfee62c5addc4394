// `npm run readme`: writes the configuration table of README.md from the options themselves, and the permissions of the
// NATS user from those that the bridge knows of. Tests compare them.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serverText } from "../../cli/permissions/format.ts";
import { OPTIONS } from "../../functions/bridge/config.ts";
import { permissionsOf } from "../../functions/bridge/source/permissions.ts";

const README = join(import.meta.dirname, "../../README.md");

type Part = "options" | "permissions";

/** One row for each option: name, meaning, default. */
export function optionRows(): readonly (readonly string[])[] {
  return Object.entries(OPTIONS).map(([name, { fallback, meaning }]) => [
    `\`${name}\``,
    meaning.replaceAll("|", "\\|"),
    fallback,
  ]);
}

/** A user in the configuration of a server. */
export function permissionsBlock(): string {
  const permissions = permissionsOf({
    stream: "ORDERS",
    consumer: "orders-to-sqs",
    apiPrefix: "$JS.API",
    inboxPrefix: "_INBOX_bridge",
    filterSubjects: [],
    create: true,
  });
  const block = serverText(permissions).replaceAll(/^/gm, "    ");
  return `authorization {
  users: [{
    user: bridge, password: "change me"
${block}
  }]
}`;
}

/** The text between the two marks of this name. */
export function partOf(readme: string, part: Part): string {
  const [begin, end] = marksOf(readme, part);
  return readme.slice(begin, end);
}

function withPart(readme: string, part: Part, text: string): string {
  const [begin, end] = marksOf(readme, part);
  return `${readme.slice(0, begin)}\n\n${text}\n\n${readme.slice(end)}`;
}

function marksOf(readme: string, part: Part): readonly [begin: number, end: number] {
  const [first, last] = [`<!-- ${part}: written by \`npm run readme\` -->`, `<!-- /${part} -->`];
  const [at, end] = [readme.indexOf(first), readme.indexOf(last)];
  if (at < 0 || end < at) throw new Error(`README.md lacks ${first} or ${last}`);
  return [at + first.length, end];
}

function optionsTable(): string {
  const rows = [["Name", "Meaning", "Default"], ["---", "---", "---"], ...optionRows()];
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

if (import.meta.main) {
  const withOptions = withPart(readFileSync(README, "utf8"), "options", optionsTable());
  const block = `\`\`\`text\n${permissionsBlock()}\n\`\`\``;
  writeFileSync(README, withPart(withOptions, "permissions", block));
}
