/**
 * What the NATS user of one bridge may do: every subject that it publishes or subscribes to, and why. None is wider than
 * it has to be. README, `npm run bridge -- permissions` and the deployment take it from here.
 */
import { apiSubjects } from "./api.ts";

export interface PermissionsWanted {
  readonly stream: string;
  readonly consumer: string;
  /** `$JS.API`, or that of a domain or account. */
  readonly apiPrefix: string;
  readonly inboxPrefix: string;
  /** Empty: all subjects of the stream. Only of importance where a consumer is made. */
  readonly filterSubjects: readonly string[];
  /** It may make its consumer, which is to say change it as well. */
  readonly create: boolean;
  /** It may make, read and remove consumers for replays, whose names are not known beforehand. Default: it may not. */
  readonly replay?: boolean;
  /** Subjects to which a handler publishes. Default: none. */
  readonly publishes?: readonly string[];
  /** The streams that take them, to compare their duplicate windows. Default: none. */
  readonly publishStreams?: readonly string[];
}

export interface Permission {
  /** With NATS's wildcards where more than one is meant. */
  readonly subject: string;
  /** In a few words, for the one who grants it. */
  readonly reason: string;
  /** Without it the bridge runs all the same, and says what it does without. */
  readonly optional: boolean;
}

export interface Permissions {
  readonly publish: readonly Permission[];
  readonly subscribe: readonly Permission[];
}

/** Each subject once, in the order in which a bridge needs it. */
export function permissionsOf(wanted: PermissionsWanted): Permissions {
  const publish = [
    ...runs(wanted),
    ...(wanted.create ? makes(wanted) : []),
    ...(wanted.replay ? replays(wanted) : []),
    ...publishes(wanted),
  ];
  const isFirst = ({ subject }: Permission, at: number): boolean =>
    publish.findIndex((other) => other.subject === subject) === at;
  return {
    publish: publish.filter(isFirst),
    subscribe: [needed(`${wanted.inboxPrefix}.>`, "messages and answers")],
  };
}

function runs({ apiPrefix, consumer, replay, stream }: PermissionsWanted): readonly Permission[] {
  const subjects = apiSubjects(apiPrefix, stream, consumer);
  return [
    needed(subjects.consumerInfo, "the state of the consumer"),
    needed(subjects.pull, "to pull"),
    ...acks(stream, `${consumer}.`, "to settle"),
    replay
      ? needed(
          subjects.streamInfo,
          "to notice a stream made anew, or messages that expired, and where a replay ends",
        )
      : optional(subjects.streamInfo, "to notice a stream made anew, or messages that expired"),
  ];
}

/** Both forms: which one a message carries is the server's choice, and an ack that is not allowed vanishes. */
function acks(stream: string, consumer: string, reason: string): readonly Permission[] {
  return [
    needed(`$JS.ACK.${stream}.${consumer}>`, reason),
    needed(`$JS.ACK.*.*.${stream}.${consumer}>`, `${reason}, in the newer form of acks`),
  ];
}

function makes({
  apiPrefix,
  consumer,
  filterSubjects,
  stream,
}: PermissionsWanted): readonly Permission[] {
  const create = apiSubjects(apiPrefix, stream, consumer).consumerCreate(filterSubjects);
  return [needed(create, "only with CONSUMER_MANAGEMENT=create")];
}

/** A subject has no wildcard for the beginning of a name, so that this is power over every consumer of the stream. */
function replays({ apiPrefix, filterSubjects, stream }: PermissionsWanted): readonly Permission[] {
  const any = apiSubjects(apiPrefix, stream, "*");
  return [
    needed(any.consumerCreate(filterSubjects), "replays: any consumer of the stream"),
    needed(any.consumerInfo, "replays: any consumer of the stream"),
    needed(any.pull, "replays: any consumer of the stream"),
    ...acks(stream, "", "replays: any consumer of the stream"),
    optional(any.consumerDelete, "replays; without it the server removes them after an hour"),
  ];
}

function publishes({
  apiPrefix,
  consumer,
  publishes: subjects = [],
  publishStreams = [],
  stream,
}: PermissionsWanted): readonly Permission[] {
  if (subjects.length === 0) return [];
  const api = apiSubjects(apiPrefix, stream, consumer);
  const compare = "to compare duplicate windows";
  return [
    ...subjects.map((subject) => needed(subject, "the handler publishes")),
    optional(api.streamNames, compare),
    ...publishStreams.map((name) => optional(api.streamInfoOf(name), compare)),
  ];
}

function needed(subject: string, reason: string): Permission {
  return { subject, reason, optional: false };
}

function optional(subject: string, reason: string): Permission {
  return { subject, reason: `optional: ${reason}`, optional: true };
}
