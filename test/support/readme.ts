// `npm run readme`: writes the configuration table of README.md from the options themselves. A test compares the two.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OPTIONS } from "../../functions/bridge/config.ts";

const README = join(import.meta.dirname, "../../README.md");
const BEGIN = "<!-- options: written by `npm run readme` -->";
const END = "<!-- /options -->";

/** One row for each option: name, meaning, default. */
export function optionRows(): readonly (readonly string[])[] {
  return Object.entries(OPTIONS).map(([name, { fallback, meaning }]) => [
    `\`${name}\``,
    meaning.replaceAll("|", "\\|"),
    fallback,
  ]);
}

/** The text between the two marks. */
export function optionsPart(readme: string): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`README.md lacks ${BEGIN} or ${END}`);
  return readme.slice(begin + BEGIN.length, end);
}

function withOptions(readme: string): string {
  const rows = [["Name", "Meaning", "Default"], ["---", "---", "---"], ...optionRows()];
  const table = rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const begin = readme.indexOf(BEGIN) + BEGIN.length;
  return `${readme.slice(0, begin)}\n\n${table}\n\n${readme.slice(begin + optionsPart(readme).length)}`;
}

if (import.meta.main) writeFileSync(README, withOptions(readFileSync(README, "utf8")));
