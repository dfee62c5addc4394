/** Reads environment variables one by one and collects what is wrong with them, so that all is told at once. */
import { TemplateError } from "../map/template.ts";
import type { OptionName } from "./options.ts";
import { parseDuration } from "../core/duration.ts";

/** Reads one variable after the other and collects what is wrong. Empty or blank is the same as not set. */
export class Reader {
  readonly faults: string[] = [];
  readonly warnings: string[] = [];
  readonly secrets: string[] = [];
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #readFile: (path: string) => string;

  constructor(
    environment: Readonly<Record<string, string | undefined>>,
    readFile: (path: string) => string,
  ) {
    this.#environment = environment;
    this.#readFile = readFile;
  }

  fault(name: string, given: string, expected: string): void {
    this.faults.push(`${name}: given ${given}, expected ${expected}`);
  }

  isSet(name: string): boolean {
    return (this.#environment[name] ?? "").trim() !== "";
  }

  quoted(name: OptionName): string {
    return JSON.stringify(this.text(name) ?? "");
  }

  text(name: OptionName): string | undefined {
    return this.isSet(name) ? this.#environment[name]?.trim() : undefined;
  }

  optional<T>(
    name: OptionName,
    expected: string,
    parse: (text: string) => T | undefined,
  ): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    try {
      const value = parse(text);
      if (value === undefined) this.fault(name, JSON.stringify(text), expected);
      return value;
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.fault(name, JSON.stringify(text), error.message);
      return undefined;
    }
  }

  required<T>(
    name: OptionName,
    expected: string,
    parse: (text: string) => T | undefined,
  ): T | undefined {
    if (!this.isSet(name)) this.fault(name, "nothing", expected);
    return this.optional(name, expected, parse);
  }

  choice<T extends string>(name: OptionName, fallback: T, choices: readonly T[]): T {
    const expected = choices.join(", ").replace(/, (?=[^,]*$)/, " or ");
    return this.optional(name, expected, (text) => choices.find((one) => one === text)) ?? fallback;
  }

  flag(name: OptionName): boolean {
    return this.choice(name, "false", ["true", "false"] as const) === "true";
  }

  number(name: OptionName, fallback: number, least: number, most: number): number {
    return this.optionalNumber(name, least, most) ?? fallback;
  }

  optionalNumber(name: OptionName, least: number, most: number): number | undefined {
    return this.optional(name, `a whole number from ${least} to ${most}`, (text) => {
      const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      return value >= least && value <= most ? value : undefined;
    });
  }

  duration(name: OptionName, fallback: string, least: string, most: string): number {
    return this.optionalDuration(name, least, most) ?? parseDuration(fallback) ?? 0;
  }

  optionalDuration(name: OptionName, least: string, most: string): number | undefined {
    const longest = parseDuration(most) ?? 0;
    const example = longest < 30_000 ? most : longest < 300_000 ? "30s" : "30s or 5m";
    return this.optional(name, `a duration from ${least} to ${most}, like ${example}`, (text) => {
      const value = parseDuration(text);
      const fits =
        value !== undefined &&
        value >= (parseDuration(least) ?? 0) &&
        value <= (parseDuration(most) ?? 0);
      return fits ? value : undefined;
    });
  }

  /** Never printed, not even when it is wrong. */
  secret(name: OptionName): string | undefined {
    const text = this.isSet(name) ? this.#environment[name] : undefined;
    if (text !== undefined) this.secrets.push(text);
    return text;
  }

  /** The text itself, where it looks like one, or that of the file at this path. */
  secretFile(name: OptionName, looksLikeText: RegExp, expected: string): string | undefined {
    const given = this.text(name);
    if (given === undefined) return undefined;
    const text = looksLikeText.test(given) ? given : this.#file(name, given, expected);
    if (text !== undefined)
      this.secrets.push(
        text,
        ...text.split(/\s|\\[nr]/).filter((line) => /^[\w.-]{20,}$/.test(line)),
      );
    return text;
  }

  pem(name: "NATS_CA" | "NATS_CERT" | "NATS_KEY"): string | undefined {
    const expected = "the path or the text of a PEM";
    const text = this.secretFile(name, /-----BEGIN/, expected)?.replaceAll("\\n", "\n");
    if (text !== undefined && !/-----BEGIN [A-Z ]+-----/.test(text))
      this.fault(name, "a file without a PEM block", expected);
    return text;
  }

  secretParts<T>(
    name: OptionName,
    parse: (text: string) => { value: T; secrets: readonly string[] } | undefined,
    expected: string,
  ): T | undefined {
    const text = this.text(name);
    const parsed = text === undefined ? undefined : parse(text);
    if (parsed) this.secrets.push(...parsed.secrets);
    // Whatever stands before an @ may be a password.
    else
      this.fault(
        name,
        text === undefined ? "nothing" : JSON.stringify(text.replace(/^.*@/s, "***@")),
        expected,
      );
    return parsed?.value;
  }

  #file(name: OptionName, path: string, expected: string): string | undefined {
    try {
      return this.#readFile(path);
    } catch (error) {
      // Not the value: it may be a secret that was cut short.
      const code = (error as { code?: string }).code ?? "unreadable";
      this.fault(name, `a path that cannot be read (${code})`, expected);
      return undefined;
    }
  }
}
