/** What the types of a handler say, held in JavaScript, too: a mistake there shows before a message is pulled. */
import { nearest } from "../../core/distance.ts";

const COMMON = ["concurrency", "groupBy", "publishes", "schema"];

const OPTIONS = { onMessage: COMMON, onMessages: [...COMMON, "batchSize"] } as const;

/** @throws TypeError with everything that is wrong, one a line. Numbers are checked with the environment, which wins. */
export function checkDefinition(
  name: keyof typeof OPTIONS,
  handle: unknown,
  options: unknown,
): void {
  const faults = [...handleFaults(handle), ...optionFaults(options, OPTIONS[name])];
  if (faults.length > 0) throw new TypeError(faults.map((fault) => `${name}: ${fault}`).join("\n"));
}

function handleFaults(handle: unknown): readonly string[] {
  return typeof handle === "function" ? [] : [`given ${kindOf(handle)}, expected a function`];
}

function optionFaults(options: unknown, known: readonly string[]): readonly string[] {
  if (!isObject(options)) return [`options: given ${kindOf(options)}, expected an object`];
  if (isStandardSchema(options)) return ["options: given a schema, expected { schema }"];
  const { groupBy, publishes, schema } = options;
  const faults = [...unknownFaults(options, known)];
  if (groupBy !== undefined && typeof groupBy !== "string") {
    faults.push(`groupBy: given ${kindOf(groupBy)}, expected a template like {subject.2}`);
  }
  if (publishes !== undefined && !isTexts(publishes)) {
    faults.push(`publishes: given ${kindOf(publishes)}, expected an array of subjects`);
  }
  if (schema !== undefined && !isStandardSchema(schema)) {
    faults.push(
      `schema: given ${kindOf(schema)} without ~standard.validate, expected a Standard Schema, as of valibot, zod or arktype`,
    );
  }
  return faults;
}

/** Those of `given` that are not `known`, each with what would be right. */
export function unknownFaults(given: object, known: readonly string[]): readonly string[] {
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  return unknown.map((name) => {
    const meant = nearest(name, known, 4);
    const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
    return `${name}: given a value, expected none: there is ${known.toSorted().join(", ")}${hint}`;
  });
}

/** A schema may be a function, as those of arktype are. */
function isStandardSchema(schema: unknown): boolean {
  const standard = (schema as { readonly "~standard"?: { readonly validate?: unknown } } | null)?.[
    "~standard"
  ];
  return typeof standard?.validate === "function";
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Not the value, which may be of a payload. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
