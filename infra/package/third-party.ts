// The licences of what is inside of the bundles: most of them want to be passed on.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

/** Each text once, with the packages that it is of; `inputs` are the files that were bundled. */
export function thirdPartyLicences(root: string, inputs: readonly string[]): string {
  const folders = new Set(inputs.flatMap((file) => FOLDER.exec(file)?.[1] ?? []));
  const all = [...folders].map((folder) => licenceOf(join(root, folder)));
  const byText = Object.entries(Object.groupBy(all, ({ text }) => text));
  const parts = byText.map(([text, packages = []]) => {
    const names = new Set(packages.map((one) => one.name));
    return `${[...names].toSorted().join("\n")}\n\n${text}`;
  });
  return `${[INTRODUCTION, ...parts.toSorted()].join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

const INTRODUCTION =
  "Of these packages there are parts inside of the bundles of jetstream-aws-bridge, under these licences.";

interface Licence {
  /** With version and kind of licence. */
  readonly name: string;
  readonly text: string;
}

function licenceOf(folder: string): Licence {
  const file = readFileSync(join(folder, "package.json"), "utf8");
  const { license, name, version } = JSON.parse(file) as Record<string, string>;
  const texts = readdirSync(folder)
    .filter((one) => /^(licen[cs]e|notice)/i.test(one))
    .toSorted()
    .map((one) => readFileSync(join(folder, one), "utf8").trim());
  return { name: `${name} ${version} (${license})`, text: texts.join("\n\n") || NO_TEXT };
}

const NO_TEXT = "(No text is in the package; that of the licence by this name applies.)";
