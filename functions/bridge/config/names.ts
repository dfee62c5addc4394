/** Names in the environment that look like ours. */
import { distance, nearest } from "../core/distance.ts";
import { OPTIONS } from "./options.ts";
import type { Reader } from "./reader.ts";

const OUR_PREFIXES = /^(JETSTREAM|SQS|EVENT|DEAD_LETTER|FUNCTION)_/;

/** So many letters apart two names have nothing to do with each other. */
const FAR = 5;

/** Names of ours that are not known are refused; of others, which platforms and people set too, near misses are told. */
export function checkNames(
  reader: Reader,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  const known = Object.keys(OPTIONS);
  for (const name of Object.keys(environment)) {
    if (known.includes(name) || environment[name] === undefined) continue;
    const [family] = name.split("_");
    const isFamily = known.some((one) => one.startsWith(`${family}_`));
    const candidates = known.filter((one) => !isFamily || one.startsWith(`${family}_`));
    const near = nearest(name, candidates, FAR);
    const meant = near === undefined ? "" : `; did you mean ${near}?`;
    if (OUR_PREFIXES.test(name)) {
      reader.fault(name, "a value", `none: there is no such setting${meant}`);
    } else if (!name.startsWith("AWS_") && near !== undefined && isMiss(name, near)) {
      reader.warnings.push(`${name} is not a setting${meant}`);
    }
  }
}

function isMiss(name: string, known: string): boolean {
  return distance(known, name) <= (name.length > 12 ? 2 : 1);
}
