/** Payloads held against a schema of the user's, by any library that speaks Standard Schema (valibot, zod, arktype …). */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type JetStreamMessage, withJson } from "./incoming.ts";
import { Rejection } from "./thrown.ts";

/** So many issues are told. */
const MOST_ISSUES = 5;

/** The message with what the schema made of its JSON. Throws a `Rejection` with the issues. */
export async function validated(
  message: JetStreamMessage,
  schema: StandardSchemaV1,
): Promise<JetStreamMessage> {
  const result = await schema["~standard"].validate(message.json());
  if (result.issues) {
    const places = result.issues.slice(0, MOST_ISSUES).map(placeOf).filter(Boolean);
    // Libraries quote values in their messages: for the dead letter, which has the payload anyway, and not for the log.
    const forLog = `the payload does not fit: ${result.issues.length} ${result.issues.length === 1 ? "issue" : "issues"}${places.length > 0 ? ` (${places.join(", ")})` : ""}`;
    throw new Rejection(message.id, `the payload does not fit: ${told(result.issues)}`, forLog);
  }
  return withJson(message, result.value);
}

function told(issues: readonly StandardSchemaV1.Issue[]): string {
  const lines = issues.slice(0, MOST_ISSUES).map((issue) => {
    const place = placeOf(issue);
    return place === "" ? issue.message : `${place}: ${issue.message}`;
  });
  const more = issues.length - lines.length;
  return more > 0 ? `${lines.join("; ")}; and ${more} more` : lines.join("; ");
}

function placeOf({ path = [] }: StandardSchemaV1.Issue): string {
  return path.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
}
