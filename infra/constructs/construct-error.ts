import type { IConstruct } from "constructs";

/** What is wrong with the props of a construct: where it is, what was given, and what would be right. */
export class ConstructError extends Error {
  override readonly name = "ConstructError";

  constructor(construct: IConstruct, problem: string | readonly string[]) {
    const lines = typeof problem === "string" ? [problem] : problem;
    const where = `${construct.constructor.name} ${construct.node.path}`;
    super(lines.length === 1 ? `${where}: ${lines[0]}` : `${where}:\n  ${lines.join("\n  ")}`);
  }
}
