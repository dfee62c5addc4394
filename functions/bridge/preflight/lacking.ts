/** What is said of permissions that are missing, or seem to be. */
import { apiSubjects } from "../source/api.ts";
import type { Permission, PermissionsWanted } from "../source/permissions.ts";
import { permissionsCommand } from "./commands.ts";

/** What is missing, and what this server does not tell. */
export interface Answers {
  readonly publish: readonly Permission[];
  readonly subscribe: readonly Permission[];
  readonly unknown: readonly Permission[];
}

/** Ready to paste into a server's configuration. */
export function missingText(answers: Answers, wanted: PermissionsWanted): string {
  const { publish, subscribe } = answers;
  const parts = [
    ...(publish.length > 0 ? [`publish: [${list(publish)}]`] : []),
    ...(subscribe.length > 0 ? [`subscribe: [${list(subscribe)}] (see NATS_INBOX_PREFIX)`] : []),
  ];
  const command = permissionsCommand(wanted);
  return `${doubtText(answers, wanted)}the NATS user lacks permissions; add to them ${parts.join(", and ")}. All that it needs: \`${command}\`${unknownText(answers)}`;
}

export function unknownText({ unknown }: Pick<Answers, "unknown">): string {
  if (unknown.length === 0) return "";
  return `; whether it may publish to ${list(unknown)} cannot be told without publishing`;
}

/** A user who may use one consumer and nothing else is refused every other name as well, right or wrong. */
function doubtText(answers: Answers, wanted: PermissionsWanted): string {
  if (!mayBeMisnamed(answers, wanted)) return "";
  const { consumer, stream } = wanted;
  return `either the stream is not called ${stream} or the consumer not ${consumer} (JETSTREAM_STREAM, JETSTREAM_CONSUMER), or `;
}

/** Whoever may ask for the consumer has its name right, or is told by the answer. */
function mayBeMisnamed(
  { publish, subscribe }: Answers,
  { apiPrefix, consumer, stream }: PermissionsWanted,
): boolean {
  const missing = [...publish, ...subscribe].filter(({ optional }) => !optional);
  const { consumerInfo } = apiSubjects(apiPrefix, stream, consumer);
  return (
    missing.some(({ subject }) => subject === consumerInfo) &&
    missing.every(({ subject }) => subject.split(".").includes(stream))
  );
}

function list(permissions: readonly Permission[]): string {
  return permissions.map(({ subject }) => JSON.stringify(subject)).join(", ");
}
