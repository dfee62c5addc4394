/** What can be said after `consumer`. */
import { parseArgs } from "node:util";

export interface ConsumerOptions {
  readonly action: Action;
  /** Also one that this project has not made, and a change that loses messages. */
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

type Action = "show" | "update" | "delete";

export type Parsed =
  | { readonly kind: "run"; readonly options: ConsumerOptions }
  | { readonly kind: "help" }
  /** `NAME: given …, expected …` */
  | { readonly kind: "wrong"; readonly problems: readonly string[] };

const FLAG = { type: "boolean", default: false } as const;

const OPTIONS = {
  force: FLAG,
  "dry-run": FLAG,
  yes: FLAG,
  json: FLAG,
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Which options belong to which action alone. */
const ONLY_WITH: readonly (readonly ["force" | "dry-run" | "yes", readonly Action[]])[] = [
  ["force", ["update", "delete"]],
  ["dry-run", ["update"]],
  ["yes", ["delete"]],
];

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

export function parse(args: readonly string[]): Parsed {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      options: OPTIONS,
      strict: true,
      allowPositionals: true,
    });
    return values.help ? { kind: "help" } : checked(positionals, values);
  } catch (error) {
    return { kind: "wrong", problems: [(error as Error).message.replace(/\. To specify.*$/s, "")] };
  }
}

function checked([name, ...more]: readonly string[], values: Values): Parsed {
  const problems: string[] = [];
  const action = (["show", "update", "delete"] as const).find((one) => one === name);
  if (!action) {
    const given = name === undefined ? "nothing" : JSON.stringify(name);
    problems.push(`consumer: given ${given}, expected one of: show, update, delete`);
  }
  if (more.length > 0) {
    const given = more.map((one) => JSON.stringify(one)).join(" ");
    problems.push(
      `consumer: given ${given} besides, expected nothing: JETSTREAM_CONSUMER names it`,
    );
  }
  for (const [option, actions] of ONLY_WITH) {
    if (!action || !values[option] || actions.includes(action)) continue;
    problems.push(
      `--${option}: given it with ${action}, expected it only with ${actions.join(", ")}`,
    );
  }
  if (!action || problems.length > 0) return { kind: "wrong", problems };
  const { "dry-run": dryRun, force, json, yes } = values;
  return { kind: "run", options: { action, force, dryRun, yes, json } };
}
