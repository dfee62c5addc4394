// `npm run readme`: writes the parts of README.md that tell of what is in the code, from there: options, metrics, and the
// permissions of the NATS user. Tests compare them.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serverText } from "../../cli/permissions/format.ts";
import { OPTIONS } from "../../functions/bridge/config.ts";
import { METRICS } from "../../functions/bridge/observe/metric-names.ts";
import { permissionsOf } from "../../functions/bridge/source/permissions.ts";

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

/** Where the text between the two marks of a part begins and ends. */
function placeOf(readme: string, name: string): readonly [number, number] {
  const [first, last] = [`<!-- ${name}: written by \`npm run readme\` -->`, `<!-- /${name} -->`];
  const [begin, end] = [readme.indexOf(first), readme.indexOf(last)];
  if (begin < 0 || end < begin) throw new Error(`README.md lacks ${first} or ${last}`);
  return [begin + first.length, end];
}

/** The text between the two marks of a part. */
export function partOf(readme: string, name: string): string {
  return readme.slice(...placeOf(readme, name));
}

function withPart(readme: string, name: string, text: string): string {
  const [begin, end] = placeOf(readme, name);
  return `${readme.slice(0, begin)}\n\n${text}\n\n${readme.slice(end)}`;
}

function withTable(readme: string, { head, name, rows }: Table): string {
  const lines = [head, head.map(() => "---"), ...rows()];
  return withPart(readme, name, lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n"));
}

if (import.meta.main) {
  const withTables = TABLES.reduce(withTable, readFileSync(README, "utf8"));
  const block = `\`\`\`text\n${permissionsBlock()}\n\`\`\``;
  writeFileSync(README, withPart(withTables, "permissions", block));
}
