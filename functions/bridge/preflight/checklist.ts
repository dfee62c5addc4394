/** What was checked, what came of it, and what is still waited for. */

export interface Finding {
  readonly check: string;
  readonly result: "ok" | "warning" | "failure";
  /** A whole sentence: what was found, what is needed, where to look or what to run. */
  readonly text: string;
}

/** What a check found in order: a text for the log, and what later checks need of it. */
export interface Passed<T> {
  readonly text: string;
  readonly value: T;
}

export class Checklist {
  readonly #tell: (finding: Finding) => void;
  readonly #findings: Finding[] = [];
  readonly #waiting = new Map<string, string>();

  constructor(tell: (finding: Finding) => void) {
    this.#tell = tell;
  }

  get failures(): readonly string[] {
    return this.#texts("failure");
  }

  get warnings(): readonly string[] {
    return this.#texts("warning");
  }

  /** Checks that have begun and not ended, with what they wait for. */
  get waiting(): readonly string[] {
    return [...this.#waiting].map(([check, what]) => (what === "" ? check : `${check}: ${what}`));
  }

  /** Undefined when it failed: what needs its value is then not checked. A throw is a failure. */
  async check<T>(name: string, work: (check: Check) => Promise<Passed<T>>): Promise<T | undefined> {
    this.#waiting.set(name, "");
    try {
      const { text, value } = await work({
        warn: (warning) => this.#found({ check: name, result: "warning", text: warning }),
        waitsFor: (what) => void this.#waiting.set(name, what),
      });
      this.#found({ check: name, result: "ok", text });
      return value;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#found({ check: name, result: "failure", text });
      return undefined;
    } finally {
      this.#waiting.delete(name);
    }
  }

  /** All that is still under way has failed: whoever looks at the failures makes nothing any more. */
  fail(check: string, text: string): void {
    this.#found({ check, result: "failure", text });
  }

  #texts(result: Finding["result"]): readonly string[] {
    return this.#findings.filter((finding) => finding.result === result).map(({ text }) => text);
  }

  #found(finding: Finding): void {
    this.#findings.push(finding);
    this.#tell(finding);
  }
}

/** Of the check that is under way. */
export interface Check {
  /** Something that is no reason to fail. */
  warn(text: string): void;
  /** What is said when time runs out meanwhile. */
  waitsFor(what: string): void;
}
