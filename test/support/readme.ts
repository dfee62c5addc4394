// `npm run readme`: writes the tables of README.md from what they tell of: options, metrics. A test compares the two.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OPTIONS } from "../../functions/bridge/config.ts";
import { METRICS } from "../../functions/bridge/observe/metric-names.ts";

const README = join(import.meta.dirname, "../../README.md");

interface Table {
  /** Where it stands: between `<!-- name: written by … -->` and `<!-- /name -->`. */
  readonly name: string;
  readonly head: readonly string[];
  readonly rows: () => readonly (readonly string[])[];
}

export const TABLES: readonly Table[] = [
  { name: "options", head: ["Name", "Meaning", "Default"], rows: optionRows },
  {
    name: "metrics",
    head: ["CloudWatch", "Prometheus", "Unit", "Statistic", "Meaning"],
    rows: metricRows,
  },
];

/** One row for each option: name, meaning, default. */
function optionRows(): readonly (readonly string[])[] {
  return Object.entries(OPTIONS).map(([name, { fallback, meaning }]) => [
    `\`${name}\``,
    meaning.replaceAll("|", "\\|"),
    fallback,
  ]);
}

/** One row for each metric: its names, unit, statistic, meaning. */
function metricRows(): readonly (readonly string[])[] {
  return Object.values(METRICS).map((metric) => [
    "cloudWatch" in metric ? `\`${metric.cloudWatch}\`` : "",
    `\`${metric.prometheus}\``,
    metric.unit,
    metric.statistic,
    metric.help,
  ]);
}

/** Where the text between the two marks of a table begins and ends. */
function placeOf(readme: string, name: string): readonly [number, number] {
  const [first, last] = [`<!-- ${name}: written by \`npm run readme\` -->`, `<!-- /${name} -->`];
  const [begin, end] = [readme.indexOf(first), readme.indexOf(last)];
  if (begin < 0 || end < begin) throw new Error(`README.md lacks ${first} or ${last}`);
  return [begin + first.length, end];
}

/** The text between the two marks of a table. */
export function partOf(readme: string, name: string): string {
  return readme.slice(...placeOf(readme, name));
}

function withTable(readme: string, { head, name, rows }: Table): string {
  const lines = [head, head.map(() => "---"), ...rows()];
  const table = lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const [begin, end] = placeOf(readme, name);
  return `${readme.slice(0, begin)}\n\n${table}\n\n${readme.slice(end)}`;
}

if (import.meta.main) {
  writeFileSync(README, TABLES.reduce(withTable, readFileSync(README, "utf8")));
}
