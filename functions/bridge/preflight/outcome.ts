/** What a deployment is told in the end. */
import type { Ms } from "../core/ports.ts";
import type { Answer } from "./answer.ts";
import type { Checked } from "./checks.ts";
import type { Checklist } from "./checklist.ts";
import { type CloudFormationRequest, idOfNothing, physicalIdOf } from "./request.ts";

/** With the warnings as the reason, which no template reads, and their number where people look. */
export function succeeded(
  { PhysicalResourceId: before }: Pick<CloudFormationRequest, "PhysicalResourceId">,
  { config, made, summary }: Pick<Checked, "config" | "made" | "summary">,
  { warnings }: Pick<Checklist, "warnings">,
): Answer {
  const { consumer, stream } = config.consumer;
  const word = warnings.length === 1 ? "warning" : "warnings";
  const told = warnings.length === 0 ? "" : `, ${warnings.length} ${word} in the log`;
  return {
    Status: "SUCCESS",
    Reason: warnings.join("\n"),
    PhysicalResourceId: physicalIdOf(config.consumer, { isMade: made, before }),
    Data: {
      Consumer: `${stream} > ${consumer}`,
      Summary: summary + told,
      Made: String(made),
    },
  };
}

/** The old id stays with an update that failed: another one would have CloudFormation delete the old consumer. */
export function failed(request: CloudFormationRequest, reasons: readonly string[]): Answer {
  return {
    Status: "FAILED",
    Reason: reasons.join("\n"),
    PhysicalResourceId: request.PhysicalResourceId ?? idOfNothing(request),
  };
}

export function tooLate({ waiting }: Pick<Checklist, "waiting">, afterMs: Ms): string {
  const what = waiting.join("; ") || "nothing";
  return `the time of the preflight function ran out after ${Math.round(afterMs / 1000)} s, while this was not done: ${what}`;
}
